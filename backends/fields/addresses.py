"""Addresses of Zarr stores elsewhere: which may be opened."""

import os
from importlib.util import find_spec
from urllib.parse import urlsplit

from backends.errors import InputError

#: Beginnings of addresses, and the package that reads each.
PACKAGES = {"http": "aiohttp", "https": "aiohttp", "s3": "s3fs", "gs": "gcsfs"}


def is_address(text: str) -> bool:
    """Return whether a text is meant as an address and not as a path."""
    return "://" in text


def listed_stores() -> tuple[str, ...]:
    """Return the addresses that the server's owner named in ``ASSIMILAB_STORES``, separated by commas."""
    return tuple(filter(None, (_plain(address) for address in os.environ.get("ASSIMILAB_STORES", "").split(","))))


def checked(text: str, any_address: bool) -> str:
    """Return an address that may be opened.

    Parameters
    ----------
    text
        As it was typed.
    any_address
        Whether others than those that the owner named may be opened.

    Raises
    ------
    InputError
        If it is none, carries credentials, was not named by the owner, or needs a package that is not installed.
    """
    address = _plain(text)
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError as problem:
        raise InputError(f"this is no address of a Zarr store: {problem}") from problem
    if "@" in parts.netloc or parts.query or parts.fragment:  # which is not repeated: it may be a secret
        raise InputError(
            f"the address at {(host or '')!r:.80} has a user, a password or something after a ? in it; "
            "credentials come from the environment of the server alone"
        )
    if parts.scheme not in PACKAGES or not host or not address.isprintable() or " " in address:
        raise InputError(f"the address of a Zarr store begins with {'://, '.join(PACKAGES)}://; came {address!r:.120}")
    if not any_address and address not in listed_stores():
        raise InputError(
            f"a server that other machines reach reads only the stores that ASSIMILAB_STORES names; came {address!r:.120}"
        )
    package = PACKAGES[parts.scheme]
    if find_spec(package) is None:
        raise InputError(f"addresses with {parts.scheme}:// need the package {package}: pip install {package}")
    return address


def _plain(text: str) -> str:
    return text.strip().rstrip("/")
