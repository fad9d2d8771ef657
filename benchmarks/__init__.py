"""Measured figures: ``make bench`` runs them all and writes one JSON file with the machine's description."""

import backends  # noqa: F401  settles how OpenMP waits, before torch is imported, as in the server
