"""What of a file describes its grids, by names and attributes."""

import cf_xarray  # noqa: F401  registers the .cf accessor
import xarray as xr

#: Names that models give to coordinates without saying what they are.
COORDINATE_NAMES = {"clat", "clon", "vlat", "vlon", "elat", "elon", "rlat", "rlon"}


def with_coordinates(source: xr.Dataset) -> xr.Dataset:
    """Return a dataset in which all that describes its grids counts as a coordinate and not as a variable."""
    found = {str(name) for name in source.data_vars if str(name) in COORDINATE_NAMES}
    for name, array in source.variables.items():
        attributes = {**array.encoding, **array.attrs}
        if array.attrs.get("standard_name") in ("latitude", "longitude", "grid_latitude", "grid_longitude"):
            found.add(str(name))
        found.update(str(attributes[key]) for key in ("bounds", "grid_mapping") if isinstance(attributes.get(key), str))
    return source.set_coords([name for name in found if name in source.data_vars])


def places_of(array: xr.DataArray) -> set[str]:
    """Return the names of the coordinates that say where values are: latitudes, longitudes, and x and y of a projection."""
    named: set[str] = set(map(str, array.coords)) & COORDINATE_NAMES
    for view in (array, array.cf.guess_coord_axis()):
        known = {**view.cf.coordinates, **view.cf.axes}
        for key in ("latitude", "longitude", "X", "Y"):
            named.update(map(str, known.get(key, [])))
    return named
