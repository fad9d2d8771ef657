"""Figures that tell whether methods know how good they are, and which is better; fed by replacing data of their sources."""
