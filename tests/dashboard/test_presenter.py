"""Presenter mode without a browser: where its keys lead, and whether there is a sidebar."""

import panel as pn
import pytest

from dashboard.presenter import Presenter, ways
from dashboard.scenes import scene_address, scenes
from dashboard.shell import Content, frame

NAMES = list(scenes())


def test_from_no_scene_the_first_one_is_next():
    found = ways("")
    assert found["previous"] == ""
    assert found["next"] == scene_address(NAMES[0])


def test_a_scene_leads_to_its_neighbours_and_its_chapter_in_the_mode_of_the_page():
    found = ways(NAMES[1], "dark")
    assert (found["previous"], found["next"]) == (scene_address(NAMES[0], "dark"), scene_address(NAMES[2], "dark"))
    own = [name for name in NAMES if scenes()[name].chapter == scenes()[NAMES[1]].chapter]
    assert found["chapter"] == [scene_address(name, "dark") for name in own]
    assert 0 < len(own) < len(NAMES)


def test_the_controls_of_a_scene_are_lit_first():
    assert ways("correlation-length")["spotlight"] == ["L"]
    assert ways("")["spotlight"] == []


def test_the_last_scene_leads_nowhere():
    assert ways(NAMES[-1])["next"] == ""


@pytest.mark.parametrize("sidebar", [[], [pn.Spacer()]], ids=["none", "one"])
def test_only_a_page_with_a_sidebar_lets_it_come(sidebar):
    page = frame("/analysis", Content([], sidebar, lambda: None))
    presenter = next(part for part in page.header if isinstance(part, Presenter))
    assert presenter.sidebar == page.sidebar_open == bool(sidebar)
