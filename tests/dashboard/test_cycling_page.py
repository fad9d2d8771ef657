"""The Cycling page without a browser: figures of every testbed, presets, files, downloads, pages that are freed."""

import gc
import weakref

import numpy as np
import pytest
import xarray as xr

from backends.errors import InputError
from backends.experiments.cycling.replay import replay
from backends.experiments.run import from_yaml
from backends.pictures.cycling import Look, cycling
from backends.pictures.paint import paint
from backends.pictures.scripts import cycling_script
from dashboard.cycling.page import CyclingPage
from dashboard.cycling.presets import PRESETS
from dashboard.cycling.sections import TESTBEDS
from dashboard.cycling.state import CyclingState
from dashboard.races import RACES, LiveRace
from tests.dashboard.helpers import export, text_of
from tests.dashboard.live_races import SMALL, look, steps, wait_until


@pytest.fixture
def page():
    page = CyclingPage()
    page.state.take(SMALL)
    wait_until(lambda: page.state.live.ready)
    yield page
    if page.state.live is not None:
        RACES.drop(page.state.live)
    page.close()


@pytest.mark.parametrize("testbed", [name for name in TESTBEDS if name not in ("shallow-water", "emulator")])
def test_every_testbed_is_drawn(page, testbed, monkeypatch):
    monkeypatch.setattr("backends.cycling.climate.SAMPLED_OF_LARGE", (4, 5))  # a figure needs no better climate
    page.state.choose_testbed(testbed)
    assert page.state.problem == ""
    wait_until(lambda: page.state.live.ready)
    steps(page.state, 2)
    page.tick()
    page.state.wait()
    assert page.state.view.cycle == 2
    assert page._scores.object.count("<tr>") == 3


def test_a_preset_is_taken_over_by_the_controls(page):
    title = next(iter(PRESETS))
    page.controls.preset.value = title
    assert page.state.title == title
    assert len(page.controls.methods._list) == len(page.state.methods)


def test_the_file_of_a_page_says_what_it_shows(page):
    page.tabs.active = 3
    text = page.file.text.value
    other = CyclingState(text=text)
    assert other.settings() == page.state.settings()
    RACES.drop(other.live)
    with pytest.raises(InputError, match="kind analysis"):
        page.state.take("kind: analysis\ncase: {name: periodic-1d}")


def test_the_race_is_exported_as_it_is_shown(page, tmp_path):
    page.export.items["png"].clicks += 1
    assert "Nothing has run yet" in text_of(page.export._problem)
    steps(page.state, 3)
    page.state.network.sigma = 2.0
    steps(page.state, 2)
    look(page.state)  # the page now knows which states it shows
    seen = look(page.state)
    begins = {"png": b"\x89PNG", "svg": b"<?xml", "csv": b"method,experiment,cycle", "feedback.nc": b"\x89HDF", "py": b'"""'}
    for form, begin in begins.items():
        assert export(page, form).startswith(begin)
        assert page.export.download.filename == f"cycling_lorenz63_etkf_cycle-5.{form}"
    (tmp_path / "run.nc").write_bytes(export(page, "nc"))
    with xr.open_dataset(tmp_path / "run.nc") as data:
        np.testing.assert_array_equal(data["rmse_analysis"][:, 0], [series["rmse_analysis"] for series in seen.series])
    assert from_yaml(export(page, "yaml").decode()) == page.state.settings()
    picture = export(page, "svg")
    again, look_at = replay(seen.stages, seen.cycle), Look(method=1)
    assert paint(cycling(again, look_at).drawing(), "svg") == picture
    assert export(page, "py").decode() == cycling_script(seen.stages, 5, look_at, "cycling_lorenz63_etkf_cycle-5")


def test_a_page_is_freed_and_its_race_stays(page):
    key = page.state.live.key
    other = CyclingPage(key)
    state, reference = other.state, weakref.ref(other)
    other.close()
    del other, state
    wait_until(lambda: gc.collect() is not None and reference() is None)
    assert isinstance(RACES.get(key), LiveRace)


def test_stations_set_by_hand_are_named_in_the_list():
    page = CyclingPage()
    page.state.toggle_station(3, [])
    page.state.toggle_station(7, [])
    assert page.state.network.components == (3, 7)
    assert page.controls.components.value == (3, 7)
    assert "Chosen by hand" in page.controls.components.options
    page.controls.components.value = "every"
    assert page.state.network.components == "every"
    page.close()


def test_who_comes_to_a_race_that_goes_on_is_told_that_it_is_being_prepared(page):
    assert page.content().preparing == "Preparing the race …"
    steps(page.state, 2)
    late = CyclingPage(query=f"v=1&race={page.state.live.key}")
    assert late.state.live is page.state.live
    assert "at cycle 2 " in late.content().preparing
    assert "Preparing" in late._scores.object
    late.state.look()
    late.state.wait()
    assert "<table" in late._scores.object
    late.close()
