"""What a map of a field shows: its pixels and its numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from backends.fields.areas import cell_areas
from backends.fields.circular import is_circular, through_vectors
from backends.fields.dataset import FieldDataset
from backends.fields.field import Field, Statistics, statistics
from backends.fields.fills import Fills, without_fills
from backends.fields.meshes import RegularMesh
from backends.fields.raster import Raster, Window, grid_raster
from backends.fields.views import View, covered, draw, view_of
from backends.geometry.projections import LatLon, Projection


@dataclass(frozen=True, eq=False)
class Picture:
    """A field, the pixels of the part that is looked at, and statistics in the variable's units.

    `view` is the map that the pixels lie on; None where they lie on degrees.
    `here` is of the field itself, its mean weighted by area (:func:`field_statistics`); `usual` of the variable over all times
    and members at this level, which is what colour limits should hold so that playing through time does not change the colours.
    """

    field: Field
    raster: Raster
    here: Statistics
    usual: Statistics
    view: View | None = None
    fills: Fills = ()

    @property
    def pixels_are_fewer(self) -> bool:
        """Whether a closer look would show more."""
        looked_up = self.view is not None or not isinstance(self.field.variable.mesh, RegularMesh)
        return looked_up or self.raster.values.size < self.field.values.size

    def holds(self, window: Window) -> bool:
        """Return whether the pixels have all that the field has in a part of the map: one for each point, out to its edges."""
        mesh, r = self.field.variable.mesh, self.raster
        if self.view is not None or not isinstance(mesh, RegularMesh):
            return False
        finest = (float(axis.diff().min()) for axis in (mesh.grid.longitude, mesh.grid.latitude))
        pixel = (r.east - r.west) / r.values.shape[1], (r.north - r.south) / r.values.shape[0]
        if any(size > 1.001 * wanted for size, wanted in zip(pixel, finest, strict=True)):
            return False
        all_of_it = covered(mesh)
        part = window.within(Window(all_of_it.west, all_of_it.east, all_of_it.south, all_of_it.north))
        return r.west <= part.west and part.east <= r.east and r.south <= part.south and part.north <= r.north


def look_at(
    dataset: FieldDataset,
    name: str,
    selection: Mapping[str, int],
    window: Window | None = None,
    projection: Projection | None = None,
    coarse: bool = False,
) -> Picture:
    """Return the picture of a variable at one index per axis (0 where none is given).

    Parameters
    ----------
    dataset, name, selection
        What is shown.
    window
        The part that is looked at, in degrees or in the projection's x and y; all of it by default.
    projection
        Of the map; latitude and longitude by default.
    coarse
        Whether fewer pixels will do, while a globe is being turned.

    Raises
    ------
    InputError
        If the variable or an index does not exist, or the file is damaged there.
    """
    field = dataset.field(name, selection)
    mesh, view = field.variable.mesh, None
    if projection is None or isinstance(projection, LatLon):
        raster = rasterise(field, window)
    else:
        view = view_of(mesh, projection, window, coarse)
        raster = draw(field.values, mesh, view)
    # Of a variable that is too large to keep, the usual range is that of this field, which need not be read again.
    usual, fills = without_fills(field.values)
    here = field_statistics(field)
    if dataset.keeps(name):
        usual = dataset.usual_range(name, selection)
    return Picture(field, raster, here, usual, view, fills)


def field_statistics(field: Field) -> Statistics:
    """Return the statistics of a field, the mean weighted by the areas of its cells; of directions that of their vectors."""
    areas = cell_areas(field.variable.mesh)
    found = statistics(field.values, areas)
    if not is_circular(field.variable) or not found.count:
        return found
    there = np.isfinite(field.values).ravel()
    weight = np.where(there, areas, 0.0)
    if not weight.sum():
        weight = there.astype(np.float64)
    mean = through_vectors(
        lambda part: np.average(np.nan_to_num(part), weights=weight), np.where(there, field.values.ravel(), 0.0)
    )
    return replace(found, mean=float(mean))


def rasterise(field: Field, window: Window | None = None) -> Raster:
    """Return the pixels of a field on degrees: as they are where the grid has rows and columns, otherwise looked up."""
    mesh = field.variable.mesh
    if isinstance(mesh, RegularMesh):
        return grid_raster(field.values, mesh.grid, window)
    extent = covered(mesh)
    return draw(field.values, mesh, view_of(mesh, LatLon((extent.west + extent.east) / 2), window))


def pixels(field: Field, view: View | None) -> Raster:
    """Return the pixels of a field as a picture with such a view has them."""
    return rasterise(field) if view is None else draw(field.values, field.variable.mesh, view)
