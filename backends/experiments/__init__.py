"""Experiments as pages and files describe them: what to assimilate, with which statistics, by which method."""
