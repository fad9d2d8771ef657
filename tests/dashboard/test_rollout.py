"""The Rollout page without a browser: settings, faults beside their controls, forecasts, and what is read off them."""

import gc
import time
import weakref
from dataclasses import replace

import numpy as np
import pytest

from backends.errors import InputError
from backends.experiments.rollout import view as views
from dashboard.rollout import state as states
from dashboard.rollout.chosen import USUAL
from dashboard.rollout.page import FILE, PHYSICS, PLAY, SKILL, RolloutPage
from dashboard.rollout.state import RolloutState
from dashboard.rollout.table import table
from tests.dashboard.helpers import SCRIPT, text_of

SMALL = """
kind: rollout
start: {name: testbed, dynamics: {name: lorenz96, points: 12}}
models: [{name: perfect}, {name: wrong, model: {forcing: 6.0}}, {name: persistence}]
steps: 6
members: 4
starts: 3
"""

EUROPE = """
kind: rollout
start: {name: archive, dataset: european}
models: [{name: persistence}]
steps: 2
members: 1
perturbation: {name: none}
starts: 2
"""
WATER = """
kind: rollout
start: {name: testbed, dynamics: {name: shallow-water, truncation: 10}}
models: [{name: perfect}]
steps: 2
members: 2
starts: 1
"""


@pytest.fixture
def page(tmp_path):
    page = RolloutPage(tmp_path)
    page.state.take(SMALL)
    yield page
    page.close()


def run(page: RolloutPage) -> views.RolloutView:
    page.state.run()
    page.state.wait()
    assert page.state.problem == ""
    return page.state.view


# Settings -----------------------------------------------------------------------------------------------------------


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


# Forecasts ----------------------------------------------------------------------------------------------------------


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


def test_another_start_is_shown_with_the_forecasts_that_were_verified(page):
    first = run(page)
    page.play.start.value = 2
    page.state.wait()
    other = page.state.view
    assert other.start == 2
    assert other.result is first.result
    assert other.prepared is first.prepared
    np.testing.assert_allclose(other.truth[0], first.prepared.starts.states[2].numpy(), rtol=1e-6)
    # The error of the ensemble mean from this start is what had been verified of it.
    squares = ((other.forecasts[1].mean - other.truth) ** 2).mean(1)
    np.testing.assert_allclose(squares, first.result.forecasts[1].of("mse")[2].numpy(), rtol=1e-4)


def test_a_point_is_chosen_and_its_series_can_be_downloaded(page):
    view = run(page)
    assert page.state.component == 6
    page.play._pictures.lines._on_tap(3)
    assert "x at point 3" in page.play.point.words.object
    rows = [line.split(",") for line in page.play.point.file().getvalue().splitlines()]
    assert rows[0][:4] == ["lead", "valid", "x truth", "x perfect model mean"]
    assert len(rows) == 8
    assert float(rows[4][2]) == pytest.approx(float(view.truth[3, 3]), rel=1e-6)
    members = view.forecasts[0].members[3, :, 3]
    assert float(rows[4][3]) == pytest.approx(float(members.mean()), rel=1e-5)
    assert [float(rows[4][4]), float(rows[4][7])] == pytest.approx([members.min(), members.max()], rel=1e-6)


def test_a_town_moves_the_point_and_another_point_lets_go_of_it(page):
    page.state.take(EUROPE)
    view, point = run(page), page.play.point
    assert point.town.visible
    assert {"Potsdam, DE", "Galway, IE", "Istanbul, TR"} <= set(point.town.options)
    assert not {"Reykjavík, IS", "Tokyo, JP"} & set(point.town.options)
    point.town.value = "Potsdam, DE"
    component = page.state.component
    # The grid has 0.308° from 35°N on, and 0.278° from 15°W on.
    assert component == round((52.40 - 35) / (37 / 120)) * 181 + round((13.06 + 15) / (50 / 180))
    assert "Potsdam 52.40°N 13.06°E: grid point 52.3°N 13.1°E, 15 km" in point.words.object
    assert page.play._pictures.maps._chosen.data["x"][0] == pytest.approx(13.06, abs=0.14)
    page.state.form.section.seed = 3
    again = run(page)
    assert again is not view
    assert (point.town.value, page.state.component) == ("Potsdam, DE", component)
    page.play._pictures._on_tap(-3.0, 57.0)
    assert (point.town.value, page.state.component != component) == ("–", True)
    assert "at longitude −3.056, latitude 56.89" in point.words.object
    page.state.take(SMALL)
    run(page)
    assert not point.town.visible


