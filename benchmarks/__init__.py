"""Measured figures: ``make bench`` runs them all and writes one JSON file with the machine's description."""
