"""Observations of any kind and from any file in one table, and what is asked of them."""
