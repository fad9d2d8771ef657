"""The Home page without a browser, and text from files on all pages."""

from backends.fields.catalogue import Catalogue
from dashboard.analysis.page import AnalysisPage
from dashboard.explore.page import ExplorePage
from dashboard.home import HomePage
from tests.dashboard.helpers import LATITUDE, LONGITUDE, SCRIPT
from tests.files import dataset, write


def test_home_lists_the_data_and_links_to_it(catalogue):
    page = HomePage(catalogue, dark=True)
    page.wait()
    assert 'href="/explore?theme=dark&amp;dataset=a.nc"' in page._data.object
    assert "1 readable file in the data folder" in page._data.object


def test_home_says_what_to_do_where_there_is_no_data(tmp_path):
    page = HomePage(Catalogue(tmp_path / SCRIPT.replace("/", "")), dark=False)
    page.wait()
    assert "No readable file in the data folder" in page._data.object
    assert "<script" not in page._data.object


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
