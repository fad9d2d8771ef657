"""The settings of the Rollout page, and faults beside their controls."""

import pytest

from backends.errors import InputError
from dashboard.rollout.chosen import USUAL
from dashboard.rollout.page import FILE
from dashboard.rollout.state import RolloutState
from tests.dashboard.helpers import text_of


def test_a_file_that_the_page_shows_describes_what_it_runs(page, tmp_path):
    page.tabs.active = FILE
    other = RolloutState(tmp_path, page.file.text.value)
    assert other.settings() == page.state.settings()
    assert [section.MODEL.model_fields["name"].default for section in other.models] == ["perfect", "wrong", "persistence"]
    with pytest.raises(InputError, match="kind cycling"):
        page.state.take("kind: cycling")
    with pytest.raises(InputError, match="at most 4 models"):
        page.state.take(f"kind: rollout\nmodels: [{', '.join(['{name: persistence}'] * 5)}]")


def test_a_fault_is_said_beside_the_control_that_caused_it(page):
    section, boxes = page.state.form.section, page.controls.form.boxes
    section.steps = 0
    assert "Steps: must be at least 1; came 0" in text_of(boxes["steps"][1])
    assert page.controls.run.disabled
    section.steps = 6
    assert len(boxes["steps"]) == 1
    section.starts = 4000
    assert "times members may be" in text_of(boxes["starts"][1])
    section.starts = 3
    wrong = page.state.models[1]
    wrong.model = {"forcing": 2e6}
    card = page.controls.models._list[1]
    assert "orcing: must be at most" in text_of(card[-1])
    assert text_of(page.controls._fault) == ""
    wrong.model = {"forcing": 6.0}
    assert page.state.fault == ""
    assert "at most" not in str([getattr(part, "object", "") for part in card])


def test_what_only_the_data_tell_is_said_beside_its_control(page):
    def told() -> None:
        page.state.run()
        page.state.wait()

    boxes = page.controls.form.boxes
    page.state.take("""
kind: rollout
start: {name: archive, dataset: european, time: "2025-01-10T00:00"}
models: [{name: persistence}]
steps: 2
members: 1
perturbation: {name: none}
starts: 1
""")
    told()
    assert "must be a time of the archive that nothing was fitted to" in text_of(boxes["start.time"][1])
    assert text_of(page._problem) == ""  # once is enough
    page.state.archive.time = None
    assert len(boxes["start.time"]) == 1
    page.state.archive.param.update(dataset="none.nc", fields=("t2m",))
    told()
    assert "there is no file" in text_of(boxes["start.dataset"][1])
    page.state.archive.param.update(dataset="european", fields=("t3m",))
    told()
    assert "has no variable &#x27;t3m" in text_of(boxes["start.fields"][1])


def test_models_come_and_go(page):
    state = page.state
    state.add_model("climatology")
    assert [len(page.controls.models._list), page.controls.models.add.disabled] == [4, True]
    state.add_model("perfect")
    assert "at most 4" in state.problem
    for section in list(state.models):
        state.remove_model(section)
    assert len(state.models) == 1  # the last one stays


@pytest.mark.parametrize("testbed", [name for name in USUAL if name not in ("era5", "european", "emulator")])
def test_every_testbed_has_settings_that_can_be_run(page, testbed):
    page.state.testbeds.chosen.dynamics = testbed
    assert page.state.fault == ""
    assert page.state.settings().start.dynamics.name == testbed


def test_another_kind_of_start_has_models_that_can_forecast_it(page):
    page.state.form.chosen.start = "archive"
    assert page.state.fault == ""
    names = [model.name for model in page.state.settings().models]
    assert names == ["linear-inverse", "persistence", "climatology"]
    offered = {item["model"] for item in page.controls.models.add.items}
    assert offered == {"network", "persistence", "climatology", "linear-inverse"}
    page.state.form.chosen.start = "testbed"
    assert page.state.fault == ""


def test_the_spread_of_what_is_drawn_is_not_called_an_error_of_the_forecasts(page):
    widget = page.controls.form.boxes["start.dynamics.start_sigma"][0]
    assert widget.label == "Spread of the drawn states"
    assert "before the spin-up" in widget.description
    widget.value = 0.2
    assert page.state.checked().start.dynamics.start_sigma == 0.2
