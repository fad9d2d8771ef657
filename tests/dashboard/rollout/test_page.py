"""The Rollout page without a browser: forecasts are run, shown, stopped, and scored."""

import gc
import threading
import time
import weakref

import numpy as np
import pytest

from dashboard.rollout import state as states
from dashboard.rollout.page import PHYSICS, PLAY, SKILL, RolloutPage
from dashboard.rollout.table import table
from tests.dashboard.helpers import SCRIPT, text_of
from tests.dashboard.rollout.pages import SMALL, run

SEVERAL = """
kind: rollout
start: {name: archive, dataset: european-forecast, fields: [mslp, tp], unseen: 0.3}
models: [{name: persistence}]
steps: 2
members: 1
perturbation: {name: none}
starts: 2
"""


def test_all_views_show_what_has_been_run(page):
    assert "Nothing has been forecast yet" in page.play._empty.object
    view = run(page)
    assert not page.play._empty.visible
    assert view.labels == ("perfect model", "forcing 6.0", "persistence")
    assert page.play.player.clock.labels[2] == f"lead 0.1, valid at {view.times[2]}"
    assert float(view.times[2]) == pytest.approx(float(view.times[0]) + 0.1)
    page.tabs.active = SKILL
    assert page.skill._words.object.count("<tr>") == 4
    assert page.skill.baseline.value == "persistence"
    page.tabs.active = PHYSICS
    assert list(page.physics.drifts) == ["energy"]
    assert len(page.physics._spectra[0]) == 3
    useful = dict(zip(view.labels, (row.split("<td>")[5] for row in page.skill._words.object.split("<tr>")[2:]), strict=True))
    assert useful["perfect model"].startswith("&gt; 0.3")  # at no lead below 0.6


def test_changed_settings_are_announced_until_they_are_run(page):
    run(page)
    assert not page.state.stale
    page.state.form.section.members = 5
    assert "have been changed" in text_of(page._stale)
    run(page)
    assert text_of(page._stale) == ""


def test_scores_can_be_downloaded(page):
    view = run(page)
    rows = [line.split(",") for line in page._scores().getvalue().splitlines()]
    assert len(rows) == 1 + 3 * 7
    rmse = view.result.rmse(view.result.forecasts[1]).value
    assert float(rows[1 + 7 + 6][rows[0].index("rmse")]) == pytest.approx(float(rmse[-1]), rel=1e-6)


def test_a_model_that_ends_is_named_and_the_others_go_on(page):
    page.state.take(SMALL.replace("forcing: 6.0", "forcing: 900000.0").replace("steps: 6", "steps: 40"))
    view = run(page)
    sentence = view.result.forecasts[1].ended
    assert "stop being finite" in sentence
    assert sentence in page._where.object
    page.tabs.active = SKILL
    assert sentence in page.skill._words.object
    assert np.isfinite(view.curves["rmse"]["perfect model"].value).all()


def test_what_cannot_be_told_from_the_least_error_is_marked_as_well(page):
    view = run(page)
    bands = view.curves["rmse"]
    least = min(bands.values(), key=lambda band: band.value[-1])
    expected = [label for label, band in bands.items() if band.low[-1] <= least.high[-1]]
    rows = table(view).split("<tr>")[2:]
    assert [label for label, row in zip(view.labels, rows, strict=True) if "<b>" in row] == expected
    assert 1 <= len(expected) < len(view.labels)


def test_other_states_may_come_while_another_tab_is_shown(page):
    run(page)
    page.tabs.active = PHYSICS
    page.state.dynamics.points = 30
    run(page)
    assert page.state.component == 15
    assert not page.state.stale
    page.tabs.active = PLAY
    assert "x at point 15" in page.play.point.words.object


def test_climatology_has_no_useful_lead(page):
    page.state.add_model("climatology")
    run(page)
    page.tabs.active = SKILL
    row = page.skill._words.object.split("<tr>")[-1]
    assert [cell.split("<")[0] for cell in row.split("<td>")][2::3] == ["–", "–"]  # neither correlation nor useful lead


