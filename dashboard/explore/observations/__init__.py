"""Observations on the Explore page: a map, and views that filter each other."""
