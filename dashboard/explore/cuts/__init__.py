"""Cuts through the field beside its map: zonal mean, section, profile, Hovmöller diagram, and means over regions."""
