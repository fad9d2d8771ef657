"""Rollout: forecasts by several models side by side, played, verified and compared."""
