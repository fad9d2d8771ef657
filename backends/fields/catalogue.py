"""The datasets that there are: embedded ones, every readable file under the data folder, and stores that pages have written."""

import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from backends.errors import InputError
from backends.fields.addresses import checked, is_address, listed_stores
from backends.fields.dataset import FieldDataset
from backends.fields.european import european_archive
from backends.fields.isolation.opened import identity
from backends.fields.paths import confine
from backends.fields.readers import open_dataset, open_store, recognise, zarr
from backends.home import home_folder, stores_folder

#: Opened datasets that are kept for the next visitor.
KEPT_DATASETS = 8
#: Files looked at under the data folder; a larger folder is listed up to here.
MOST_FILES = 2000
#: Seconds after which a store at an address is opened anew: whether it has changed cannot be seen.
ASK_ANEW = 600.0
#: Begins the keys of stores that pages have written.
WRITTEN = "written:"


@dataclass(frozen=True)
class Entry:
    """One dataset that can be opened: a key that is unique in the catalogue, a title for people, and where it is from."""

    key: str
    title: str
    origin: Literal["embedded", "found", "written", "observed", "named"]


class Catalogue:
    """What can be opened, and a small store of what has been.

    Parameters
    ----------
    folder
        The data folder. It need not exist.
    any_address
        Whether Zarr stores at any address may be opened, or only those that the server's owner named.
    """

    def __init__(self, folder: Path, any_address: bool = False) -> None:
        self.folder, self.any_address = folder, any_address
        self._opened: OrderedDict[tuple[object, ...], FieldDataset] = OrderedDict()

    def entries(self) -> list[Entry]:
        """Return the embedded datasets, what can be read under the data folder, and written stores.

        That are files, Zarr stores, and folders of files that may be one dataset. Files are judged by their first bytes alone.
        Links that lead out of the folder are left out.
        """
        embedded = [Entry(key, title, "embedded") for key, (title, _) in EMBEDDED.items()]
        found = [Entry(name, self._title(name), "found") for name in self.found(recognise)]
        written = sorted(path.name for path in stores_folder().iterdir() if not path.name.startswith("."))
        found += [Entry(address, address, "named") for address in listed_stores()]
        return embedded + found + [Entry(WRITTEN + name, f"{name} (written here)", "written") for name in written]

    def found(self, readable: Callable[[Path], bool]) -> list[str]:
        """Return the paths of files and folders under the data folder that can be read, relative to it and in order.

        What is in a folder that is read as one, a Zarr store, is not looked at. Links that lead out of the folder are left out,
        as are files that may not be read.
        """
        names: list[str] = []
        looked_at = 0
        for folder, subfolders, files in os.walk(self.folder):
            within = Path(folder).relative_to(self.folder)
            stores = [s for s in subfolders if zarr.claims(Path(folder) / s)]
            subfolders[:] = sorted(s for s in subfolders if not s.startswith(".") and s not in stores)
            if within.parts and self._is(within.as_posix(), readable):
                names.append(within.as_posix())
            for name in sorted(f for f in (*files, *stores) if not f.startswith(".")):
                looked_at += 1
                if looked_at > MOST_FILES:
                    return names
                if self._is((within / name).as_posix(), readable):
                    names.append((within / name).as_posix())
        return names

    def _title(self, name: str) -> str:
        path = self.folder / name
        return f"{name}/ (files as one)" if path.is_dir() and not zarr.claims(path) else name

    def _is(self, name: str, readable: Callable[[Path], bool]) -> bool:
        try:
            return readable(confine(name, self.folder))
        except InputError:  # leads outside, or may not be read: not for the list; opening it by path says why
            return False

    def open(self, key: str) -> FieldDataset:
        """Return a dataset by its key in the catalogue, its path relative to the data folder, or the address of a Zarr store.

        A dataset stays open for the next visitor until its file or the metadata of its store change, or newer ones push it out.

        Raises
        ------
        InputError
            If there is no such file, it leads outside the data folder, it is an address that may not be opened, or it cannot be
            read.
        """
        if key in EMBEDDED:
            return self._kept((key,), EMBEDDED[key][1])
        if is_address(key):
            address = checked(key, self.any_address)
            return self._kept((address, int(time.monotonic() // ASK_ANEW)), lambda: open_store(address))
        path = confine(key.removeprefix(WRITTEN), stores_folder()) if key.startswith(WRITTEN) else confine(key, self.folder)
        status = path.stat()
        now = (path, status.st_mtime_ns, status.st_size, identity(path), zarr.metadata_state(path))
        return self._kept(now, lambda: open_dataset(path))

    def _kept(self, identity: tuple[object, ...], make: Callable[[], FieldDataset]) -> FieldDataset:
        if identity not in self._opened:
            self._opened[identity] = make()
            if len(self._opened) > KEPT_DATASETS:
                self._opened.popitem(last=False)
        self._opened.move_to_end(identity)
        return self._opened[identity]


def _ncep_sample() -> FieldDataset:
    import hvsampledata

    return FieldDataset("NCEP reanalysis sample", "NetCDF", [hvsampledata.air_temperature("xarray")])


def _european() -> FieldDataset:
    return open_dataset(european_archive(home_folder()), label=EMBEDDED["european-forecast"][0], trusted=True)


EMBEDDED: dict[str, tuple[str, Callable[[], FieldDataset]]] = {
    "ncep-air-temperature": ("NCEP reanalysis, air temperature, February 2014", _ncep_sample),
    "european-forecast": ("European forecast, generated", _european),
}
