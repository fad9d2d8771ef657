"""Rollouts as experiments: their settings, how they are run, and what they are summarised by."""
