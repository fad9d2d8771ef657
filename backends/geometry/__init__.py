"""Places on the sphere: points, distances between them, and latitude–longitude grids."""
