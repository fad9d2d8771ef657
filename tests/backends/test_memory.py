"""Memory that is asked for before a computation begins, and the lack of it told in one sentence."""

import numpy as np
import psutil
import pytest
import torch

from backends.errors import InputError
from backends.experiments.cycling.race import HELD_AT_ONCE, Race
from backends.experiments.cycling.settings import CyclingSettings
from backends.memory import GIB, ask, is_lack, lack_is_told, most


def race(**changes):
    values = {
        "dynamics": {"name": "lorenz96"}, "repeat": 10, "precision": "double", "cycles": 5, "spinup": 0,
        "methods": [{"name": "etkf", "members": 20}],
    }  # fmt: skip
    return CyclingSettings.model_validate({**values, **changes})


def test_a_race_that_would_not_fit_is_refused_before_it_begins(monkeypatch):
    needed = HELD_AT_ONCE * 20 * 10 * 40 * 8  # copies, members, experiments, variables of Lorenz-96, bytes
    monkeypatch.setenv("ASSIMILAB_MEMORY", f"{needed / GIB!r}")
    Race(race())
    monkeypatch.setenv("ASSIMILAB_MEMORY", f"{(needed - 1) / GIB!r}")
    with pytest.raises(InputError, match=r"20 members of 40 variables in 10 experiments need .* GiB of memory; .* Take fewer"):
        Race(race())


def test_without_a_setting_it_is_a_part_of_what_is_free(monkeypatch):
    monkeypatch.delenv("ASSIMILAB_MEMORY", raising=False)
    monkeypatch.setenv("ASSIMILAB_DEVICE", "cpu")
    assert 0 < most() < psutil.virtual_memory().total
    ask(most() // 2, "these", "")
    with pytest.raises(InputError, match="these need"):
        ask(psutil.virtual_memory().total, "these", "")
    for text in ("much", "0", "-3", "nan"):
        monkeypatch.setenv("ASSIMILAB_MEMORY", text)
        with pytest.raises(InputError, match="ASSIMILAB_MEMORY: must be a positive number of GiB; came"):
            most()


@pytest.mark.parametrize("take", [torch.zeros, np.ones, bytearray])
def test_the_lack_of_memory_is_a_sentence_whoever_tells_it(take):
    with pytest.raises(InputError, match="there is not enough memory for this"), lack_is_told():
        take(2**48)


def test_other_faults_are_left_as_they_are():
    assert is_lack(torch.OutOfMemoryError("CUDA out of memory"))
    assert not is_lack(RuntimeError("shapes do not match"))
    with pytest.raises(ZeroDivisionError), lack_is_told():
        _ = 1 / 0
