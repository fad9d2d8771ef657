"""Keeping what a visitor may open inside the data folder."""

from pathlib import Path

from backends.errors import InputError


def confine(text: str, folder: Path) -> Path:
    """Return the file that a visitor named, relative to the data folder.

    Links are followed before the check, so that none can lead out of the folder.

    Raises
    ------
    InputError
        If the text is empty, or the path leads outside the folder: by ``..``, as an absolute path, or over a link.
    """
    text = text.strip()
    if not text or "\0" in text:
        raise InputError("give the path of a file, relative to the data folder")
    root = folder.resolve()
    path = root / text  # an absolute text replaces the root here, and then fails the check unless it lies inside
    resolved = path.resolve()
    if not resolved.is_relative_to(root):
        raise InputError(f"{text!r} leads outside the data folder; only files inside it can be opened")
    if not resolved.exists():
        raise InputError(f"there is no file {text!r} in the data folder")
    return resolved