def test_the_meteogram_shows_temperature_in_degrees_at_dates(page):
    page.state.take(EUROPE)
    view, point = run(page), page.play.point
    (figure,) = point.meteogram.figures
    assert figure.yaxis.axis_label == "2 m temperature [°C]"
    assert figure.xaxis.axis_label == "lead time [h], valid time [UTC]"
    truth = view.truth[:, page.state.component] - 273.15
    np.testing.assert_allclose(point.meteogram.panels[0]._source.data["truth"], truth, atol=1e-4)
    assert view.times[2] in point.table.object
    assert point.file().getvalue().startswith("lead [h],valid,2 m temperature [°C] truth,")


def test_several_fields_have_a_figure_each(page):
    page.state.take(WATER)
    view, point = run(page), page.play.point
    assert [fig.yaxis.axis_label for fig in point.meteogram.figures] == ["h [m]", "wind speed [m/s]", "blows to"]
    assert point.file().getvalue().split("\n")[0].count(" truth") == 5  # h, u, v, speed, and where it comes from
    before = point.words.object
    page.play._pictures.field.value = 2
    assert page.state.component // view.layout.size == 2
    assert [fig.yaxis.axis_label for fig in point.meteogram.figures] == ["h [m]", "wind speed [m/s]", "blows to"]
    assert "Longitude 185.6, latitude 5.294" in before
    assert point.words.object == before


def test_sums_over_time_are_shown_per_step_or_since_the_start(page):
    """Depths of water that rise by a metre a step, as precipitation."""
    page.state.take(WATER)
    view = run(page)
    assert not page.play.amounts.visible
    layout = replace(view.layout, names=("Total precipitation since the start", "u", "v"), units=("kg m-2", "m/s", "m/s"))
    truth = view.truth.copy()
    truth[:, : layout.size] = 7 + np.arange(3)[:, None] ** 2
    page.state.param.update(view=replace(view, layout=layout, truth=truth), component=5)
    play = page.play
    hours = view.leads[1]
    assert play.amounts.visible
    label = f"Total precipitation in {hours:g} h"
    assert play.point.meteogram.figures[0].yaxis.axis_label.replace("\n", " ") == f"{label} [mm]"
    np.testing.assert_array_equal(play.point.meteogram.panels[0]._source.data["truth"], [np.nan, 1, 3])
    images = [float(frame[0, 0]) for frame in play._strips[0].frames["image"]]
    np.testing.assert_array_equal(images, [np.nan, 1, 3])
    play.amounts.value = False
    since = play.point.meteogram.figures[0].yaxis.axis_label.replace("\n", " ")
    assert since == "Total precipitation since the start [mm]"
    assert [float(frame[0, 0]) for frame in play._strips[0].frames["image"]] == [0, 1, 4]
    assert "Total precipitation since the start [mm] truth" in play.point.file().getvalue()


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


# The player ---------------------------------------------------------------------------------------------------------


def test_the_player_steps_and_plays_within_the_leads(page):
    player = page.play.player
    player._on_play()
    assert not player.clock.playing  # there is nothing to play
    run(page)
    player.keys._handle_msg("ArrowRight")
    player.keys._handle_msg("ArrowRight")
    player.keys._handle_msg("ArrowLeft")
    assert player.lead == 1
    player.keys._handle_msg("End")
    player.keys._handle_msg("ArrowRight")
    assert player.lead == 6
    player.keys._handle_msg(" ")
    assert (player.clock.playing, player.lead, player.play.label) == (True, 0, "Pause")
    run(page)
    assert not player.clock.playing
    assert page.tabs.active == PLAY


def test_the_clock_waits_for_frames_that_are_sent_one_by_one(page):
    view = run(page)
    clock, play = page.play.player.clock, page.play
    assert (clock.waits, play.reel.held) == (False, True)
    play.reel._most = 100
    play._draw()
    assert clock.waits
    clock.lead = 2
    assert clock.drawn == 2
    np.testing.assert_allclose(play._strips[0].source.data["truth"], view.truth[2], rtol=1e-6)


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


# Archives -----------------------------------------------------------------------------------------------------------

SEVERAL = """
kind: rollout
start: {name: archive, dataset: european-forecast, fields: [mslp, tp], unseen: 0.3}
models: [{name: persistence}]
steps: 2
members: 1
perturbation: {name: none}
starts: 2
"""


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
