"""Settings that cross from one case to another, come from files, or cannot be used: the page stays in order."""

from html import unescape

from dashboard.analysis.page import AnalysisPage
from tests.dashboard.helpers import LATITUDE, LONGITUDE, SCRIPT, image, text_of
from tests.files import dataset, write


def opened(catalogue, kind: str, name: str = "") -> AnalysisPage:
    page = AnalysisPage(catalogue, name, kind)
    page.content()
    page.wait()
    return page


def test_a_likelihood_that_cannot_be_used_does_not_lock_the_page(catalogue):
    page = opened(catalogue, "periodic-1d")
    page.state.o.count = 3
    page.wait()
    page.state.b.tune = "likelihood"
    page.wait()
    assert "at least 5" in text_of(page._problem)
    page.state.o.count = 20
    page.wait()
    assert not text_of(page._problem)
    assert page.state.result.optimum is None
    page.close()


def test_the_kind_of_floor_of_a_plane_does_not_follow_to_the_line(catalogue):
    page = opened(catalogue, "xz-2d")
    page.state.b.floor_kind = "added"
    page.wait()
    page.state.kind = "periodic-1d"
    page.wait()
    assert not page.state.problem
    assert page.state.result.case.domain.shape == (100,)
    page.close()


def test_the_assumed_correlation_leaves_the_background_as_it_is(catalogue):
    page = opened(catalogue, "xz-2d")
    before = page.state.result.rmse_background
    page.state.b.param.update(correlation="exponential", floor=1e-3)
    page.wait()
    assert page.state.result.rmse_background == before
    page.close()


def test_the_background_that_is_shown_is_that_of_the_analysis(catalogue):
    page = opened(catalogue, "xz-2d")
    page.state.take("kind: analysis\ncase: {name: xz-2d}\n")  # the background follows what is assumed
    page.wait()
    before = image(page.fields.maps["background"]).copy()
    page.state.b.correlation = "exponential"
    page.wait()
    shown = image(page.fields.maps["background"])
    assert (shown != before).any()
    assert abs(shown - page.state.result.problem.background.reshape(shown.shape).numpy()).max() < 1e-4
    page.close()


def test_a_file_keeps_its_repeat_and_its_own_names(catalogue):
    page = opened(catalogue, "periodic-1d")
    page.state.take("kind: analysis\ncase: {name: field, path: a.nc, variable: air_temperature, lag: 1}\nrepeat: 50\n")
    page.wait()
    assert "no variable 'air_temperature'" in unescape(text_of(page._problem))  # as the command line says
    page.state.take(
        "kind: analysis\ncase: {name: field, path: a.nc, variable: t, lag: 1}\nbackground_error: {sigma: 3}\nrepeat: 50\n"
    )
    page.wait()
    assert (page.state.b.sigma, page.state.section.lag, page.state.result.sigma_b) == (3, 1, 3)
    assert "repeat: 50" in page.state.yaml()
    page.close()


def test_a_setting_that_becomes_impossible_while_a_result_is_on_its_way_is_a_sentence(catalogue):
    page = opened(catalogue, "periodic-1d")
    request = page.state.opened.prepared, page.state.settings
    result = page.state.result
    page.state.b.sigma = 0.0
    page.state._on_result(request, result)
    assert page.state.stale
    page.close()


def test_units_of_a_file_are_text_in_every_view(catalogue, tmp_path):
    tricky = dataset(LATITUDE, LONGITUDE)
    tricky["t"].attrs.update(units=SCRIPT, long_name=SCRIPT)
    write(tmp_path / "tricky.nc", tricky)
    page = opened(catalogue, "field", "tricky.nc")
    for view in range(7):
        page.tabs.active = view
        page.wait()
    shown = (page._scores, page._belongs, page.covariance._facts, page.diagnostics._table, page.diagnostics._influence)
    assert all("<script>" not in pane.object and "<img" not in pane.object for pane in shown)
    page.close()


def test_sliders_have_the_range_of_the_case(catalogue):
    page = opened(catalogue, "field", "a.nc")
    controls = page.error_controls
    controls.observing.toggle.value = True
    assert controls.noise.label == "True σ_o [K]"
    assert controls.noise.end == controls.sigma_o.end == 4 * page.state.result.case.suggested.sigma
    page.close()


def test_no_observation_is_outside_the_figures_of_the_line(catalogue):
    page = opened(catalogue, "periodic-1d")
    page.state.o.param.update(gross_probability=0.3, gross_size=30.0)
    page.wait()
    upper, lower = page.fields.profile.figure.y_range, page.fields.profile.lower.y_range
    result = page.state.result
    assert upper.start < float(result.observations.values.min()) < float(result.observations.values.max()) < upper.end
    assert lower.start <= float(result.analysis.innovation.min()) < float(result.analysis.innovation.max()) <= lower.end
    assert float(result.analysis.innovation.abs().max()) > 5  # so that it is a test
    page.close()
