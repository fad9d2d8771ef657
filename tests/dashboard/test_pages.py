"""The pages without a browser: their state, what they show, and what they say of bad input."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import dashboard  # noqa: F401
from backends.assimilation.twin import TwinSettings
from backends.fields.catalogue import Catalogue
from backends.fields.raster import Window
from dashboard.analysis.page import AnalysisPage
from dashboard.explore import state as explore_state
from dashboard.explore.page import ExplorePage
from dashboard.home import HomePage
from dashboard.worker import LatestWins
from tests.backends.test_readers import broken_files
from tests.files import dataset, known, regional, write

LATITUDE, LONGITUDE = np.arange(30.0, 61.0, 2.0), np.arange(-20.0, 21.0, 2.0)
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def catalogue(tmp_path):
    regional(tmp_path / "a.nc")
    return Catalogue(tmp_path)


@pytest.fixture
def explore(catalogue):
    page = ExplorePage(catalogue, "a.nc")
    page.state.wait()
    yield page
    page.state.close()


@pytest.fixture
def analysis(catalogue):
    page = AnalysisPage(catalogue, "a.nc")
    page.content()
    page.state.wait()
    yield page
    page.state.close()


def image(live_map) -> np.ndarray:
    return np.asarray(live_map._image.data["image"][0])


def text_of(pane) -> str:
    return pane.object if pane.visible else ""


# Explore ----------------------------------------------------------------------------------------------------------


def test_explore_opens_on_something(catalogue):
    page = ExplorePage(catalogue)
    page.state.wait()
    assert page.state.dataset == "ncep-air-temperature"
    assert page.state.picture is not None
    assert page.datasets.key == "ncep-air-temperature"


def test_explore_shows_what_is_chosen(explore):
    explore.state.choose("time", 2)
    explore.state.wait()
    np.testing.assert_allclose(image(explore.map), known(LATITUDE, LONGITUDE) + 2, rtol=1e-6)
    assert "2020-01-01 12:00 UTC" in explore._heading.object
    assert "Temperature [K]" in explore._heading.object
    assert "max</span><b>332 K</b>" in explore._facts.object


def test_the_figure_stays_while_time_is_stepped_and_colour_limits_hold(explore):
    figure, limits = explore.map.figure, (explore.state.low, explore.state.high)
    for index in (1, 2, 3):
        explore.state.choose("time", index)
        explore.state.wait()
    assert explore.map.figure is figure
    assert (explore.state.low, explore.state.high) == limits
    assert limits[0] <= 298.8
    assert limits[1] >= 333


def test_colour_limits_can_be_set_and_are_checked(explore):
    explore.low.value = 270
    assert explore.state.low == 270
    assert explore.map._mapper.low == 270
    explore.high.value = 260
    assert "lower colour limit must be below the upper one; came 270 and 260" in text_of(explore._problem)
    assert explore.map._mapper.low == 270
    explore.state.fit_limits()
    assert not text_of(explore._problem)


def test_series_at_picked_places(explore):
    explore.state.pick(40.2, 10.3)
    explore.state.pick(50.2, -10.3)
    explore.state.wait()
    assert [(s.latitude, s.longitude) for s in explore.state.series] == [(40, 10), (50, -10)]
    assert explore.map._marks.data["longitude"] == [10, -10]
    assert explore.map._marks.data["color"] == list(explore_state.PICKED[:2])
    assert "40.00°N 10.00°E" in explore._legend.object
    explore.state.clear_picked()
    assert explore.lines.pane.object is None


def test_a_place_outside_is_refused(explore):
    explore.state.pick(80, 0)
    assert "lies outside the field" in text_of(explore._problem)
    assert not explore.state.series


def test_levels_and_members_can_be_chosen(tmp_path):
    data = dataset(LATITUDE, LONGITUDE)["t"].expand_dims(number=[0, 1], level=[850, 500]).copy()
    data[{"number": 1, "level": 1}] += 30
    write(tmp_path / "b.nc", data.to_dataset(name="t"))
    page = ExplorePage(Catalogue(tmp_path), "b.nc")
    page.state.wait()
    assert [select.label for select in page.axes.objects] == ["Member", "Level"]
    page.axes.objects[0].value = 1
    page.axes.objects[1].value = 1
    page.state.wait()
    np.testing.assert_allclose(image(page.map), known(LATITUDE, LONGITUDE) + 30, rtol=1e-6)


def test_a_large_grid_is_shown_in_full_where_it_is_looked_at(tmp_path):
    latitude, longitude = np.linspace(-90, 90, 721), np.arange(-180, 180, 0.25)
    write(tmp_path / "large.nc", dataset(latitude, longitude).isel(time=[0, 1]))
    page = ExplorePage(Catalogue(tmp_path), "large.nc")
    page.state.wait()
    assert image(page.map).shape == (640, 1000)
    figure = page.map.figure
    page.state.look_at(Window(0, 10, 40, 50))
    page.state.wait()
    assert page.map.figure is figure
    assert image(page.map).shape == (61, 61)  # 10 degrees and a quarter more on each side, in steps of 0.25
    assert page.map._image.data["x"] == [pytest.approx(-2.625)]


def test_a_file_that_cannot_be_opened_leaves_the_last_picture(explore, tmp_path):
    before = image(explore.map).copy()
    for path, says in broken_files(tmp_path).items():
        explore.path.value = path.name
        explore.state.wait()
        assert re.search(says, text_of(explore._open_problem))
        assert explore.state.dataset == "a.nc" == explore.datasets.key
    explore.path.value = "../secret.nc"
    explore.state.wait()
    assert "leads outside the data folder" in text_of(explore._open_problem)
    np.testing.assert_array_equal(image(explore.map), before)
    explore.path.value = "a.nc"
    explore.state.wait()
    assert not text_of(explore._open_problem)


def test_a_field_of_nans_says_so(tmp_path):
    data = dataset(LATITUDE, LONGITUDE) * np.nan
    data["t"].attrs["units"] = "K"
    write(tmp_path / "nan.nc", data)
    page = ExplorePage(Catalogue(tmp_path), "nan.nc")
    page.state.wait()
    assert "no values here: every grid point is missing" in text_of(page._problem)


def test_an_upload_is_opened_and_goes_with_the_session(explore, tmp_path):
    content = regional(tmp_path / "up.nc").read_bytes()
    explore.state.upload("../../up.nc", content)
    explore.state.wait()
    assert explore.state.dataset == "uploaded up.nc"
    (path,) = explore.state.uploads.values()
    assert path.read_bytes() == content
    explore.state.close()
    assert not path.exists()


def test_an_upload_over_the_limit_is_refused(explore, monkeypatch):
    monkeypatch.setattr(explore_state, "UPLOAD_LIMIT", 2**20)
    explore.state.upload("big.nc", bytes(2**21))
    assert "big.nc has 2 MB; at most 1 MB can be uploaded" in text_of(explore._open_problem)
    assert not explore.state.uploads


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


# Analysis ---------------------------------------------------------------------------------------------------------


def test_analysis_opens_with_an_analysis(analysis):
    state = analysis.state
    assert (state.dataset, state.variable, state.lag, state.selection) == ("a.nc", "t", 2, {"time": 2})
    assert state.result is not None
    assert not state.stale
    assert "RMSE background" in analysis._scores.object
    truth, background = image(analysis.maps["truth"]), image(analysis.maps["background"])
    np.testing.assert_allclose(truth - background, 2, atol=1e-4)
    increment = image(analysis.maps["analysis"]) - background
    np.testing.assert_allclose(image(analysis.maps["increment"]), increment, atol=1e-4)


def test_each_slider_changes_the_analysis_that_is_shown(analysis):
    for name, value in {"sigma_b": 1.1, "length": 700.0, "sigma_o": 0.9, "count": 31, "seed": 5}.items():
        before = image(analysis.maps["analysis"]).copy()
        setattr(analysis.state, name, value)
        analysis.state.wait()
        assert not analysis.state.stale
        assert not np.array_equal(image(analysis.maps["analysis"]), before)
    assert len(analysis.maps["truth"]._marks.data["longitude"]) == 31
    assert "σ<sub>b</sub> 1.1 K · L 700 km · σ<sub>o</sub> 0.9 K · 31 observations · seed 5" in analysis._belongs.object


def test_figures_and_limits_stay_while_sliders_move(analysis):
    figures = [m.figure for m in analysis.maps.values()]
    limits = [(m._mapper.low, m._mapper.high) for m in analysis.maps.values()]
    analysis.state.sigma_b = 3.3
    analysis.state.wait()
    assert [m.figure for m in analysis.maps.values()] == figures
    assert [(m._mapper.low, m._mapper.high) for m in analysis.maps.values()] == limits
    truth, background, shown, increment = limits
    assert truth == background == shown
    assert increment[0] == -increment[1]


def test_the_four_maps_move_together(analysis):
    first = analysis.maps["truth"].figure
    assert all(m.figure.x_range is first.x_range and m.figure.y_range is first.y_range for m in analysis.maps.values())


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("sigma_o", 0.0, "The observation error σ_o must be a positive number"),
        ("sigma_b", 0.0, "The background error σ_b must be a positive number"),
        ("length", 0.0, "The correlation length L must be above 0"),
        ("count", 337, "337 observations were asked for, but the field has only 336 grid points with values"),
        ("count", 0, "The number of observations must be at least 1"),
        ("lag", 3, "There is no field 3 steps before 2020-01-01 12:00 UTC"),
    ],
)
def test_bad_settings_keep_the_last_analysis_and_mark_it_stale(analysis, name, value, says):
    before, good = image(analysis.maps["analysis"]).copy(), getattr(analysis.state, name)
    setattr(analysis.state, name, value)
    analysis.state.wait()
    analysis._announce()
    assert says in text_of(analysis._problem)
    assert analysis.state.stale
    assert "still show the last analysis" in text_of(analysis._stale)
    np.testing.assert_array_equal(image(analysis.maps["analysis"]), before)
    setattr(analysis.state, name, good)
    analysis.state.wait()
    analysis._announce()
    assert not analysis.state.stale
    assert not text_of(analysis._problem)
    assert not text_of(analysis._stale)


def test_a_click_adds_an_observation_and_a_second_one_takes_it_away(analysis):
    state = analysis.state
    state.clear_places()
    state.wait()
    assert len(state.result.observations.points) == 0
    assert float(state.result.analysis.increment.abs().max()) == 0
    state.toggle(45.0, 3.0)
    state.wait()
    assert state.placement == "clicked"
    assert state.result.observations.points.latitude.tolist() == [45.0]
    state.toggle(45.1, 3.1)
    state.wait()
    assert len(state.result.observations.points) == 0


def test_a_click_on_a_random_network_keeps_the_rest_of_it(analysis):
    state = analysis.state
    before = state.result.observations
    state.toggle(30.5, 19.5)
    state.wait()
    after = state.result.observations
    assert len(after.points) == len(before.points) + 1
    np.testing.assert_allclose(after.values[:-1], before.values)


def test_a_dataset_with_a_single_time_is_refused(analysis, tmp_path):
    write(tmp_path / "one.nc", dataset(LATITUDE, LONGITUDE).isel(time=0))
    analysis.state.open("one.nc")
    analysis.state.wait()
    assert "one.nc has a single time" in text_of(analysis._problem)
    assert analysis.state.dataset == "a.nc"


def test_the_time_mean_can_be_the_background(analysis):
    analysis.state.background = "mean"
    analysis.state.wait()
    assert "mean over time" in analysis._titles["background"].object
    assert not analysis.state.stale


def test_the_same_settings_give_the_same_analysis_on_every_page(catalogue):
    pages = [AnalysisPage(catalogue, "a.nc") for _ in range(2)]
    for page in pages:
        page.state.wait()
    first, second = (p.state.result for p in pages)
    assert first.settings == second.settings == TwinSettings(first.settings.network, 2.0, 500.0, 0.5)
    assert np.array_equal(first.analysis.mean, second.analysis.mean)


# Home -------------------------------------------------------------------------------------------------------------


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


# Sharing the device -----------------------------------------------------------------------------------------------


@pytest.fixture
def worker():
    pool = ThreadPoolExecutor(max_workers=1)
    yield pool
    pool.shutdown()


def test_a_newer_request_replaces_one_that_has_not_started(worker):
    gate, computed, delivered = threading.Event(), [], []

    def compute(k):
        gate.wait(10)
        computed.append(k)
        return k

    work = LatestWins(worker, compute, lambda _, k: delivered.append(k), delivered.append)
    for k in range(20):
        work.request(k)
        time.sleep(0.002)  # the first one starts
    gate.set()
    work.wait()
    assert computed == delivered == [0, 19]


def test_visitors_take_turns(worker):
    order, gate = [], threading.Event()
    worker.submit(gate.wait, 10)
    pages = [LatestWins(worker, lambda k: k, lambda _, k: order.append(k), order.append) for _ in range(3)]
    for step in range(5):
        for number, page in enumerate(pages):
            page.request((number, step))
    gate.set()
    for page in pages:
        page.wait()
    assert order == [(0, 4), (1, 4), (2, 4)]


def test_a_closed_page_is_left_alone(worker):
    gate, delivered = threading.Event(), []
    worker.submit(gate.wait, 10)
    work = LatestWins(worker, lambda k: k, lambda _, k: delivered.append(k), delivered.append)
    work.request(1)
    work.close()
    gate.set()
    work.wait()
    assert delivered == []


def test_a_defect_is_logged_and_told(worker, caplog):
    told = []
    work = LatestWins(worker, lambda k: 1 / k, lambda *_: None, told.append)
    work.request(0)
    with pytest.raises(ZeroDivisionError):
        work.wait()
    worker.shutdown()  # the page is told just after the work has ended
    assert "ZeroDivisionError" in told[0]
    assert "Computing for a page failed" in caplog.text
