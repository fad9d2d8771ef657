"""Whole configurations, which load by name: the example files that race methods."""

from dashboard.presets import presets

#: Title → text of the file.
PRESETS = presets("cycling")
