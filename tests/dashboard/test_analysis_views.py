"""The views beside the pictures: B, diagnostics, convergence, the tuning surface, comparison, and the file."""

import re
from html import unescape

import numpy as np
import pytest

from backends.experiments.run import from_yaml, run_settings
from backends.fields.catalogue import Catalogue
from dashboard.analysis.page import COMPARE, CONVERGENCE, COVARIANCE, DIAGNOSTICS, FIELDS, FILE, TUNING, AnalysisPage
from dashboard.theme import number
from tests.dashboard.helpers import text_of


@pytest.fixture
def page(catalogue):
    """The page on the periodic line."""
    page = AnalysisPage(catalogue)
    page.content()
    page.wait()
    yield page
    page.close()


def look_at(page, view) -> None:
    page.tabs.active = view
    page.wait()


def test_the_column_of_b_is_that_of_the_place_clicked(page):
    look_at(page, COVARIANCE)
    curve = page.covariance._curve
    page.covariance._on_tap(0.3)
    page.wait()
    assert curve._at.location == pytest.approx(0.3)
    column = np.asarray(curve._source.data["y"])
    assert int(column.argmax()) == 30
    x = np.asarray(curve._source.data["x"])
    # Far from the ends of the line a periodised Gaussian is the Gaussian.
    np.testing.assert_allclose(column[20:41], np.exp(-((x[20:41] - 0.3) ** 2) / (2 * 0.08**2)), atol=2e-5)
    assert "negative eigenvalues</span><b>0 of 100" in page.covariance._facts.object


def test_a_matrix_that_is_no_covariance_is_warned_of(page):
    state = page.state
    state.b.param.update(periodised=False, length=0.15)
    page.wait()
    assert "This B is no covariance" in page._warnings.object
    look_at(page, COVARIANCE)
    assert "negative eigenvalues</span><b>0 of 100" not in page.covariance._facts.object
    state.b.periodised = True
    page.wait()
    assert page._warnings.object == ""


def test_diagnostics_agree_with_the_outcome(page):
    look_at(page, DIAGNOSTICS)
    d = page.state.detailed.diagnostics
    assert f"{d.dfs:.4g} of 25" in page.diagnostics._table.object
    assert page.diagnostics._influence.object.count("<tr>") == 9  # the heading and the eight of most influence
    product = float((page.state.result.analysis.residual * page.state.result.analysis.innovation).mean())
    assert (
        f"(O−A) · (O−B) is {number(product)}; where B and R are right, {number(d.variance_o)} on"
        in page.diagnostics._table.object
    )
    page.state.m.huber = 0.5
    page.wait()
    assert "χ²/p</th><td><b>–</b><div class='hint'>Not defined" in page.diagnostics._table.object
    assert page.diagnostics._table.object.count("Not defined") == 4
    page.state.m.huber = 0.0
    page.wait()
    page.diagnostics._on_test(None)
    page.wait()
    assert page.diagnostics._curve.visible
    assert "the gradient is right" in page.diagnostics._verdict.object


def test_convergence_shows_the_way_to_the_exact_minimum(page):
    look_at(page, CONVERGENCE)
    assert page.convergence._empty.visible
    for solver in ("pcg", "lbfgs", "gauss-newton"):
        page.state.m.solver = solver
        page.wait()
        result = page.state.result
        assert not page.convergence._empty.visible
        assert float(result.analysis.j) == pytest.approx(result.minimum, rel=1e-9)
    assert "with the last weights" not in page.convergence._facts.object
    page.state.m.huber = 0.5
    page.wait()
    shown = float(page.state.result.analysis.history.j[-1])
    assert shown != pytest.approx(float(page.state.result.analysis.j), rel=1e-3)
    assert f"J with the last weights</span><b>{number(shown)}</b>" in page.convergence._facts.object


def test_the_surface_is_computed_and_a_click_sets_the_sliders(page):
    look_at(page, TUNING)
    surface = page.tuning._surface
    assert surface.values.shape == (20, 20)
    x, y = surface.x.values[4], surface.y.values[15]
    page.tuning._on_tap(x, y)
    page.wait()
    assert page.state.b.sigma == pytest.approx(x, rel=1e-2)
    assert page.state.o.sigma == pytest.approx(y, rel=1e-2)
    # Colours end near the 90 % quantile, and it is said where and of how many of the 400 settings.
    end, above = map(float, re.search(r"Colours end at ([\d.]+); (\d+) of", page.tuning._words.object).groups())
    assert above == (surface.values > end).sum()
    assert 20 < above <= 40
    # What the surface says of a setting is what an analysis with it says.
    expected = page.state.detailed.diagnostics.neg_log_likelihood
    assert float(surface.values[15, 4]) == pytest.approx(expected, rel=1e-2)


