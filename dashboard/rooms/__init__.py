"""Rooms: followers see the page of a presenter, and it moves with his."""
