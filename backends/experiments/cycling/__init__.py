"""Experiments of kind `cycling`: settings, building, running, exporting."""
