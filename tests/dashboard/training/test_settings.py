"""The settings of a training, on the page and in its file."""

import pytest

from backends.errors import InputError
from backends.experiments.run import from_yaml
from backends.experiments.training.registry import TASKS
from dashboard.training.state import TrainingState
from tests.dashboard.helpers import text_of

FIRST = next(iter(TASKS))


@pytest.mark.parametrize("task", TASKS)
def test_the_usual_settings_of_every_task_are_those_of_its_file(task, jobs, tmp_path):
    s = TrainingState(tmp_path)
    s.task = task
    assert s.fault == ""
    assert s.settings() == from_yaml(f"kind: training\ntask: {task}")
    assert from_yaml(s.yaml()) == s.settings()


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_controls_and_they_follow_its_settings(task, view):
    view.state.task = task
    for group in view.controls._made[task]:
        group[0].value = True  # what is below a heading is made when it is opened
    view.state.form.section.seed = 17
    assert view.state.settings().seed == 17
    assert {"iterations", "learning_rate"} <= set(view.controls._forms[task].boxes)


def test_a_file_is_taken_over_into_nested_sections(jobs, tmp_path):
    s = TrainingState(tmp_path)
    s.take(
        "kind: training\ntask: aivar-1d\npoints: 40\nminutes: 2\niterations: null\nobservations: {count: [3, 9]}\n"
        "network: {name: control, width: 32}"
    )
    form = s.form
    assert form.section.points == 40
    assert form.parts["observations"].section.count == (3, 9)
    assert form.chosen.network == "control"
    assert form.offers["network"]["control"].section.width == 32
    assert form.offers["network"]["mlp"].section.width == 256
    assert from_yaml(s.yaml()) == s.settings()
    form.reset()
    assert s.settings() == from_yaml("kind: training\ntask: aivar-1d")
    with pytest.raises(InputError, match="open it on the page of that name"):
        s.take("kind: cycling")


def test_a_fault_is_said_below_the_control_that_caused_it(view, jobs):
    section = view.state.form.section
    section.batch = 0
    box = view.controls._forms[FIRST].boxes["batch"]
    assert "Batch: must be at least 1; came 0" in text_of(box[1])
    assert view.controls.start.disabled
    view.state.start()
    assert jobs.list() == ()
    section.batch = 8
    assert len(box) == 1
    assert not view.controls.start.disabled


def test_an_end_may_be_left_open_and_words_are_no_numbers(view):
    boxes = view.controls._forms[FIRST].boxes
    iterations, minutes = boxes["iterations"][0], boxes["minutes"][0]
    iterations.value = ""
    assert "a training needs an end" in view.controls._fault.object
    minutes.value = "1.5"
    assert view.state.settings().minutes == 1.5
    assert view.state.settings().iterations is None
    minutes.value = "soon"
    assert "must be a number" in boxes["minutes"][1].object
    view.state.form.reset()
    assert (iterations.value, minutes.value) == (f"{view.state.form.section.iterations}", "")
