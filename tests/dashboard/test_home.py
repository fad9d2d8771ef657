"""The Home page without a browser, and text from files on all pages."""

import re

from backends.fields.catalogue import Catalogue
from dashboard.home import HomePage
from tests.backends.observation_files import feedback
from tests.dashboard.helpers import SCRIPT
from tests.files import regional


def test_home_lists_the_data_and_links_to_it(catalogue):
    page = HomePage(catalogue, dark=True)
    page.wait()
    assert 'href="/explore?theme=dark&amp;dataset=a.nc"' in page._data.object
    assert "1 readable file of fields in the data folder" in page._data.object


def test_home_says_what_to_do_where_there_is_no_data(tmp_path):
    page = HomePage(Catalogue(tmp_path / SCRIPT.replace("/", "")), dark=False)
    page.wait()
    assert "No readable file of fields in the data folder" in page._data.object
    assert "No file of observations in the data folder" in page._data.object
    assert "<script" not in page._data.object


def test_home_lists_observations_beside_fields(tmp_path):
    regional(tmp_path / "a.nc")
    feedback(tmp_path / "ekf & more.nc")
    page = HomePage(Catalogue(tmp_path), dark=False)
    page.wait()
    fields, observations = page._data.object.split(">Observations</h2>")
    assert "1 readable file of fields" in fields
    assert "ekf" not in fields
    assert "1 readable file of observations" in observations
    assert "<td>ekf &amp; more.nc</td>" in observations
    href = re.findall('href="([^"]*)"', observations)
    assert href == ["/explore?dataset=ekf+%26+more.nc"]
