"""Learned dynamics: networks that carry states forward, and the exact model, a scheme or persistence beside them."""
