"""Every format and grid that Explore opens: who writes a file of it, which module reads it, and which test opens it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import xarray as xr

from tests.backends import damage, observation_files
from tests.backends.test_anemoi import store
from tests.files import write
from tests.grids import GRIB_GRIDS, GRIDS
from tests.grids import grib as grid_in_grib

FIELDS, OBSERVATIONS = "fields", "observations"


@dataclass(frozen=True)
class Case:
    """One row of the table.

    Attributes
    ----------
    name
        Of the file that is written, without its ending; of its picture, too.
    what
        What a person calls the format or the grid.
    reader
        The module that reads it, of `backends.fields.readers` or `backends.observations.readers`.
    test
        File and function under tests/backends, as pytest wants them.
    write
        Writes such a file and returns its path.
    kind
        Fields, or observations.
    ending
        Of the file's name.
    """

    name: str
    what: str
    reader: str
    test: str
    write: Callable[[Path], object]
    kind: str = FIELDS
    ending: str = ".nc"


def _csv(path: Path) -> Path:
    path.write_text(observation_files.CSV, encoding="utf-8")
    return path


def _on_grid(make: Callable[[], xr.Dataset], path: Path) -> Path:
    return write(path, make())


_SAME = "test_isolation.py::test_a_field_is_the_same_as_decoded_here"
_WRITTEN = "test_observation_formats.py"
FORMATS = (
    Case("netcdf-4", "NetCDF-4", "netcdf", _SAME, damage.WRITERS["netcdf4.nc"]),
    Case("netcdf-4-compressed", "NetCDF-4, compressed", "netcdf", _SAME, damage.WRITERS["compressed.nc"]),
    Case("netcdf-3", "NetCDF-3", "netcdf", _SAME, damage.WRITERS["classic.nc"]),
    Case("grib-1", "GRIB 1", "grib", _SAME, damage.WRITERS["edition1.grib"], ending=".grib"),
    Case("grib-2", "GRIB 2", "grib", _SAME, damage.WRITERS["edition2.grib"], ending=".grib"),
    Case("grib-2-ccsds", "GRIB 2, CCSDS packing", "grib", _SAME, damage.WRITERS["ccsds.grib"], ending=".grib"),
    Case("zarr-2", "Zarr 2", "zarr", _SAME, damage.WRITERS["two.zarr"], ending=".zarr"),
    Case("zarr-3", "Zarr 3", "zarr", _SAME, damage.WRITERS["three.zarr"], ending=".zarr"),
    Case(
        "zarr-address", "Zarr by address (HTTP)", "remote", "test_addresses.py::test_a_store_is_opened_and_read_over_http",
        damage.WRITERS["three.zarr"], ending=".zarr",
    ),
    Case(
        "odim", "ODIM_H5 composite", "odim", "test_odim.py::test_pixels_lie_where_the_projection_puts_them",
        damage.WRITERS["composite.h5"], ending=".h5",
    ),
    Case("folder", "folder of NetCDF files", "folder", _SAME, damage.WRITERS["folder"], ending=""),
    Case(
        "anemoi", "anemoi-datasets", "anemoi", "test_anemoi.py::test_each_variable_is_a_field_at_its_cells", store,
        ending=".zarr",
    ),
    Case(
        "bufr", "BUFR", "bufr", "test_observation_bufr.py::test_aircraft_and_satellites_come_out_as_they_went_in",
        observation_files.mixed_bufr, OBSERVATIONS, ".bufr",
    ),
    Case(
        "feedback", "DWD feedback file", "feedback", f"{_WRITTEN}::test_feedback", observation_files.feedback, OBSERVATIONS,
    ),
    Case(
        "decoded-bufr", "DWD NetCDF of decoded BUFR", "decoded_bufr", f"{_WRITTEN}::test_decoded_synop",
        observation_files.decoded_synop, OBSERVATIONS,
    ),
    Case("ioda", "IODA", "ioda", f"{_WRITTEN}::test_ioda", observation_files.ioda, OBSERVATIONS),
    Case("odb", "ODB-2", "odb", f"{_WRITTEN}::test_odb", observation_files.odb, OBSERVATIONS, ".odb"),
    Case("csv", "CSV", "csv", "test_observation_csv.py::test_csv_with_units_in_its_header", _csv, OBSERVATIONS, ".csv"),
)  # fmt: skip

_EVERY_PIXEL = "test_grids.py::test_every_pixel_has_the_value_of_its_place"
_KNOWN = "test_grids.py::test_a_grid_of_a_grib_file_is_known_for_what_it_is"
#: Where what a grid is called does not tell it from the others.
_WORDS = {
    "regular": "latitude–longitude in any order, −180 to 180 or 0 to 360",
    "gaussian": "Gaussian", "lambert": "Lambert conformal, also with 2D latitudes and longitudes", "points": "cloud of points",
    "icon": "triangles (ICON)", "curvilinear": "curvilinear, by 2D latitudes and longitudes",
}  # fmt: skip
_ORDERS = "test_readers.py::test_the_globe_on_any_branch_comes_out_the_same"
_LAMBERT = "test_grids.py::test_cells_of_a_lambert_grid_in_grib_lie_where_proj_puts_them"

GRIDS_OPENED = (
    *(
        Case(
            f"grid-{name}", _WORDS.get(name, kind), "netcdf", _ORDERS if name == "regular" else _EVERY_PIXEL,
            partial(_on_grid, make),
        )
        for name, (make, kind, _) in GRIDS.items()
    ),
    *(
        Case(
            f"grib-{name}", f"{_WORDS[name].partition(',')[0] if name in _WORDS else kind}, GRIB 2", "grib",
            _LAMBERT if name == "lambert" else _KNOWN, partial(grid_in_grib, name=name), ending=".grib",
        )
        for name, (_, _, kind, _) in GRIB_GRIDS.items()
    ),
)  # fmt: skip
