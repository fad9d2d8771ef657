"""Stores of rollouts that are kept under a name, where the Explore page finds them, and what reading each of them costs."""

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from backends.errors import InputError
from backends.experiments.rollout.store import Access, Use, access, dataset, field_of, write_zarr
from backends.experiments.rollout.view import RolloutView
from backends.fields.catalogue import WRITTEN
from backends.fields.readers.zarr import claims
from backends.home import stores_folder

USES: tuple[Use, ...] = ("map", "point", "balanced")
#: Bytes of the numbers of a store, and stores on this server, at most.
MOST_BYTES, MOST_STORES = 2_000_000_000, 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")


@dataclass(frozen=True)
class Written:
    """A store that is there.

    Attributes
    ----------
    use
        What it is cut for.
    path
        Where it is.
    bytes, files
        Of all that it consists of on disk.
    chunks
        Of its first field.
    access
        What reading that costs.
    on_map
        Whether its fields lie on longitude and latitude, so that the Explore page can open it.
    """

    use: Use
    path: Path
    bytes: int
    files: int
    chunks: int
    access: Access
    on_map: bool

    @property
    def key(self) -> str:
        """Its key in the catalogue."""
        return WRITTEN + self.path.name


def store_path(name: str, use: Use) -> Path:
    """Return where the store of a name is kept that is cut for a use.

    Raises
    ------
    InputError
        If the name is none.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"a name consists of 1 to 60 letters a–z, digits, - and _, and begins with a letter or digit; came {name!r:.80}"
        )
    return stores_folder() / f"{name}-{use}.zarr"


def kept_store(folder: str) -> Path:
    """Return a store that is kept on this server, by the name of its folder, such as ``forecast-map.zarr``.

    Raises
    ------
    InputError
        If there is none.
    """
    name, _, use = folder.removesuffix(".zarr").rpartition("-")
    path = next((store_path(name, known) for known in USES if known == use and _NAME.fullmatch(name)), None)
    if path is None or path.name != folder or not claims(path):
        raise InputError(f"there is no store of this name on this server; came {folder!r:.80}")
    return path


def write(view: RolloutView, name: str, use: Use, replace: bool = False) -> tuple[Written, ...]:
    """Write a store, and return it with those of the same name that are cut for something else, all timed now.

    Raises
    ------
    InputError
        If the name is none or taken, or it is too much.
    """
    path = store_path(name, use)
    size = dataset(view).nbytes
    if size > MOST_BYTES:
        raise InputError(
            f"truth and forecasts have {size / 1e9:.1f} GB; at most {MOST_BYTES / 1e9:g} GB are kept on the server. Take fewer "
            "members, or verify fewer steps"
        )
    if not path.exists() and sum(1 for _ in stores_folder().iterdir()) >= MOST_STORES:
        raise InputError(f"{MOST_STORES} stores are kept already, in {stores_folder()}; some must be removed there first")
    write_zarr(view, path, use, replace)
    return written(name, path)


def written(name: str, like: Path) -> tuple[Written, ...]:
    """Return the stores of a name whose first field has the axes of that of another store, in the order of :data:`USES`.

    Raises
    ------
    InputError
        If one of them cannot be read.
    """
    wanted, result = field_of(like), []
    for use in USES:
        path = store_path(name, use)
        if not claims(path):
            continue
        field = field_of(path)
        if (field.name, field.dims, field.shape) == (wanted.name, wanted.dims, wanted.shape):
            files = [file.stat().st_size for file in path.rglob("*") if file.is_file()]
            on_map = {"latitude", "longitude"} <= set(field.dims)
            result.append(Written(use, path, sum(files), len(files), field.read({}).of, access(path), on_map))
    return tuple(result)


def zip_store(path: Path, file: Path) -> None:
    """Write a store as an archive, which zarr and xarray open as it is or unpacked; its chunks are compressed already."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for part in sorted(path.rglob("*")):
            if part.is_file():
                archive.write(part, part.relative_to(path))
