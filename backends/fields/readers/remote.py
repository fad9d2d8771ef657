"""Zarr stores by address, through fsspec: http, https, s3, gs."""

import os
from typing import Any

import xarray as xr

from backends.errors import InputError
from backends.fields.damage import first_line
from backends.fields.readers import zarr

FORMAT = "Zarr by address"
#: Seconds until a connection must be there, and from one piece of an answer to the next. Together they are less than the
#: patience with the process that waits for them.
CONNECT, READ = 3.0, 6.0


def read(address: str, label: str) -> list[xr.Dataset]:
    """Open the store lazily; credentials are what its package finds in the environment.

    Raises
    ------
    InputError
        If it does not answer, there is none, or its metadata is damaged.
    """
    from zarr.storage import FsspecStore

    try:
        store = FsspecStore.from_url(address, storage_options=_options(address), read_only=True)
        return zarr.datasets_of(store, label)
    except InputError:
        raise
    except FileNotFoundError as problem:
        raise InputError(f"there is no Zarr store at {label}") from problem
    except Exception as problem:  # each package has errors of its own
        raise InputError(f"{label} cannot be opened: {first_line(problem)}") from problem


def _options(address: str) -> dict[str, Any]:
    if address.startswith("s3"):
        return {"config_kwargs": {"connect_timeout": CONNECT, "read_timeout": READ, "retries": {"max_attempts": 1}}}
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT, sock_connect=CONNECT, sock_read=READ)
    if address.startswith("http"):
        return {"client_kwargs": {"timeout": timeout, "trust_env": True}}
    # gcsfs would first ask by gRPC, for up to a minute, what kind of bucket it is; all kinds can be read without knowing.
    os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
    return {"requests_timeout": timeout}
