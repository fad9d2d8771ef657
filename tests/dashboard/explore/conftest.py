"""An Explore page with the small file."""

import pytest

from backends.fields.catalogue import Catalogue
from dashboard.explore.page import ExplorePage
from tests.dashboard.helpers import LATITUDE, LONGITUDE
from tests.files import dataset, write


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
