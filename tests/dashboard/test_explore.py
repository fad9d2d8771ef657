"""The Explore page without a browser: its state, what it shows, and what it says of bad input."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from backends.fields.catalogue import Catalogue
from backends.fields.raster import Window
from backends.geometry.projections import Orthographic
from dashboard.explore import uploads
from dashboard.explore.page import ExplorePage
from dashboard.theme import PICKED
from tests.backends.damage import grib
from tests.backends.test_derived import solid_rotation
from tests.backends.test_readers import broken_files
from tests.dashboard.helpers import LATITUDE, LONGITUDE, image, text_of
from tests.files import dataset, known, regional, write
from tests.grids import GRIDS


@pytest.fixture
def explore(catalogue):
    page = ExplorePage(catalogue, "a.nc")
    page.state.wait()
    yield page
    page.state.close()


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
    assert explore.map._marks.data["color"] == list(PICKED[:2])
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
        explore.opening.path.value = path.name
        explore.state.wait()
        assert re.search(says, text_of(explore.opening.problem))
        assert explore.state.dataset == "a.nc" == explore.opening.datasets.key
    explore.opening.path.value = "../secret.nc"
    explore.state.wait()
    assert "leads outside the data folder" in text_of(explore.opening.problem)
    np.testing.assert_array_equal(image(explore.map), before)
    explore.opening.path.value = "a.nc"
    explore.state.wait()
    assert not text_of(explore.opening.problem)


def test_an_address_is_refused_beside_its_field_unless_any_may_be_opened(explore, tmp_path):
    explore.opening.path.value = "https://example.org/a.zarr"
    explore.state.wait()
    assert "reads only the stores that ASSIMILAB_STORES names" in text_of(explore.opening.problem)
    assert "https://" not in explore.opening.path.placeholder
    alone = ExplorePage(Catalogue(tmp_path, any_address=True), "a.nc")
    alone.state.wait()
    assert "https://" in alone.opening.path.placeholder
    alone.opening.path.value = "https://me:secret@example.org/a.zarr"
    alone.state.wait()
    said = text_of(alone.opening.problem)
    assert "credentials come from the environment" in said
    assert "secret" not in said
    assert alone.state.dataset == "a.nc"


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
    monkeypatch.setattr(uploads, "UPLOAD_LIMIT", 2**20)
    explore.state.upload("big.nc", bytes(2**21))
    assert "big.nc has 2 MB; at most 1 MB can be uploaded" in text_of(explore.opening.problem)
    assert not explore.state.uploads


def test_a_message_of_a_grib_file_is_chosen_in_the_table(tmp_path):
    both = [grib(tmp_path / "first", steps=1, shortName="10u"), grib(tmp_path / "second", steps=3)]
    (tmp_path / "b.grib").write_bytes(b"".join(part.read_bytes() for part in both))
    page = ExplorePage(Catalogue(tmp_path), "b.grib")
    page.state.wait()
    page.state.choose_variable("u10")
    page.state.wait()
    assert page.message_box.visible
    assert not len(page.messages.table.value)  # not before it is looked at
    page.message_box.active = [0]
    page.state.wait()
    assert list(page.messages.table.value["step"]) == ["0", "0", "6", "12"]
    page.messages._on_click(SimpleNamespace(row=3, column="step"))
    page.state.wait()
    np.testing.assert_allclose(image(page.map), known(LATITUDE, LONGITUDE) + 2, rtol=1e-4)
    assert "2020-01-01 12:00 UTC" in page._heading.object
    assert (page.player.value, page.variables.value) == (2, "t2m")
    regional(tmp_path / "a.nc")
    page.state.open("a.nc")
    page.state.wait()
    assert not page.message_box.visible
    assert not page.state.messages


def test_a_message_that_another_hides_is_told(tmp_path):
    path = grib(tmp_path / "b.grib", steps=1)
    path.write_bytes(2 * path.read_bytes())
    page = ExplorePage(Catalogue(tmp_path), "b.grib")
    page.state.wait()
    page.state.list_messages()
    page.state.wait()
    page.messages._on_click(SimpleNamespace(row=1, column="step"))
    assert "an earlier message has the same variable, time, level and member" in text_of(page._problem)


def test_a_map_in_another_projection(explore):
    explore.projection.value = "globe"
    explore.state.wait()
    assert explore.longitude.visible
    assert explore.latitude.visible
    assert (explore.state.middle_latitude, explore.state.middle_longitude) == (45, 0)  # of the field's area
    raster, view = explore.state.picture.raster, explore.state.picture.view
    assert (raster.west, raster.east, raster.south, raster.north) == (-1, 1, -1, 1)
    latitude, longitude = (v.numpy() for v in view.centres())
    drawn = np.isfinite(image(explore.map))
    inside = (abs(latitude - 45) < 16) & (abs(longitude) < 21)
    np.testing.assert_array_equal(drawn, inside)
    expected = 250 + latitude + 20 * np.cos(np.deg2rad(longitude))
    np.testing.assert_allclose(image(explore.map)[drawn], expected[drawn], atol=1.3)
    table = explore.map._table.data
    assert len(table["latitude"][0]) == table["size"][0][0] * table["size"][0][1]
    explore.projection.value = "lat-lon"
    explore.state.wait()
    np.testing.assert_allclose(image(explore.map), known(LATITUDE, LONGITUDE), rtol=1e-6)
    assert not explore.longitude.visible


def test_a_place_on_the_globe_is_picked_and_hides_behind_the_horizon(explore):
    explore.projection.value = "globe"
    explore.state.wait()
    x, y = explore.map._ground.points([10.3], [40.2])
    latitude, longitude = explore.map._ground.place(x[0], y[0])
    explore.map._on_tap(latitude, longitude)
    explore.state.wait()
    assert [(s.latitude, s.longitude) for s in explore.state.series] == [(40, 10)]
    shown = explore.map._ground.points([10], [40])
    assert (explore.map._marks.data["x"], explore.map._marks.data["y"]) == (shown[0].tolist(), shown[1].tolist())
    assert explore.map._ground.place(0.9, 0.9) is None
    explore.longitude.value = 180
    explore.state.wait()
    assert np.isnan(explore.map._marks.data["x"]).all()


def test_a_drag_turns_the_globe(explore):
    explore.projection.value = "globe"
    explore.state.wait()
    figure, turned = explore.map.figure, explore.map._ground.turned
    turned.data = {"latitude": [12.0], "longitude": [-30.0], "done": [False], "count": [1]}
    explore.state.wait()
    assert explore.state.picture.view.projection == Orthographic(12, -30)
    preview = image(explore.map).size
    turned.data = {"latitude": [14.0], "longitude": [-32.0], "done": [True], "count": [2]}
    explore.state.wait()
    assert explore.map.figure is figure
    assert image(explore.map).size > 8 * preview
    assert (explore.latitude.value, explore.longitude.value) == (14, -32)


def test_every_grid_is_shown(explore, tmp_path):
    for name, (make, kind, _) in GRIDS.items():
        write(tmp_path / f"{name}.nc", make())
        explore.opening.path.value = f"{name}.nc"
        explore.state.wait()
        assert not text_of(explore._problem) + text_of(explore.opening.problem), name
        assert kind in explore._facts.object
        explore.state.choose_projection("robinson")
        explore.state.wait()
        assert np.isfinite(image(explore.map)).any()
        explore.state.look_at(Window(-1, 1, -0.5, 0.5))
        explore.state.wait()
        assert explore.map._image.data["dw"] == [pytest.approx(3)]
        explore.state.choose_projection("lat-lon")
        explore.state.wait()


def test_derived_variables_are_offered_and_shown(tmp_path):
    write(tmp_path / "winds.nc", solid_rotation())
    page = ExplorePage(Catalogue(tmp_path), "winds.nc")
    page.state.wait()
    assert "Wind speed (derived, u, v)" in page.variables.options
    page.variables.value = "vorticity(u,v)"
    page.state.wait()
    assert page.state.picture.field.variable.units == "1e-5 s-1"
    assert "Relative vorticity [10⁻⁵ s⁻¹]" in page._heading.object
    assert page.state.low == -page.state.high
    page.state.close()


def test_contours_and_barbs_lie_over_the_field_and_go_with_it(tmp_path):
    write(tmp_path / "winds.nc", solid_rotation())
    page = ExplorePage(Catalogue(tmp_path), "winds.nc")
    page.state.wait()
    page.overlays.contoured.value = "wind_speed(u,v)"
    page.overlays.levels.value = "10"
    page.overlays.wind.value = "u, v"
    page.overlays.wait()
    drawn = page.map._overlays
    assert {float(text) for text in drawn.labels.data["text"]} <= {10, 20, 30}
    first = np.nanmax(np.abs(drawn.contours.data["y"]))
    assert first == pytest.approx(np.rad2deg(np.arccos(10 / 40)), abs=0.1)
    assert len(drawn.wind.data["x"]) > 100
    page.state.choose("time", 2)  # three times as fast
    page.state.wait()
    page.overlays.wait()
    assert np.nanmax(np.abs(drawn.contours.data["y"])) == pytest.approx(np.rad2deg(np.arccos(10 / 120)), abs=0.1)
    page.overlays.levels.value = "ten"
    page.overlays.wait()
    assert "Contour levels must be an interval" in text_of(page.overlays._problem)
    assert len(drawn.contours.data["x"]) == 0
    page.overlays.levels.value = ""
    page.projection.value = "globe"
    page.state.wait()
    page.overlays.wait()
    assert page.map._overlays is not drawn
    assert np.nanmax(np.hypot(*(page.map._overlays.contours.data[c] for c in "xy"))) <= 1
    page.close()
