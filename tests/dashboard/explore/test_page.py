"""The Explore page without a browser: what it opens on, what it shows of a field, and series at places."""

import numpy as np
from bokeh.models import GlyphRenderer, Scatter

from backends.fields.catalogue import Catalogue
from dashboard.explore.page import ExplorePage
from dashboard.theme import PICKED
from tests.backends.test_derived import solid_rotation
from tests.dashboard.helpers import LATITUDE, LONGITUDE, image, text_of
from tests.files import dataset, known, write


def test_explore_opens_on_something(catalogue):
    page = ExplorePage(catalogue)
    page.state.wait()
    assert page.state.dataset == "ncep-air-temperature"
    assert page.state.picture is not None
    assert page.opening.datasets.key == "ncep-air-temperature"


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
    explore.controls.limits.low.value = 270
    assert explore.state.low == 270
    assert explore.map._mapper.low == 270
    explore.controls.limits.high.value = 260
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
    assert explore.map._marks.data["color"] == list(PICKED[:2])
    assert "■</span>40.00°N 10.00°E" in explore._legend.object
    assert "●</span>50.00°N 10.00°W" in explore._legend.object
    figure = explore.lines.pane.object
    drawn = [renderer for renderer in figure.renderers if isinstance(renderer, GlyphRenderer)]
    dots = [renderer for renderer in drawn if isinstance(renderer.glyph, Scatter)]
    assert [dot.glyph.marker for dot in dots] == explore.map._marks.data["marker"] == ["square", "circle"]
    for dot, series in zip(dots, explore.state.series, strict=True):
        times = series.axis.times.astype("datetime64[ms]").astype(float)
        np.testing.assert_array_equal(dot.data_source.data["x"], times)  # of few values each is marked
        np.testing.assert_array_equal(dot.data_source.data["y"], series.values)
    assert not set(dots) & {renderer for tool in figure.hover for renderer in tool.renderers}
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
    assert [select.label for select in page.controls.axes.objects] == ["Member", "Level"]
    page.controls.axes.objects[0].value = 1
    page.controls.axes.objects[1].value = 1
    page.state.wait()
    np.testing.assert_allclose(image(page.map), known(LATITUDE, LONGITUDE) + 30, rtol=1e-6)


def test_a_field_of_nans_says_so(tmp_path):
    data = dataset(LATITUDE, LONGITUDE) * np.nan
    data["t"].attrs["units"] = "K"
    write(tmp_path / "nan.nc", data)
    page = ExplorePage(Catalogue(tmp_path), "nan.nc")
    page.state.wait()
    assert "no values here: every grid point is missing" in text_of(page._problem)


def test_derived_variables_are_offered_and_shown(tmp_path):
    write(tmp_path / "winds.nc", solid_rotation())
    page = ExplorePage(Catalogue(tmp_path), "winds.nc")
    page.state.wait()
    assert "Wind speed (derived, u, v)" in page.controls.variables.options
    page.controls.variables.value = "vorticity(u,v)"
    page.state.wait()
    assert page.state.picture.field.variable.units == "1e-5 s-1"
    assert "Relative vorticity [10⁻⁵ s⁻¹]" in page._heading.object
    assert page.state.low == -page.state.high
    page.state.close()


def test_before_anything_is_open_the_page_says_what_comes(catalogue):
    page = ExplorePage(catalogue, "nothing.nc")
    page.content()
    assert not page.views.tabs.visible
    assert not page._settings.visible
    page.wait()
    assert "no file" in text_of(page.opening.problem)
    assert "Choose a dataset" in page._heading.object
    page.state.open("a.nc")
    assert "Opening a.nc …" in page._heading.object
    page.wait()
    assert page.views.tabs.visible
    assert page._settings.visible
    assert "Temperature [K]" in page._heading.object
    page.close()
