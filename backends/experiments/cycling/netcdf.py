"""Writing NetCDF files that are whole or not there, and what both kinds of export need of a trace."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from backends.cycling.trace import Moment
from backends.errors import InputError

if TYPE_CHECKING:
    import xarray as xr


def write(data: "xr.Dataset", path: Path, encoding: Mapping[str, Mapping[str, Any]]) -> None:
    """Write a dataset as NetCDF-4, under another name first, so that nobody ever finds half a file.

    Raises
    ------
    InputError
        If it cannot be written there.
    """
    unfinished = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        data.to_netcdf(unfinished, engine="netcdf4", format="NETCDF4", encoding={k: dict(v) for k, v in encoding.items()})
        unfinished.replace(path)
    except (OSError, RuntimeError) as problem:  # the second is how the NetCDF library says that a disk is full
        reason = getattr(problem, "strerror", None) or str(problem)
        raise InputError(f"{path.name} cannot be written to {str(path.parent)!r}: {reason}") from problem
    finally:
        with suppress(OSError):  # it may be the folder that is none
            unfinished.unlink(missing_ok=True)


def spans(moments: Sequence[Moment]) -> Iterator[tuple[slice, list[Moment]]]:
    """Yield stretches of cycles that were observed with the same H, and where they are among all: one where H stays."""
    begin = 0
    for _, group in groupby(moments, key=lambda moment: id(moment.operator)):
        stretch = list(group)
        yield slice(begin, begin + len(stretch)), stretch
        begin += len(stretch)


def nearest(moment: Moment) -> Tensor:
    """Return the component of the state that is nearest to each observation, shape (p,)."""
    H = moment.operator
    return H.index.gather(1, H.weight.argmax(1, keepdim=True))[:, 0]


def array(states: Sequence[Tensor]) -> np.ndarray:
    """Return states of the same shape as one array, the first axis counting them."""
    return torch.stack(list(states)).cpu().numpy()
