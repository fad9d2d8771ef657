"""What all tests share."""

import gc
import os
import shutil
import tempfile
from pathlib import Path

import pyproj  # noqa: F401  before ecCodes, as in the reader of BUFR: loaded after it, pyproj ends the process
import pytest

# Before anything of ours is imported: a home of the tests' own, so that they neither find nor leave anything.
HOME = os.environ["ASSIMILAB_HOME"] = tempfile.mkdtemp(prefix="assimilab-tests-")
# And before torch is: tests are small, and threads that wait for each other on a busy machine make them take twice as long.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Pages are many small objects: at Python's own thresholds a sixth of the time goes into looking which of them can be freed.
gc.set_threshold(10_000, 20, 50)

ROOT = Path(__file__).parent.parent


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(HOME, ignore_errors=True)


def data_folder() -> Path | None:
    """Return the folder of real files: ASSIMILAB_DATA, or shared/data beside the repository, if it is there."""
    folder = Path(os.environ.get("ASSIMILAB_DATA", ROOT.parent / "shared" / "data"))
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real files; tests that need it are skipped where it is absent."""
    folder = data_folder()
    if folder is None:
        pytest.skip("no real data: put the files into ../shared/data, or name their folder in ASSIMILAB_DATA")
    return folder
