"""Observation to observation as a task: its loss, its scores and references, its pictures and its settings."""

import math

import pytest
import torch
from pydantic import ValidationError

from backends.experiments.training.observations import ObservationToObservation
from backends.learning.gallery import from_json, to_json
from backends.learning.observations import testbed as observing
from backends.learning.observations.references import BestLinear
from backends.learning.observations.task import SCORED
from backends.learning.trainer import Schedule, Trainer
from tests.backends.curtains import REFERENCES, generator, plane, small_task

# The task ------------------------------------------------------------------------------------------------------------


def test_a_perfect_forecast_leaves_the_noise_of_the_next_observations_in_the_loss(monkeypatch):
    task = small_task(monkeypatch, batch=100)
    bed, drawn = task.bed, task.bed.draw(100, generator())
    monkeypatch.setattr(observing.Testbed, "draw", lambda self, count, g: drawn)
    field = drawn.truth[:, bed.times :].flatten(0, 1).float()
    sondes = bed.sounding(drawn.truth[:, bed.times :].flatten(-2)).flatten(0, 1).float()
    monkeypatch.setattr(task, "answers", lambda windows: (field, sondes))
    terms = task.loss(generator()).terms
    assert float(terms["satellite_term"]) == pytest.approx((bed.sigma_satellite / 0.08) ** 2, rel=0.05)
    assert float(terms["sonde_term"]) == pytest.approx((bed.sigma_sonde / 0.15) ** 2, rel=0.05)
    assert float(terms["query_term"]) < 1e-12


def test_windows_end_before_the_time_that_is_asked_for(monkeypatch):
    task = small_task(monkeypatch)
    drawn = task.bed.draw(2, generator())
    windows = task._windows(drawn)
    # Trajectory 1, second transition: times 1 and 2 are given, 3 is asked for.
    torch.testing.assert_close(windows.curtain[4], drawn.curtain[1, 1:3].float())
    torch.testing.assert_close(windows.values[4], drawn.sondes[1, 1:3].flatten().float())
    torch.testing.assert_close(task._next(drawn.truth, 2)[4], drawn.truth[1, 3].float())
    assert task.launched[:, 2].tolist() == [1.0] * 15 + [0.0] * 15


def test_no_truth_is_shown_in_the_strip_about_the_unseen_column_and_none_at_all_without_queries(monkeypatch):
    task = small_task(monkeypatch)
    drawn = task.bed.draw(4, generator())
    hidden = drawn._replace(truth=drawn.truth.clone())
    outside = torch.ones(16, dtype=torch.bool)
    outside[task.bed.shown] = False
    hidden.truth[..., outside] = math.nan
    monkeypatch.setattr(observing.Testbed, "draw", lambda self, count, g: hidden)
    assert torch.isfinite(task.loss(generator()).total)
    hidden.truth[:] = math.nan
    assert not torch.isfinite(task.loss(generator()).total)
    task.queries = 0
    loss = task.loss(generator())
    assert torch.isfinite(loss.total)
    assert set(loss.terms) == {"satellite_term", "sonde_term"}


def test_the_weights_of_the_loss_are_those_of_its_terms(monkeypatch):
    loss = small_task(monkeypatch, sonde_weight=0.3, query_weight=0.7).loss(generator())
    satellite, sonde, query = (loss.terms[name].detach() for name in ("satellite_term", "sonde_term", "query_term"))
    torch.testing.assert_close(loss.total.detach(), satellite + 0.3 * sonde + 0.7 * query)


def test_scores_are_against_the_truth_and_the_references_are_what_they_say(monkeypatch):
    task = small_task(monkeypatch)
    bed, drawn = task.bed, task.bed.draw(6, torch.Generator().manual_seed(6))
    truth = drawn.truth[:, 2:]
    monkeypatch.setattr(task, "forecast", lambda seen: seen.truth[:, 2:])
    scores = task.scores()
    assert set(scores) == {f"rmse_{what}_{label}" for what in SCORED for label in ("network", *REFERENCES)}
    assert all(scores[f"rmse_{what}_network"] == 0 for what in SCORED)

    def rmse(error):
        return pytest.approx(float(error.square().mean().sqrt()))

    assert scores["rmse_satellite_persistence"] == rmse(drawn.curtain[:, 1:-1] - bed.curtain(truth))
    assert scores["rmse_sondes_persistence"] == rmse(drawn.sondes[:, 1:-1] - bed.sounding(truth.flatten(-2)))
    assert scores["rmse_column_free"] == rmse((task._best.mean[2:] - truth)[..., bed.unseen_cell])
    for what in SCORED:
        best = [scores[f"rmse_{what}_{label}"] for label in ("filter", "exact", "free", "climatology")]
        assert best == sorted(best)


def test_the_mean_of_trajectories_is_the_model_without_observations():
    bed = plane()
    mean = bed.draw(4000, generator()).truth.mean(0)
    torch.testing.assert_close(mean, BestLinear(bed, 10).mean, rtol=0, atol=0.015)


def test_it_learns_more_than_any_reference_without_the_model_knows(monkeypatch):
    task = small_task(monkeypatch, batch=16)
    trainer = Trainer(task, Schedule(5e-3, 250), 1)
    before = task.validate()["rmse_field_network"]
    for _ in range(250):
        trainer.step()
    scores = task.validate()
    assert scores["rmse_field_network"] < 0.3 * before
    for what in SCORED:
        others = [scores[f"rmse_{what}_{label}"] for label in ("persistence", "climatology")]
        assert scores[f"rmse_{what}_exact"] < scores[f"rmse_{what}_network"] < min(others)


def test_pictures_hold_what_is_asked_for_and_come_back(monkeypatch):
    task = small_task(monkeypatch)
    panels = task.gallery()
    assert from_json(to_json(panels)) == panels
    fields, *channels, column, errors = panels
    assert [m.label for m in fields.maps][:3] == ["truth", "network, asked at all cells", "network − truth"]
    assert fields.maps[0].shared == fields.maps[1].shared != fields.maps[2].shared
    assert fields.title.endswith("the network learned from observations and the truth at random cells")
    task.queries = 0
    assert task.gallery()[0].title.endswith("the network learned from observations alone")
    assert len(channels) == 4
    k = task.bed.transitions[1] + 1
    truth = task._validation[0].truth[0, k]
    torch.testing.assert_close(
        torch.tensor(column.series[0].x), truth[:, task.bed.unseen_cell], rtol=1e-4, atol=1e-9, check_dtype=False
    )
    assert errors.series[0].x == (40.0, 60.0, 80.0)


# Settings ------------------------------------------------------------------------------------------------------------


def test_settings_make_the_task_and_a_seed_the_same_weights():
    small = {"plane": {"nx": 16, "nz": 10}, "radiosondes": {"columns": 3, "unseen": 0.42}, "network": {"hidden": 8}}
    task = ObservationToObservation(**small, queries=7, sonde_weight=0.5).make(None)
    assert (task.queries, task.sonde_weight, task.bed.model.shape) == (7, 0.5, (10, 16))
    seen = task.bed.draw(32, torch.Generator().manual_seed(11))
    torch.testing.assert_close(task.network.scale, seen.curtain.transpose(2, 3).flatten(0, 2).std(0).float())
    again, other = (ObservationToObservation(**small, seed=seed).make(None) for seed in (1, 2))
    assert torch.equal(task.network.first.weight, again.network.first.weight)
    assert not torch.equal(task.network.first.weight, other.network.first.weight)


def test_an_even_kernel_is_refused():
    with pytest.raises(ValidationError, match="kernel: must be odd; came 4"):
        ObservationToObservation(network={"kernel": 4})
