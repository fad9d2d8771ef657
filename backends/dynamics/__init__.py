"""Testbeds: models M that truth and forecasts are run with."""
