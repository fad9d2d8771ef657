"""The files of observations that there are in the data folder."""

from pathlib import Path

from backends.fields.addresses import is_address
from backends.fields.catalogue import EMBEDDED, WRITTEN, Catalogue, Entry
from backends.fields.paths import confine
from backends.observations.readers import recognise
from backends.observations.readers.csv_preview import may_be_table


def observed(catalogue: Catalogue) -> list[Entry]:
    """Return the files of observations under the data folder, in order of their paths; they are judged by their beginnings."""
    return [Entry(name, name, "observed") for name in catalogue.found(lambda path: recognise(path) is not None)]


def listed(catalogue: Catalogue) -> list[Entry]:
    """Return all that the catalogue has: datasets of fields, then files of observations; none is in both."""
    found = observed(catalogue)
    keys = {entry.key for entry in found}
    return [entry for entry in catalogue.entries() if entry.key not in keys] + found


def observation_path(catalogue: Catalogue, key: str) -> Path | None:
    """Return the file of a key of the catalogue, or a path relative to its folder, where it holds observations; otherwise None.

    A table of text whose columns are not recognised counts as one, since a person can say what they are.

    Raises
    ------
    InputError
        If the path leads outside the folder, or there is no such file.
    """
    if key in EMBEDDED or key.startswith(WRITTEN) or is_address(key):
        return None
    path = confine(key, catalogue.folder)
    return path if recognise(path) is not None or may_be_table(path) else None
