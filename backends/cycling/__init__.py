"""Cycling: forecast, observe, analyse, verify, again; several methods on one truth and the same observations."""
