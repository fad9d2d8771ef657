"""The Analysis page without a browser: cases, live settings, and what it says of bad ones."""

import numpy as np
import pytest
import torch

from backends.fields.catalogue import Catalogue
from dashboard.analysis.page import AnalysisPage
from tests.dashboard.helpers import LATITUDE, LONGITUDE, image, text_of
from tests.files import dataset, regional, write


@pytest.fixture
def analysis(catalogue):
    """The page on the small file."""
    page = AnalysisPage(catalogue, "a.nc")
    page.content()
    page.wait()
    yield page
    page.close()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """The page on the small file, for tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("data")
    regional(folder / "a.nc")
    page = AnalysisPage(Catalogue(folder), "a.nc")
    page.content()
    page.wait()
    yield page
    page.close()


@pytest.fixture(params=["periodic-1d", "xz-2d"])
def generated(catalogue, request):
    """The page on each generated case."""
    page = AnalysisPage(catalogue, kind=request.param)
    page.content()
    page.wait()
    yield page
    page.close()


def maps(page):
    return page.fields.maps


def lines(page) -> dict[str, np.ndarray]:
    return {name: np.asarray(values) for name, values in page.fields.profile._lines.data.items()}


def shown(page) -> np.ndarray:
    """Return the analysis that the page shows, as an array."""
    return lines(page)["analysis"] if page.fields.profile else image(maps(page)["analysis"])


def test_a_field_opens_with_an_analysis(analysis):
    state = analysis.state
    assert (state.kind, state.cases["field"].path, state.cases["field"].variable) == ("field", "a.nc", "t")
    assert not state.stale
    assert "RMSE background" in analysis._scores.object
    truth, background = image(maps(analysis)["truth"]), image(maps(analysis)["background"])
    np.testing.assert_allclose(truth - background, 2, atol=1e-4)
    increment = image(maps(analysis)["analysis"]) - background
    np.testing.assert_allclose(image(maps(analysis)["increment"]), increment, atol=1e-4)
    np.testing.assert_allclose(image(maps(analysis)["error"]), image(maps(analysis)["analysis"]) - truth, atol=1e-4)
    assert float(image(maps(analysis)["spread"]).max()) <= state.b.sigma * (1 + 1e-6)


def test_the_page_begins_with_the_line(catalogue):
    page = AnalysisPage(catalogue)
    page.wait()
    assert page.state.kind == "periodic-1d"
    truth = page.state.result.case.truth.numpy()
    np.testing.assert_allclose(lines(page)["truth"], [*truth, truth[0]], rtol=1e-6)
    page.close()


@pytest.mark.parametrize("name", ["sigma", "length"])
def test_sliders_of_b_change_the_analysis(generated, name):
    before = shown(generated).copy()
    setattr(generated.state.b, name, 1.3 * getattr(generated.state.b, name))
    generated.wait()
    assert not generated.state.stale
    assert not np.array_equal(shown(generated), before)


def test_turning_sigma_o_leaves_the_data_as_they_are(generated):
    state = generated.state
    before, values = shown(generated).copy(), state.result.observations.values.clone()
    state.o.sigma = 1.7
    generated.wait()
    assert not np.array_equal(shown(generated), before)
    torch.testing.assert_close(state.result.observations.values, values)
    assert "σ<sub>o</sub> 1.7" in generated._belongs.object


def test_another_seed_is_another_case_or_another_network(generated):
    state = generated.state
    truth, places = state.result.case.truth.clone(), state.result.observations.places.clone()
    state.o.seed = 5
    generated.wait()
    assert torch.equal(state.result.case.truth, truth)
    assert not torch.equal(state.result.observations.places, places)
    state.section.seed = 7
    generated.wait()
    assert not torch.equal(state.result.case.truth, truth)


def test_figures_and_limits_stay_while_sliders_move(analysis):
    kept = ("truth", "background", "analysis", "increment", "error")
    figures = [maps(analysis)[name].figure for name in kept]
    limits = [(maps(analysis)[name]._mapper.low, maps(analysis)[name]._mapper.high) for name in kept]
    analysis.state.b.sigma = 3.3
    analysis.wait()
    assert [maps(analysis)[name].figure for name in kept] == figures
    assert [(maps(analysis)[name]._mapper.low, maps(analysis)[name]._mapper.high) for name in kept] == limits
    truth, background, analysed, increment, error = limits
    assert truth == background == analysed
    assert increment == error
    assert increment[0] == -increment[1]


def test_the_six_maps_move_together(analysis):
    first = maps(analysis)["truth"].figure
    assert all(m.figure.x_range is first.x_range and m.figure.y_range is first.y_range for m in maps(analysis).values())


@pytest.mark.parametrize(
    ("section", "name", "value", "says"),
    [
        ("o", "sigma", 0.0, "The standard deviation σ"),
        ("b", "sigma", 0.0, "The standard deviation σ"),
        ("b", "length", 0.0, "The correlation length L"),
        ("b", "length", 3500.0, "The correlation length L must be above 0 and at most 3000 km; came 3500 km"),
        ("o", "count", 337, "337 observations were asked for, but the field has only 336 grid points with values"),
        ("o", "count", -1, "The number of observations"),
        ("o", "operator", "square", "The closed form needs a linear observation operator"),
        ("o", "operator", "channel", "Vertical weighting functions need a vertical plane"),
        ("b", "source", "ensemble", "An ensemble B needs a case with members"),
    ],
)
def test_bad_settings_keep_the_last_analysis_and_mark_it_stale(lasting, section, name, value, says):
    part = getattr(lasting.state, section)
    before, good = shown(lasting).copy(), getattr(part, name)
    setattr(part, name, value)
    lasting.wait()
    lasting._announce()
    assert says in text_of(lasting._problem)
    assert lasting.state.stale
    assert "still show the last analysis" in text_of(lasting._stale)
    np.testing.assert_array_equal(shown(lasting), before)
    setattr(part, name, good)
    lasting.wait()
    lasting._announce()
    assert not lasting.state.stale
    assert not text_of(lasting._problem)
    assert not text_of(lasting._stale)


def test_an_analysis_that_comes_late_leaves_what_is_wrong_of_the_settings(lasting):
    before = lasting.state.o.sigma
    lasting.state.o.sigma = 0.7
    lasting.state.o.sigma = 0.0  # before the analysis with the one before can be there
    lasting.wait()
    assert lasting.state.result.settings.observations.sigma == 0.7
    assert "standard deviation σ" in text_of(lasting._problem)
    assert "still show the last analysis" in text_of(lasting._stale)
    lasting.state.o.sigma = before
    lasting.wait()
    assert not text_of(lasting._problem)


def test_a_lag_before_the_data_begin_is_refused(analysis):
    analysis.state.section.lag = 3
    analysis.wait()
    assert "There is no field 3 steps before 2020-01-01 12:00 UTC" in text_of(analysis._problem)


def test_no_observations_leave_the_background(generated):
    generated.state.clear_places()
    generated.wait()
    result = generated.state.result
    assert len(result.observations) == 0
    assert float(result.analysis.increment.abs().max()) == 0
    assert "χ²/p</span><b>–" in generated._scores.object


def test_a_click_adds_an_observation_a_second_one_takes_it_away_and_a_drag_moves_it(analysis):
    state = analysis.state
    state.clear_places()
    analysis.wait()
    state.toggle((45.0, 3.0))
    analysis.wait()
    assert state.result.observations.places.tolist() == [[45.0, 3.0]]
    state.move(0, (50.0, -3.0))
    analysis.wait()
    assert state.result.observations.places.tolist() == [[50.0, -3.0]]
    state.toggle((50.1, -3.1))
    analysis.wait()
    assert len(state.result.observations) == 0


def test_a_click_on_a_random_network_keeps_the_rest_of_it(analysis):
    state = analysis.state
    before = state.result.observations
    state.toggle((30.5, 19.5))
    analysis.wait()
    after = state.result.observations
    assert len(after) == len(before) + 1
    np.testing.assert_allclose(after.values[:-1], before.values)


def test_the_increment_of_a_single_observation_is_a_column_of_b(generated):
    state = generated.state
    state.single(True)
    generated.wait()
    result = state.result
    assert len(result.observations) == 1
    B, H = result.problem.background_error, result.problem.operator
    column = B.spread(H, torch.ones(1, dtype=torch.float64))
    scale = result.sigma_b / (float(B.observed(H)) + result.sigma_o**2)
    torch.testing.assert_close(result.analysis.increment, scale * column, rtol=1e-6, atol=1e-9)
    state.single(False)
    generated.wait()
    assert len(state.result.observations) > 1


def test_a_dataset_with_a_single_time_is_refused(analysis, tmp_path):
    write(tmp_path / "one.nc", dataset(LATITUDE, LONGITUDE).isel(time=0))
    analysis.state.section.path = "one.nc"
    analysis.wait()
    assert "has a single time" in text_of(analysis._problem)
    assert analysis.state.stale
    assert analysis.state.result.case.truth_caption == "2020-01-01 12:00 UTC"


def test_the_time_mean_can_be_the_background(analysis):
    analysis.state.section.background = "mean"
    analysis.wait()
    assert "mean over time" in analysis.fields.titles["background"].object
    assert not analysis.state.stale


def test_settings_of_a_case_come_back_with_it(generated):
    state = generated.state
    state.b.sigma, kind = 0.7, state.kind
    state.kind = "field" if kind != "field" else "xz-2d"
    generated.wait()
    assert state.result.case.units == "K" or state.kind == "field"
    state.kind = kind
    generated.wait()
    assert not state.stale
    assert state.result.settings.case.name == kind
    assert state.b.sigma == state.result.case.suggested.sigma  # another case begins with what suits it


def test_a_b_from_the_times_begins_with_what_they_say(catalogue):
    page = AnalysisPage(catalogue, "ncep-air-temperature")
    page.wait()
    page.error_controls.background_error.toggle.value = True
    page.error_controls.source.value = "nmc"
    page.wait()
    state, estimate = page.state, page.state.opened.prepared.experiment.errors.estimate(1)
    assert not state.stale
    assert state.b.sigma == pytest.approx(float(estimate.sigma.square().mean().sqrt()))
    assert state.b.length == pytest.approx(estimate.typical)
    page.close()


def test_a_click_can_add_and_take_away_a_column(catalogue):
    page = AnalysisPage(catalogue, kind="xz-2d")
    page.wait()
    page.state.clear_places()
    page.state.param.update(columns=True)
    page.wait()
    page.state.toggle((40.0, 3.0))
    page.wait()
    places = page.state.result.observations.places
    assert places[:, 0].tolist() == [40.0] * 20
    assert (float(places[0, 1]), float(places[-1, 1])) == (0.0, 15.0)
    page.state.toggle((40.5, 9.0))
    page.wait()
    assert len(page.state.result.observations) == 0
    page.close()
