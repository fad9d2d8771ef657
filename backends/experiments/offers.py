"""Which cases there are data for."""

import os
from dataclasses import dataclass
from pathlib import Path

from backends.errors import InputError
from backends.experiments.cases import CourseLineCase, CoursePlaneCase
from backends.fields.catalogue import MOST_FILES, Catalogue, Entry
from backends.fields.paths import confine
from backends.observations.catalogue import observed


@dataclass(frozen=True)
class Offers:
    """What the data folder and the embedded data allow.

    Attributes
    ----------
    kinds
        Names of the cases that can be chosen.
    entries
        Datasets with fields.
    stations
        BUFR files, relative to the data folder.
    observed
        Files of observations of any format, BUFR files among them.
    """

    kinds: tuple[str, ...]
    entries: tuple[Entry, ...]
    stations: tuple[str, ...]
    observed: tuple[str, ...] = ()


def offers(catalogue: Catalogue) -> Offers:
    """Return what there is: generated cases always, others where their files are."""
    entries, stations = tuple(catalogue.entries()), _bufr_files(catalogue.folder)
    kinds = ["periodic-1d", "xz-2d"]
    kinds += [case.name for case in (CourseLineCase(), CoursePlaneCase()) if _there(case.path, catalogue.folder)]
    kinds.append("field")
    if any(entry.origin == "found" for entry in entries):
        kinds.append("ensemble")
    if stations:
        kinds.append("stations")
    over_fields = tuple(entry.key for entry in observed(catalogue))
    if over_fields:
        kinds.append("observed-field")
    return Offers(tuple(kinds), entries, stations, over_fields)


def _there(path: str, folder: Path) -> bool:
    try:
        confine(path, folder)
    except InputError:
        return False
    return True


def _bufr_files(folder: Path) -> tuple[str, ...]:
    from backends.stations.bufr import is_bufr

    names: list[str] = []
    for place, subfolders, files in os.walk(folder):
        subfolders[:] = sorted(s for s in subfolders if not s.startswith("."))
        for file in sorted(files)[:MOST_FILES]:
            name = (Path(place) / file).relative_to(folder).as_posix()
            if not file.startswith(".") and _there(name, folder) and is_bufr(Path(place) / file):
                names.append(name)
    return tuple(names)