def test_labels_of_files_are_no_markup(page):
    page.state.take(SMALL.replace("{name: perfect}", f"{{name: perfect, label: '{SCRIPT[:59]}'}}"))
    run(page)
    page.tabs.active = SKILL
    for pane in (page.skill._words, page.play.point.table, page.controls.models._list[0][0][0]):
        assert "<script" not in pane.object


def test_forecasts_can_be_stopped(page, monkeypatch):
    reported = []

    def slow(prepared, report):
        for lead in range(1000):
            reported.append(lead)
            report(lead, 1000)
            time.sleep(0.01)

    monkeypatch.setattr(states.prepare.__globals__["Prepared"], "run", slow)
    page.state.run()
    assert page.controls.run.label == "Stop"
    while not reported:
        time.sleep(0.01)
    page.controls._on_run(None)
    page.state.wait()
    assert "topped after" in text_of(page._problem)
    assert page.controls.run.label == "Run"


def test_forecasts_that_were_stopped_make_room_for_the_next(page, monkeypatch):
    prepared = states.prepare.__globals__["Prepared"]
    quick, begun, go_on = prepared.run, threading.Event(), threading.Event()

    def slow(self, report):
        begun.set()
        assert go_on.wait(60)
        report(1, 1000)
        raise AssertionError("a forecast that was stopped went on")

    monkeypatch.setattr(prepared, "run", slow)
    page.state.run()
    assert begun.wait(60)
    page.state.stop()
    monkeypatch.setattr(prepared, "run", quick)
    page.state.form.section.precision = "single"
    page.state.run()
    go_on.set()
    page.state.wait()
    assert page.state.view is not None
    assert not page.state.running
    assert text_of(page._problem) == ""


def test_forecasts_that_take_too_long_are_given_up(page, monkeypatch):
    monkeypatch.setattr(states, "MOST_SECONDS", -1.0)
    page.state.run()
    page.state.wait()
    assert "without a browser" in text_of(page._problem)
    assert page.state.view is None


def test_growth_of_errors_is_measured_on_demand(page):
    run(page)
    page.tabs.active = PHYSICS
    part = page.physics.growth
    part._on_measure(None)
    part.wait()
    assert "doubling time" in part._words.object
    assert part.measure.label == "Measure"
    page.state.form.section.precision = "single"
    run(page)
    assert part._words.object == ""
    part._on_measure(None)
    part.wait()
    assert "precision" in text_of(part._problem)


def test_a_page_is_freed(tmp_path):
    page = RolloutPage(tmp_path)
    page.state.take(SMALL)
    run(page)
    reference = weakref.ref(page)
    page.close()
    del page
    for _ in range(50):
        gc.collect()
        if reference() is None:
            return
        time.sleep(0.1)
    raise AssertionError("something holds the page")


def test_any_dataset_with_times_is_an_archive_and_each_field_has_scores(page):
    page.state.take(SEVERAL)
    section, boxes = page.state.archive, page.controls.form.boxes
    archive = boxes["start.dataset"][0]
    page.controls._listing.wait()
    assert {"era5", "european", "ncep-air-temperature", "european-forecast"} <= set(archive.options.values())
    assert (archive.value, boxes["start.fields"][0].value) == ("european-forecast", "mslp, tp")
    assert not boxes["start.path"].visible
    view = run(page)
    page.tabs.active = SKILL
    assert list(page.skill.field.options.values()) == [0, 1]
    assert page.skill.field.visible
    assert "Pa" in page.skill._words.object
    page.skill.field.value = 1
    assert "kg m-2" in page.skill._words.object
    assert view.curves["rmse"]["persistence"].value[1] > 1  # Pa
    boxes["start.fields"][0].value = "tp, tp"
    assert "must be different variables" in text_of(boxes["start.fields"][1])
    archive.value = "ncep-air-temperature"
    assert (section.dataset, section.fields, section.unseen) == ("ncep-air-temperature", (), None)
    assert page.state.fault == ""
    archive.value = "era5"
    assert boxes["start.path"].visible
    assert not boxes["start.unseen"].visible
