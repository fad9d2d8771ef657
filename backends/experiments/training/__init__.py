"""Training experiments: what can be learned, as settings, and the run that learns it."""
