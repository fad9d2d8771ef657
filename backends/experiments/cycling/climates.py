"""States of the climates of large models, which take long to run, kept in the user's folder."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backends.experiments.cycling.dynamics import DynamicsSection
from backends.home import home_folder

#: Part of the name of what is kept: another number where models or the sampling have changed.
VERSION = 1


def kept_states(settings: DynamicsSection, make: Callable[[], Tensor]) -> Tensor:
    """Return the states that belong to a testbed, (K, n), from the folder, or made and kept there.

    A file that cannot be read is made anew; one process at a time finishes a file, so that none reads half of one.
    """
    kind = type(settings).model_fields["name"].default
    digest = hashlib.sha256(f"{VERSION} {kind} {settings.model_dump_json()}".encode()).hexdigest()[:24]
    path = home_folder() / "climates" / f"{kind}-{digest}.npy"
    try:
        return torch.from_numpy(np.load(path, allow_pickle=False))
    except (OSError, ValueError, EOFError):  # not there, or damaged
        states = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".unfinished")
    with os.fdopen(handle, "wb") as file:
        np.save(file, states.float().cpu().numpy())
    Path(name).replace(path)
    return states.float()