def test_the_same_parameter_twice_is_refused(page):
    look_at(page, TUNING)
    page.tuning.y.value = "sigma_b"
    page.wait()
    assert "two different parameters" in text_of(page.tuning._problem)


def test_the_button_goes_to_the_most_likely_setting(page):
    state = page.state
    before = state.detailed.diagnostics.neg_log_likelihood
    state.b.tune = "likelihood"
    page.wait()
    assert state.b.tune == "no"
    assert not state.stale
    assert (state.b.sigma, state.b.length, state.o.sigma) == (state.result.sigma_b, state.result.length, state.result.sigma_o)
    assert state.detailed.diagnostics.neg_log_likelihood < before


def test_comparison_waits_for_a_pin_and_then_shows_both(page):
    look_at(page, COMPARE)
    assert not page.compare._pictures.visible
    page.state.pin()
    page.state.b.sigma = 2.0
    page.wait()
    assert page.compare._pictures.visible
    lines = page.compare._pair._source.data
    difference = page.state.detailed.analysis.mean - page.state.pinned.outcome.analysis.mean
    np.testing.assert_allclose(lines["difference"], difference.numpy(), atol=1e-5)
    assert "σ<sub>b</sub> 2 " in page.compare._words.object
    assert "differs: <code>background_error.sigma</code> 1 → 2.</div>" in page.compare._words.object
    page.state.section.length = 0.2
    page.wait()
    assert "<code>case.length</code> 0.08 → 0.2, " in page.compare._words.object
    assert "The analyses have another background.<" in page.compare._words.object
    page.state.section.seed = 5
    page.wait()
    assert "The analyses have another truth and another background.<" in page.compare._words.object
    page.state.kind = "xz-2d"
    page.wait()
    assert "another case" in page.compare._words.object


def same_numbers(page, catalogue) -> None:
    """Assert that the file which the page exports gives the page's own numbers."""
    look_at(page, FILE)
    summary = run_settings(from_yaml(page.file.text.value), catalogue)
    result = page.state.result
    suffix = "withheld_" if result.case.withheld else ""
    assert summary[f"rmse_{suffix}background"] == pytest.approx(result.rmse_background, rel=1e-12)
    assert summary[f"rmse_{suffix}analysis"] == pytest.approx(result.rmse_analysis, rel=1e-12)
    assert summary["j"] == pytest.approx(float(result.analysis.j), rel=1e-12)
    page.close()


@pytest.mark.parametrize("kind", ["periodic-1d", "xz-2d", "field"])
def test_the_exported_file_gives_the_same_numbers_without_the_page(catalogue, kind):
    page = AnalysisPage(catalogue, "a.nc" if kind == "field" else "", kind)
    page.wait()
    page.state.b.sigma = 1.25
    page.state.o.seed = 4
    page.wait()
    same_numbers(page, catalogue)


@pytest.mark.parametrize("kind", ["course-1d", "course-2d", "field", "ensemble", "stations"])
def test_so_it_does_on_real_data(real_data, kind):
    catalogue = Catalogue(real_data)
    page = AnalysisPage(catalogue, kind=kind)
    page.wait()
    page.state.b.sigma = 1.25 * page.state.b.sigma
    page.wait()
    assert not page.state.problem
    same_numbers(page, catalogue)


def test_a_file_is_taken_over(page):
    page.state.take(
        "kind: analysis\ncase: {name: xz-2d, seed: 3}\nbackground_error: {correlation: soar, sigma: 2.0, length: 12}\n"
        "observations: {count: 60, placement: random}\nmethod: {solver: pcg}\n"
    )
    page.wait()
    state, result = page.state, page.state.result
    assert not state.stale
    assert (state.kind, state.cases["xz-2d"].seed, state.b.correlation) == ("xz-2d", 3, "soar")
    assert (state.b.sigma, state.o.count) == (2.0, 60)
    assert state.o.sigma == result.sigma_o == 0.2  # what the file leaves open is filled in
    look_at(page, FIELDS)
    assert page.fields.maps["truth"].figure is not None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kind: analysis\nbackground_error: {sigmaa: 2}\n", "did you mean 'background_error.sigma'"),
        ("kind: analysis\ncase: {name: stations}\n", "not in the data folder"),
        ("a: [", "is not YAML"),
        ("", "must hold keys and values"),
    ],
)
def test_a_wrong_file_is_explained_and_changes_nothing(page, text, says):
    look_at(page, FILE)
    result = page.state.result
    page.file.text.value = text
    page.file._on_apply(None)
    page.wait()
    assert says in unescape(text_of(page.file._problem))
    assert page.state.result is result


def test_before_there_is_anything_to_see_it_is_said_what_is_opened(page):
    page.state.param.update(result=None, reading="stations.bufr")
    assert "Opening stations.bufr …" in text_of(page._stale)
    page.state.reading = ""
    assert text_of(page._stale) == ""
