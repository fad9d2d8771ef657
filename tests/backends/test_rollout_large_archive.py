"""An archive ten times larger than the memory allowed is opened, forecast, verified and played."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tests.conftest import ROOT

#: Bytes that each process may take beyond what it has when everything is imported, and of the archive.
ALLOWED, STORED = 150 * 2**20, 1500 * 2**20
ROWS, COLUMNS = 240, 400
TIMES = STORED // (4 * ROWS * COLUMNS)
#: What is freed goes back to the system at once, so that the limit counts what is in use.
FRUGAL = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "1000000"}
#: Times that are stored together.
CHUNK = 8

PROLOGUE = f"""
import resource
from pathlib import Path
import torch
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.view import view_of
from backends.experiments.run import settings_from
from backends.fields.catalogue import Catalogue
import dask.array, xarray, zarr
folder = Path("FOLDER")
torch.linalg.pinv(torch.ones(500, 5).double()) @ torch.ones(500, 5000).double()  # what libraries take at their first use
taken = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmData")) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (taken + {ALLOWED}, taken + {ALLOWED}))
"""
FORECAST = """
settings = settings_from({
    "kind": "rollout", "start": {"name": "archive", "dataset": "large.zarr"}, "steps": 4, "starts": 3, "members": 1,
    "perturbation": {"name": "none"}, "models": [{"name": "persistence"}, {"name": "climatology"}],
})
prepared = prepare(settings, folder)
view = view_of(prepared, prepared.run())
rmse = view.curves["rmse"]
print(view.prepared.world.record.tested, *rmse["persistence"].value[1:], view.truth[:, 0].tolist(), len(view.times))
"""
WHOLE = """
data = xarray.open_zarr(folder / "large.zarr", chunks=None)
print(float(data.t.values.mean()))
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    """A folder with an archive of maps of one value each, which take hardly any room on a disk: k at the k-th hour."""
    import dask.array

    folder = tmp_path_factory.mktemp("large")
    values = dask.array.arange(TIMES, chunks=CHUNK, dtype=np.float32)[:, None, None] * dask.array.ones(
        (1, ROWS, COLUMNS), dtype=np.float32, chunks=(1, ROWS, COLUMNS)
    )
    coords = {
        "time": np.datetime64("2019-01-01", "ns") + np.arange(TIMES) * np.timedelta64(1, "h"),
        "latitude": np.linspace(30, 70, ROWS),
        "longitude": np.linspace(-20, 40, COLUMNS),
    }
    xr.Dataset({"t": (tuple(coords), values)}, coords).to_zarr(folder / "large.zarr")
    return folder


def begun(text: str, folder: Path) -> subprocess.Popen[str]:
    program = textwrap.dedent(PROLOGUE).replace("FOLDER", str(folder)) + text
    environment = {**os.environ, "ASSIMILAB_DEVICE": "cpu", "OMP_NUM_THREADS": "1", **FRUGAL}
    return subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.reference
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the limit is set from what Linux says of the process")
def test_an_archive_ten_times_the_memory_is_forecast(large):
    forecast, whole = begun(FORECAST, large), begun(WHOLE, large)
    said, faults = forecast.communicate(timeout=300)
    assert forecast.returncode == 0, faults[-2000:]
    tested, *rest = said.split(maxsplit=5)
    assert int(tested) == TIMES - round(TIMES / 3)
    assert [float(value) for value in rest[:4]] == pytest.approx([1, 2, 3, 4])  # the truth goes up by 1 an hour
    _, faults = whole.communicate(timeout=300)
    assert whole.returncode != 0
    assert "Memory" in faults
