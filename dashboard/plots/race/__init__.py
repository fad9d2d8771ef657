"""Figures of methods that race on one truth: built once, then fed cycle by cycle by replacing the data of their sources."""
