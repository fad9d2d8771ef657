"""The Home page without a browser, and text from files on all pages."""

import re

from backends.fields.catalogue import Catalogue
from dashboard.analysis.page import AnalysisPage
from dashboard.explore.page import ExplorePage
from dashboard.home import HomePage
from tests.backends.observation_files import feedback
from tests.dashboard.helpers import LATITUDE, LONGITUDE, SCRIPT
from tests.files import dataset, regional, write


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


def test_html_in_a_file_is_shown_as_text(tmp_path):
    data = dataset(LATITUDE, LONGITUDE, comment=SCRIPT)
    data["t"].attrs.update(long_name=SCRIPT, units=SCRIPT)
    data = data.expand_dims(kind=[SCRIPT])
    write(tmp_path / "a.nc", data)
    for page in (ExplorePage(Catalogue(tmp_path), "a.nc"), AnalysisPage(Catalogue(tmp_path), "a.nc")):
        page.content()
        page.state.wait()
        held = [*vars(page).values(), *getattr(page, "_titles", {}).values()]
        panes = [p for p in held if isinstance(getattr(p, "object", None), str)]
        shown = " ".join(p.object for p in panes)
        assert "<script" not in shown
        assert "<img" not in shown
        assert "&lt;script&gt;" in shown
