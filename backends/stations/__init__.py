"""Observations at stations, as national weather services exchange them, and what may serve as their background."""
