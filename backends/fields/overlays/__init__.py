"""What is drawn over a shaded field: contour lines, wind barbs, streamlines, in the coordinates of any map."""
