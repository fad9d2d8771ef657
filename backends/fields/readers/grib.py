"""GRIB editions 1 and 2, through cfgrib."""

import re
from itertools import chain, count
from pathlib import Path

import xarray as xr

from backends.errors import InputError
from backends.fields.damage import DECODING_PROBLEMS, first_line

FORMAT = "GRIB"
#: The key of ecCodes that says how winds are given, in both editions and on every grid, and its bit for "along x and y of the
#: grid" (flag table 3.3 of edition 2, 7 of edition 1). The key for the bit alone is not there on all grids.
FLAGS, ALONG_GRID = "resolutionAndComponentFlags", 8
#: In which order a message has its points; cfgrib tells it for some grids only.
SCANNING = ("iScansNegatively", "jPointsAreConsecutive", "alternativeRowScanning")
#: Grids whose x is east and whose y is north.
UPRIGHT = ("regular_ll", "regular_gg", "reduced_ll", "reduced_gg")


def claims(path: Path) -> bool:
    """Return whether the file begins like a GRIB file; some carry a short telecommunication header before it."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return b"GRIB" in file.read(64)


def read(path: Path, label: str) -> list[xr.Dataset]:
    """Open the file lazily; each hypercube of messages that belong together is one dataset.

    Raises
    ------
    InputError
        If the file ends in the middle of a message, or a message cannot be decoded.
    """
    import cfgrib
    import eccodes

    try:
        # cfgrib leaves out what it cannot decode; counting the messages first notices a file that was cut.
        with path.open("rb") as file:
            messages = eccodes.codes_count_in_file(file)
        if messages:
            options = {"indexpath": "", "errors": "raise", "read_keys": [FLAGS, *SCANNING]}
            return _with_names_of_their_own(
                list(map(_with_winds_named, cfgrib.open_datasets(str(path), backend_kwargs=options)))
            )
    except eccodes.CodesInternalError as problem:
        raise InputError(f"{label} is a damaged or incomplete GRIB file: {first_line(problem)}") from problem
    except DECODING_PROBLEMS as problem:
        raise InputError(f"{label} holds GRIB messages that cannot be decoded: {first_line(problem)}") from problem
    raise InputError(f"{label} holds no complete GRIB message")


def _with_winds_named(dataset: xr.Dataset) -> xr.Dataset:
    """Return a dataset in which winds along x and y of a turned grid are called so; ecCodes calls them eastward."""
    for array in dataset.data_vars.values():
        attributes = array.attrs
        wind = re.fullmatch(r"\d*([uv])", str(attributes.get("GRIB_shortName", "")))
        along_grid = int(attributes.get(f"GRIB_{FLAGS}", 0)) & ALONG_GRID
        if wind and along_grid and attributes.get("GRIB_gridType") not in UPRIGHT:
            side = {"u": "x", "v": "y"}[wind[1]]
            attributes["standard_name"] = f"{side}_wind"
            attributes["long_name"] = f"{attributes.get('long_name', wind[0])}, along {side} of the grid"
    return dataset


def _with_names_of_their_own(datasets: list[xr.Dataset]) -> list[xr.Dataset]:
    """Return datasets in which no name occurs twice: the second is ``t@surface``, by its level, the third ``t@surface-2``."""
    taken: set[str] = set()
    renamed = []
    for dataset in datasets:
        names = {}
        for name, array in dataset.data_vars.items():
            base = f"{name}@{array.attrs.get('GRIB_typeOfLevel', 'unknown')}"
            free = next(n for n in chain([str(name), base], (f"{base}-{k}" for k in count(2))) if n not in taken)
            taken.add(free)
            names[name] = free
        renamed.append(dataset.rename(names))
    return renamed
