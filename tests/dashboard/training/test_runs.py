"""The Training page without a browser: runs, their curves, and what can be done with them."""

import json

from backends.experiments.run import from_yaml
from backends.experiments.training.registry import TASKS
from backends.jobs.job import State
from backends.learning.gallery import Panel, Series, to_json
from dashboard.training import bar
from dashboard.training.page import FILE, RUNS
from tests.dashboard.helpers import SCRIPT
from tests.dashboard.training.jobs import reports

FIRST = next(iter(TASKS))


def test_without_runs_the_page_says_how_to_begin(view, jobs):
    view.tick()
    assert "No training has run" in view.bar._empty.object
    assert view.bar._empty.visible
    assert not view.bar.chosen.visible
    assert not any(button.visible for button in view.bar._buttons)
    jobs.loading = True
    view.tick()
    assert "Looking for earlier runs" in view.bar._where.object


def test_a_run_is_started_watched_and_ended(view, jobs):
    view.state.form.section.iterations = 100
    view.state.start()
    (job,) = jobs.list()
    assert view.state.run == job.id
    assert from_yaml(job.settings) == view.state.settings()
    view.tick()
    assert "created" in view.bar._where.object

    jobs.change(job.id, state=State.RUNNING, done=11, of=100, started=1.0, note="training")
    jobs.points[job.id] = reports(11)
    view.tick()
    assert "11 of 100 iterations" in view.bar._where.object
    assert "about 9 s left" in view.bar._where.object
    assert (view.bar.pause.visible, view.bar.cancel.visible, view.bar.go_on.visible) == (True, True, False)
    figures = view.live._figures
    assert list(figures["loss"]._lines) == ["loss", "J_b", "J_o"]
    assert {"gaps", "score cost", "score rmse", "learning_rate", "gradient_norm", "samples_per_second"} <= set(figures)
    source = figures["loss"]._lines["loss"]._source
    assert list(source.data["x"]) == list(range(1, 12))

    jobs.points[job.id] += reports(4, first=12)
    view.tick()
    assert list(source.data["x"]) == list(range(1, 16))

    jobs.change(job.id, state=State.COMPLETED, done=100, of=100, ended=61.0, summary={"cost_gap_median": 0.25})
    view.tick()
    assert (view.bar.pause.visible, view.bar.cancel.visible, view.bar.go_on.visible) == (False, False, True)
    assert "took 1 min 00 s" in view.bar._where.object
    assert view.bar.progress.value == 100


def test_the_space_bar_starts_a_training_lets_it_rest_and_go_on(view, jobs):
    press = view.bar.keys._actions[" "][0]
    press()
    (job,) = jobs.list()
    view.tick()
    press()  # it waits for its turn
    assert (jobs.list(), jobs.told) == ((job,), [])
    for state in (State.RUNNING, State.PAUSED):
        jobs.change(job.id, state=state)
        view.tick()
        press()
    assert jobs.told == [("pause", job.id), ("resume", job.id)]
    jobs.change(job.id, state=State.COMPLETED)
    view.tick()
    press()
    assert len(jobs.list()) == 2


def test_pictures_are_drawn_anew_only_where_they_change(view, jobs):
    view.state.start()
    (job,) = jobs.list()

    def shows(value: float) -> bytes:
        series = (Series("truth", "truth", (0.0, 1.0), (0.0, value)), Series("obs", "observations", (0.5,), (value,)))
        return to_json((Panel("case 1", "x", "y", series),)).encode()

    jobs.change(job.id, state=State.RUNNING)
    jobs.pictures[job.id] = shows(1.0)
    view.tick()
    view.live.gallery.wait()
    (first,) = view.live.gallery._pictures
    assert first._sources[0].data["y"][1] == 1.0
    jobs.pictures[job.id] = shows(2.0)
    view.tick()
    view.live.gallery.wait()
    assert view.live.gallery._pictures == [first]
    assert first._sources[0].data["y"][1] == 2.0
    jobs.files[job.id, "gallery.json"] = shows(3.0)
    jobs.change(job.id, state=State.COMPLETED, artifacts=("gallery.json", "network.safetensors"))
    view.tick()
    view.live.gallery.wait()
    assert first._sources[0].data["y"][1] == 3.0
    jobs.pictures[job.id] = b"no pictures"
    jobs.change(job.id, state=State.RUNNING, artifacts=())
    view.tick()
    view.live.gallery.wait()
    assert "cannot be read" in view.live.gallery._problem.object


def test_runs_go_on_and_are_fine_tuned(view, jobs):
    view.state.form.section.iterations = 50
    view.state.start()
    (job,) = jobs.list()
    stopped = jobs.change(job.id, state=State.CANCELLED)
    view.state.go_on(stopped)
    again = from_yaml(jobs.list()[0].settings)
    assert (again.resume, again.fine_tune, again.iterations) == (job.id, False, 50)
    view.state.go_on(jobs.change(job.id, state=State.COMPLETED))
    assert from_yaml(jobs.list()[0].settings).iterations == 100
    view.state.form.section.learning_rate = 1e-4
    view.state.fine_tune(jobs.known[job.id])
    tuned = jobs.list()[0]
    settings = from_yaml(tuned.settings)
    assert (settings.resume, settings.fine_tune, settings.learning_rate) == (job.id, True, 1e-4)
    assert jobs.continues == ["", job.id, job.id, job.id]
    assert bar.origin(tuned) == f"fine-tuned from {job.id[:6]}"
    view.state.task = list(TASKS)[-1]
    view.state.fine_tune(jobs.known[job.id])
    assert "choose that task" in view._problem.object


