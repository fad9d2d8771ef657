"""Observations: where they are taken, how a state maps to them, how wrong they are, and which to trust."""
