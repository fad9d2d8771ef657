"""Figures of trainings: curves that grow, and pictures of unseen cases."""
