"""The Cycling page without a browser: figures of every testbed, presets, files, downloads, pages that are freed."""

import gc
import weakref

import pytest

from backends.errors import InputError
from dashboard.cycling.page import CyclingPage
from dashboard.cycling.presets import PRESETS
from dashboard.cycling.state import TESTBEDS, CyclingState
from dashboard.races import RACES, LiveRace
from tests.dashboard.live_races import SMALL, steps, wait_until


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


def test_the_run_and_the_innovations_can_be_downloaded(page):
    page.exports._ask("run")
    assert "othing has run yet" in page.exports._problem.object
    steps(page.state, 2)
    for kind, name in (("run", "run.nc"), ("feedback", "feedback-2-etkf.nc")):
        page.exports._ask(kind)
        page.exports.wait()
        assert page.exports.download.filename == name
        assert page.exports.download.file.getvalue()[:4] in (b"\x89HDF", b"CDF\x01", b"CDF\x02", b"CDF\x05")


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
