"""Explore pages with small files of fields and observations."""

import pytest

from backends.fields.catalogue import Catalogue
from backends.observations.readers import read
from backends.observations.readers.csv import read_columns
from dashboard.explore.observations import file_state
from dashboard.explore.page import ExplorePage
from tests.backends.observation_files import feedback
from tests.dashboard.explore.pages import CSV, opened
from tests.dashboard.helpers import LATITUDE, LONGITUDE
from tests.files import dataset, regional, write


@pytest.fixture
def explore(catalogue):
    page = ExplorePage(catalogue, "a.nc")
    page.wait()
    yield page
    page.close()


@pytest.fixture
def levels(tmp_path):
    """A page with the known field on two pressure levels and four times, 30 K warmer on the upper one."""
    data = dataset(LATITUDE, LONGITUDE)["t"].expand_dims(level=[850, 500]).copy()
    data[{"level": 1}] += 30
    data.level.attrs["units"] = "hPa"
    write(tmp_path / "b.nc", data.to_dataset(name="t"))
    page = ExplorePage(Catalogue(tmp_path), "b.nc")
    page.wait()
    yield page
    page.close()


def read_here(path, progress, _wanted, columns):
    return read(path, progress) if columns is None else read_columns(path, columns, progress)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A field, stations as CSV, and a feedback file; decoded here, as another process takes seconds to start."""
    monkeypatch.setattr(file_state, "table_for_maps", read_here)
    regional(tmp_path / "a.nc")
    (tmp_path / "stations.csv").write_text(CSV)
    feedback(tmp_path / "ekf.nc")
    return tmp_path


@pytest.fixture
def stations(folder):
    page = opened(folder, "stations.csv")
    yield page
    page.state.close()
