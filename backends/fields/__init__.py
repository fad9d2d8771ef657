"""Fields on the sphere: reading them from files, and the catalogue of what there is.

This subpackage needs xarray and the libraries that read the formats; nothing numerical outside it does.
"""
