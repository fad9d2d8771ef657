"""Background error covariances B: who the background's error is correlated with, and how strongly."""
