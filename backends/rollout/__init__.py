"""Forecasts from many starts by several models side by side: run, verified, and compared."""
