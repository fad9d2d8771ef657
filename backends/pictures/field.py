"""A field as it is kept: the map of the Explore page with what lies over it and the series at picked places."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.errors import InputError
from backends.fields.field import Axis, Series
from backends.fields.overlays.asked import Overlay
from backends.fields.picture import Picture
from backends.fields.raster import Window
from backends.pictures.cf import about, coordinate, place_of
from backends.pictures.drawing import Curve, Drawing, Exhibit, LinePanel, MapPanel, Points, Table, labelled
from backends.pictures.field_maps import LATITUDE, LONGITUDE, cell_table, grid_of, picked, written_place
from backends.pictures.style import PICKED, style_of, units_label

if TYPE_CHECKING:
    import xarray as xr

#: Attributes of a file's variable that say how it was stored there, which is no longer so.
STORED = ("_FillValue", "missing_value", "scale_factor", "add_offset", "coordinates", "grid_mapping", "cell_measures")


def field(
    picture: Picture,
    limits: tuple[float, float],
    series: Sequence[Series] = (),
    overlay: Overlay | None = None,
    seen: Window | None = None,
) -> Exhibit:
    """Return a field as it is kept; the numbers are those of the whole field on its own grid.

    Parameters
    ----------
    picture
        The field and its pixels.
    limits
        Of the colours, in its unit.
    series
        At picked places, drawn below the map.
    overlay
        Contours and wind over the map.
    seen
        The part of the map that is shown, in its x and y; all of the pixels by default.
    """
    return Exhibit(
        lambda: _drawing(picture, limits, series, overlay, seen),
        lambda: _data(picture, series),
        {"csv": lambda: _table(picture), "series.csv": lambda: _series_table(series)},
    )


def place_label(series: Series) -> str:
    """Return ``51.50°N 0.25°W``."""
    return written_place(series.latitude, series.longitude)


def _drawing(
    picture: Picture, limits: tuple[float, float], series: Sequence[Series], overlay: Overlay | None, seen: Window | None
) -> Drawing:
    variable, view = picture.field.variable, picture.view
    quantity = labelled(variable.title, units_label(variable.units))
    projection = None if view is None else view.projection
    panel = MapPanel(
        picture.field.caption, picture.raster, style_of(variable).palette, limits, quantity, _places(picture, series),
        projection, overlay=overlay, seen=seen,
    )  # fmt: skip
    below = [_lines(series, quantity)] if series else []
    return Drawing(quantity, [panel, *below])


def _places(picture: Picture, series: Sequence[Series]) -> Points | None:
    """Return the picked places, in the colours and with the markers of their series."""
    if not series:
        return None
    north, east = np.array([s.latitude for s in series]), np.array([s.longitude for s in series])
    if picture.view is None:
        # On the branch of a map that runs past 180 degrees.
        x, y = picture.raster.west + (east - picture.raster.west) % 360, north
    else:
        import torch

        projected = picture.view.projection.forward(torch.from_numpy(north), torch.from_numpy(east))
        x, y = (part.numpy() for part in projected)
    return picked(x, y)


def _lines(series: Sequence[Series], quantity: str) -> LinePanel:
    axis = series[0].axis
    x = _positions(axis)
    curves = [Curve(place_label(s), colour, x, s.values) for s, colour in zip(series, PICKED, strict=False)]
    return LinePanel("Series at the places on the map", "time (UTC)" if axis.times is not None else axis.name, quantity, curves)


def _positions(axis: Axis) -> np.ndarray:
    return np.arange(len(axis)) if axis.times is None else axis.times


def _data(picture: Picture, series: Sequence[Series]) -> "xr.Dataset":
    import xarray as xr

    held = picture.field
    variable = held.variable
    dims, places = grid_of(variable.mesh)
    coordinates: dict[str, Any] = {**place_of(held), **places}
    kept = {key: value for key, value in variable.attributes.items() if key not in STORED and not key.startswith("GRIB_")}
    fields: dict[str, Any] = {variable.name: (dims, held.values, kept)}
    if series:
        axis = series[0].axis
        along = f"series_{axis.role}"
        told = coordinate(axis, 0)[1] | {"long_name": "time of the series"}
        coordinates |= {
            along: (along, _positions(axis).astype("datetime64[ns]") if axis.times is not None else _positions(axis), told),
            "series_lat": ("place", np.array([s.latitude for s in series]), LATITUDE),
            "series_lon": ("place", np.array([s.longitude for s in series]), LONGITUDE),
        }
        fields[f"{variable.name}_series"] = (("place", along), np.stack([s.values for s in series]), kept)
    return xr.Dataset(fields, coordinates, about(f"{variable.title}, {held.caption}" if held.caption else variable.title))


def _table(picture: Picture) -> Table:
    variable = picture.field.variable
    return cell_table(variable.mesh, {variable.name: (variable.units, picture.field.values)})


def _series_table(series: Sequence[Series]) -> Table:
    if not series:
        raise InputError("there are no series; click places on the map first")
    axis, units = series[0].axis, series[0].variable.units
    headings = ["time (UTC)" if axis.times is not None else axis.name, *(labelled(place_label(s), units) for s in series)]
    return Table(headings, [_positions(axis), *(s.values for s in series)])
