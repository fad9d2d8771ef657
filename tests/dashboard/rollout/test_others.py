"""Other starts and truths on the Skill tab, without a browser: what is asked, run, shown, and kept in the file."""

import numpy as np
import pytest

from backends.errors import InputError
from backends.experiments.rollout.generalise import generalised
from backends.experiments.rollout.other_starts import GeneraliseSettings
from backends.experiments.run import from_yaml
from dashboard.rollout.others import truths_of
from dashboard.rollout.page import SKILL, RolloutPage
from tests.dashboard.helpers import text_of
from tests.dashboard.rollout.pages import SMALL, run

LINE = """
kind: rollout
start: {name: testbed, dynamics: {name: advection-1d, points: 40, waves: 5}, shape: bump}
models: [{name: perfect}, {name: wrong, model: {speed: 0.9}}, {name: persistence}]
steps: 20
every: 10
members: 2
starts: 3
"""


@pytest.fixture
def page(tmp_path):
    page = RolloutPage(tmp_path)
    page.state.take(LINE)
    run(page)
    page.tabs.active = SKILL
    yield page
    page.close()


def test_what_is_chosen_is_run_shown_and_kept_in_the_file(page):
    part, view = page.skill.others, page.state.view
    part.shapes.value, part.truths.value = ["bump", "top_hat"], "speed=1.2, speed=0.8 waves=4"
    asked = GeneraliseSettings(shapes=("bump", "top_hat"), dynamics=({"speed": 1.2}, {"speed": 0.8, "waves": 4}))
    assert from_yaml(page.state.yaml()).generalise == asked
    assert not page.state.stale
    part.run.clicks += 1
    part.wait()
    expected = generalised(view.prepared, view.result, asked)
    assert len(part.figures) == len(expected) == 4
    for figure, trial in zip(part.figures, expected, strict=True):
        for place, entry in enumerate(trial.entries):
            shown = figure._sources[place].data["value"]
            np.testing.assert_allclose(shown, np.array(entry.rmse) / trial.size, rtol=1e-5, atol=1e-12)
    words = text_of(part._words)
    assert words.count("as in the sidebar") == 1
    assert "top hat" in words
    assert "bump, speed 0.8, waves 4" in words


def test_with_nothing_chosen_one_press_tries_all_shapes_and_another_speed(page):
    part = page.skill.others
    part.run.clicks += 1
    part.wait()
    assert part.shapes.value == ["bump", "sine", "top_hat", "bumps"]
    assert part.truths.value == "speed=1.2"
    assert len(part.figures) == 5  # the bump is the start itself
    run(page)
    assert part.figures == []  # which belonged to other forecasts


def test_a_file_and_another_testbed_are_followed(page):
    part = page.skill.others
    page.state.take(f"{LINE}generalise: {{shapes: [sine], dynamics: [{{speed: 1.5}}]}}")
    assert (part.shapes.value, part.truths.value) == (["sine"], "speed=1.5")
    page.state.form.offers["start"]["testbed"].chosen.dynamics = "lorenz96"
    assert (part.shapes.value, part.truths.value) == ([], "")
    assert page.state.fault == ""
    page.state.take(SMALL)
    run(page)
    assert part.pane.visible
    assert not part.shapes.visible
    part.run.clicks += 1
    part.wait()
    assert part.truths.value == "forcing=9.6"
    assert len(part.figures) == 2


def test_faults_are_said_beside_the_controls(page):
    part = page.skill.others
    part.truths.value = "speed 1.2"
    assert "written like speed=1.2" in text_of(part._problem)
    part.truths.value = "speeed=1.2"
    assert "Other truth 1: has no key &#x27;speeed&#x27;" in text_of(part._problem)
    part.truths.value = "speed=1.2, speed=fast"
    assert "Other truth 2: speed: must be a number" in text_of(part._problem)
    part.truths.value = ""
    assert text_of(part._problem).strip() == ""
    with pytest.raises(InputError, match=r"came '1\.2'"):
        truths_of("speed=1, 1.2")
    assert truths_of("a=1 b=false,, c=-2.5") == ({"a": 1, "b": False}, {"c": -2.5})


def test_what_takes_too_long_is_given_up(page, monkeypatch):
    part = page.skill.others
    monkeypatch.setattr("dashboard.rollout.others.MOST_SECONDS", -1.0)
    part.run.clicks += 1
    part.wait()
    assert "which is as long as this page may forecast" in text_of(part._problem)
    assert part.run.label == "Run from these"
    assert not part.progress.visible
