"""The Analysis page without a browser: its state, what it shows, and what it says of bad settings."""

import numpy as np
import pytest

from backends.assimilation.twin import TwinSettings
from dashboard.analysis.page import AnalysisPage
from tests.dashboard.helpers import LATITUDE, LONGITUDE, image, text_of
from tests.files import dataset, write


@pytest.fixture
def analysis(catalogue):
    page = AnalysisPage(catalogue, "a.nc")
    page.content()
    page.state.wait()
    yield page
    page.state.close()


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
