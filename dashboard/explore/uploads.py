"""Files that a visitor brings along, kept until the session ends."""

import shutil
import tempfile
from itertools import count
from pathlib import Path

from backends.disk import ask
from backends.errors import InputError
from backends.home import home_folder

#: Uploads are limited to this many bytes.
UPLOAD_LIMIT = 512 * 2**20


class Uploads:
    """Uploaded files in a folder of their own, by the key that the page knows them by."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._paths: dict[str, Path] = {}
        self._unwritten: dict[str, bytes] = {}
        self._numbers = count()

    @property
    def paths(self) -> dict[str, Path]:
        """Where each lies, or will lie once it has been asked for."""
        return dict(self._paths)

    def keep(self, name: str, content: bytes) -> str:
        """Take over a file, and return its key.

        Raises
        ------
        InputError
            If it is too large, or the disk has no room for it.
        """
        name = Path(name).name
        if len(content) > UPLOAD_LIMIT:
            raise InputError(
                f"{name} has {len(content) / 2**20:.0f} MB; at most {UPLOAD_LIMIT / 2**20:.0f} MB can be uploaded. "
                "Put larger files into the data folder"
            )
        ask(len(content), home_folder(), name)
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="upload-", dir=home_folder()))
        key = f"uploaded {name}"
        # The visitor's name is for the screen alone; the content goes to the disk on the file thread.
        self._paths[key] = self._folder / f"{next(self._numbers)}{Path(name).suffix}"
        self._unwritten[key] = content
        return key

    def written(self, key: str) -> Path:
        """Return where a file lies, written now if it has not been; called on the file thread."""
        path = self._paths[key]
        if key in self._unwritten:
            path.write_bytes(self._unwritten.pop(key))
        return path

    def remove(self) -> None:
        """Remove all of them."""
        if self._folder is not None:
            shutil.rmtree(self._folder)
            self._folder = None
