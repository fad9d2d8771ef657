"""Figures of observations: their map, counts, departures, and a report's profile or series."""
