"""The Play tab: starts, points, towns, meteograms, and the player."""

from dataclasses import replace

import numpy as np
import pytest

from dashboard.rollout.page import PLAY
from tests.dashboard.rollout.pages import EUROPE, OTHERS, SMALL, WATER, run


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
    page.state.take(OTHERS)
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
