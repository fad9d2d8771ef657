"""Figures of forecasts: pictures that are played, series at a point, and scores over lead time."""