def test_a_refusal_is_said_and_a_lost_run_too(view, jobs):
    view.state.start()
    view.state.tell("pause", view.state.run)
    assert "Only a job that runs can be paused" in view._problem.object
    view.state.run = SCRIPT
    view.tick()
    assert "there is no run" in view._problem.object.lower()
    assert "<script" not in view._problem.object
    assert view.state.run == jobs.list()[0].id


def test_runs_are_listed_compared_and_deleted(view, jobs):
    for rate in (1e-3, 1e-2):
        view.state.form.section.learning_rate = rate
        view.state.start()
    new, old = jobs.list()
    for job, score in ((new, 0.5), (old, 0.25)):
        jobs.points[job.id] = reports(10)
        jobs.change(
            job.id, state=State.COMPLETED, started=1.0, ended=61.0, done=10, of=10,
            summary={"cost_gap_median": score, "rmse_network": 0.5},
        )  # fmt: skip
    view.tabs.active = RUNS
    table = view.runs.table
    assert list(table.value["score"]) == [0.5, 0.25]
    assert list(table.value["minutes"]) == [1.0, 1.0]
    assert "learning_rate 0.01" in table.value["parameters"][0]
    table.selection = [0, 1]
    assert view.state.compared == [new.id, old.id]
    assert list(view.runs._curves._lines) == [new.id[:6], old.id[:6]]
    assert view.runs.metric.value == "cost_gap_median"
    text = view.runs._table.object
    assert "<th>learning_rate</th><td><b>0.01</b></td>" in text
    assert "<th>batch</th>" not in text
    # A row that changes does not take away what has been checked.
    jobs.change(old.id, done=11)
    view.runs._sent = 0.0
    view.tick()
    assert table.selection == [0, 1]
    assert list(table.value["iterations"]) == [10, 11]

    view.runs._on_delete(None)
    assert view.runs._confirm.visible
    assert f"{new.id[:6]}, {old.id[:6]}" in view.runs._sure.object
    view.runs._on_yes(None)
    assert jobs.told == [("delete", new.id), ("delete", old.id)]
    assert (len(table.value), view.state.compared, view.runs._confirm.visible) == (0, [], False)


def test_a_run_that_has_not_ended_is_not_offered_for_deletion(view, jobs):
    view.state.start()
    view.tabs.active = RUNS
    view.runs.table.selection = [0]
    view.runs._on_delete(None)
    assert not view.runs._confirm.visible
    assert "only runs that have ended" in view.runs._problem.object.lower()


def test_checked_runs_are_tagged(view, jobs):
    for _ in range(2):
        view.state.start()
    view.tabs.active = RUNS
    view.runs.table.selection = [0]
    view.runs.tags.value = "best, <b>lecture</b>"
    view.runs.tag.clicks += 1
    newest = jobs.list()[0]
    assert newest.tags == ("best", "<b>lecture</b>")
    assert view.runs.table.value["tags"].tolist() == ["best, <b>lecture</b>", ""]
    assert "&lt;b&gt;lecture" in bar.where(newest, None)
    view.runs.table.selection = [1]
    assert view.runs.tags.value == ""


def test_a_run_that_was_not_completed_has_the_scores_that_it_reported_last(view, jobs):
    view.state.start()
    (job,) = jobs.list()
    jobs.change(job.id, state=State.CANCELLED, latest={"cost_gap_median": 0.25, "rmse_network": 0.5, "loss": 3.0})
    view.tabs.active = RUNS
    assert view.runs.table.value[["score", "RMSE"]].values.tolist() == [[0.25, 0.5]]
    jobs.change(job.id, state=State.FAILED, latest={"train_loss": 2.0, "val_loss": 1.5})
    view.runs.show(jobs.list())
    assert view.runs.table.value["score"].tolist() == [1.5]


def test_the_file_tab_has_the_settings_and_the_files_of_the_run(view, jobs):
    view.state.start()
    (job,) = jobs.list()
    jobs.change(job.id, state=State.COMPLETED, artifacts=("gallery.json", "network.safetensors"))
    jobs.files[job.id, "network.safetensors"] = b"w" * 5000
    view.tabs.active = FILE
    assert view.file.text.value == view.state.yaml()
    assert view.weights.file.value == "network.safetensors"
    view.weights._on_fetch(None)
    view.weights.wait()
    assert view.weights.download.file.getvalue() == b"w" * 5000
    view.file.text.value = "kind: training\ntask: aivar-1d\nbatch: 7\n"
    view.file._on_apply(None)
    assert view.state.settings().batch == 7


def test_what_others_wrote_is_shown_as_text(view, jobs):
    settings = f"kind: training\ntask: {json.dumps(SCRIPT)}\nnote: {json.dumps(SCRIPT)}\n"
    job = jobs.submit("training", settings, None)
    jobs.change(job.id, state=State.FAILED, problem=SCRIPT, note=SCRIPT, summary={f"rmse_{SCRIPT}": 1.0})
    jobs.submit("training", settings + "batch: 3\n", None)
    view.state.run = job.id
    view.tabs.active = RUNS
    view.runs.table.selection = [0, 1]
    for shown in (view.bar._where, view.bar._problem, view.runs._table, view.runs._sure):
        assert "<script" not in shown.object
        assert "<img" not in shown.object
    assert view.runs.table.formatters["parameters"] == {"type": "plaintext"}
