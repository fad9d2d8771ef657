"""The device, and what importing the core brings along."""

import json
import subprocess
import sys

import pytest
import torch

from backends.device import Memory, compute_device, device_memory, device_name, precise_dtype
from backends.errors import InputError
from tests.conftest import ROOT

PACKAGES = "assimilation", "background_error", "geometry", "observing"
CORE = (
    *(f"backends.{package}.{path.stem}" for package in PACKAGES for path in (ROOT / "backends" / package).glob("[!_]*.py")),
    "backends.device",
)


def test_the_core_needs_torch_and_numpy_alone():
    """Importing the core in a fresh interpreter loads nothing that torch and numpy do not load by themselves."""
    code = "import json, sys; {}; print(json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))"
    loaded = []
    for imports in ("import torch, numpy", f"import backends, {', '.join(CORE)}"):
        command = [sys.executable, "-c", code.format(imports)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        loaded.append(set(json.loads(done.stdout)))
    standard = set(sys.stdlib_module_names)
    assert len(CORE) > 20
    assert loaded[1] - loaded[0] - standard == {"backends"}


@pytest.fixture
def fresh_device():
    compute_device.cache_clear()
    yield
    compute_device.cache_clear()


def test_the_device_can_be_chosen(fresh_device, monkeypatch):
    monkeypatch.setenv("ASSIMILAB_DEVICE", "cpu")
    assert compute_device() == torch.device("cpu")


def test_a_device_that_is_not_there_is_named(fresh_device, monkeypatch):
    monkeypatch.setenv("ASSIMILAB_DEVICE", "abacus")
    with pytest.raises(InputError, match="ASSIMILAB_DEVICE is 'abacus'"):
        compute_device()


def test_the_cpu_is_described_by_its_threads_and_memory():
    cpu = torch.device("cpu")
    assert device_name(cpu) == f"CPU, {torch.get_num_threads()} thread{'s' if torch.get_num_threads() > 1 else ''}"
    memory = device_memory(cpu)
    assert 0 < memory.used < memory.total
    assert str(Memory(3 * 2**29, 8 * 2**30)) == "1.5 of 8 GiB"
    assert precise_dtype(cpu) == torch.float64
