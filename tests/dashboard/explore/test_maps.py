"""Maps of the Explore page without a browser: projections, grids, details, and what lies over the field."""

import threading

import numpy as np
import pytest

from backends.fields.catalogue import Catalogue
from backends.fields.raster import Window
from backends.geometry.projections import Orthographic
from dashboard.explore.page import ExplorePage
from dashboard.worker import FILES
from tests.backends.test_derived import solid_rotation
from tests.dashboard.helpers import LATITUDE, LONGITUDE, image, text_of
from tests.files import dataset, known, write
from tests.grids import GRIDS, icon


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


def test_a_part_whose_points_all_have_pixels_is_not_asked_for_again(tmp_path):
    latitude, longitude = np.linspace(-90, 90, 721), np.arange(-180, 180, 0.25)
    write(tmp_path / "large.nc", dataset(latitude, longitude).isel(time=[0, 1]))
    state = ExplorePage(Catalogue(tmp_path), "large.nc").state
    state.wait()

    def shown(*window):
        state.look_at(Window(*window))
        state.wait()
        return state.picture

    close = shown(0, 10, 40, 50)  # drawn with a quarter more on each side
    assert shown(1, 9, 41, 49) is close
    assert shown(-2, 8, 38, 48) is close
    beyond = shown(-4, 8, 38, 48)
    assert beyond is not close
    assert beyond.raster.west < -4
    assert shown(-180, 180, -90, 90).raster.values.shape == (640, 1000)
    at_the_pole = shown(0, 10, 85, 95)
    assert shown(0, 10, 86, 96) is at_the_pole  # there is nothing further north


def test_what_is_here_is_not_taken_for_what_is_looked_at_while_another_part_is_on_its_way(tmp_path):
    latitude, longitude = np.linspace(-90, 90, 721), np.arange(-180, 180, 0.25)
    write(tmp_path / "large.nc", dataset(latitude, longitude).isel(time=[0, 1]))
    state = ExplorePage(Catalogue(tmp_path), "large.nc").state
    state.wait()
    state.look_at(Window(0, 10, 40, 50))
    state.wait()
    busy = threading.Event()
    FILES.submit(busy.wait, 10)
    state.look_at(Window(60, 70, 40, 50))
    state.look_at(Window(1, 9, 41, 49))  # back before that has come
    busy.set()
    state.wait()
    assert state.picture.raster.west <= 1
    assert state.picture.raster.east < 60


def test_the_part_that_is_looked_at_is_told_as_soon_as_the_wheel_rests(explore):
    assert explore.map.figure.lod_timeout <= 100


def test_a_map_in_another_projection(explore):
    explore.mapping.projection.value = "globe"
    explore.state.wait()
    assert explore.mapping.longitude.visible
    assert explore.mapping.latitude.visible
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
    explore.mapping.projection.value = "lat-lon"
    explore.state.wait()
    np.testing.assert_allclose(image(explore.map), known(LATITUDE, LONGITUDE), rtol=1e-6)
    assert not explore.mapping.longitude.visible


def test_a_place_on_the_globe_is_picked_and_hides_behind_the_horizon(explore):
    explore.mapping.projection.value = "globe"
    explore.state.wait()
    x, y = explore.map._ground.points([10.3], [40.2])
    latitude, longitude = explore.map._ground.place(x[0], y[0])
    explore.map._on_tap(latitude, longitude)
    explore.state.wait()
    assert [(s.latitude, s.longitude) for s in explore.state.series] == [(40, 10)]
    shown = explore.map._ground.points([10], [40])
    assert (explore.map._marks.data["x"], explore.map._marks.data["y"]) == (shown[0].tolist(), shown[1].tolist())
    assert explore.map._ground.place(0.9, 0.9) is None
    explore.mapping.longitude.value = 180
    explore.state.wait()
    assert np.isnan(explore.map._marks.data["x"]).all()


def test_a_drag_turns_the_globe(explore):
    explore.mapping.projection.value = "globe"
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
    assert (explore.mapping.latitude.value, explore.mapping.longitude.value) == (14, -32)


#: A grid with a pole of its own, one of cells with corners, one of cells in rings, and triangles; of all others
#: test_grids makes pictures without a page.
SOME = ("rotated", "curvilinear", "healpix-ring", "icon")
OTHERS = [name for name in GRIDS if name not in SOME]


@pytest.mark.parametrize("names", [SOME, pytest.param(OTHERS, marks=pytest.mark.reference)], ids=["some", "others"])
def test_every_grid_is_shown(explore, tmp_path, names):
    for name in names:
        make, kind, _ = GRIDS[name]
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
    page.mapping.projection.value = "globe"
    page.state.wait()
    page.overlays.wait()
    assert page.map._overlays is not drawn
    assert np.nanmax(np.hypot(*(page.map._overlays.contours.data[c] for c in "xy"))) <= 1
    page.close()


def test_triangles_show_their_edges_and_what_becomes_of_them_at_the_dateline(tmp_path):
    write(tmp_path / "icon.nc", icon())
    write(tmp_path / "winds.nc", solid_rotation())
    page = ExplorePage(Catalogue(tmp_path), "icon.nc")
    page.state.wait()
    views = page.overlays
    assert views._cells.visible
    views.edges.value = views.careless.value = True
    views.wait()
    drawn = page.map._overlays
    assert "20,480 triangles are in view" in views._cell_words.object
    assert not len(drawn.edges.data["x"])
    widths = [np.ptp(x) for x in drawn.careless.data["xs"]]
    assert len(widths) > 50
    assert min(widths) > 180
    page._on_window(Window(-20, 20, -10, 10))
    page.state.wait()
    views.wait()
    assert "triangles in view" in views._cell_words.object
    assert np.nanmax(np.abs(np.diff(drawn.edges.data["x"]))) < 10
    views.careless.value = False
    views.wait()
    assert not len(drawn.careless.data["value"])
    page.state.open("winds.nc")
    page.state.wait()
    assert not views._cells.visible
    page.close()
