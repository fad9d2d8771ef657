"""Learned B as a task: its references, what it learns, its pictures and its settings."""

import pytest
import torch

from backends.errors import InputError
from backends.experiments.training import background as settings
from backends.experiments.training.background import DisplacementSettings, GaussianSettings, LearnedBERA5, LearnedBLine
from backends.learning.background import task as task_module
from backends.learning.background.nmc import (
    neighbour_length,
    sample_covariance,
)
from backends.learning.gallery import from_json, to_json
from backends.learning.state import unpack
from backends.learning.trainer import Schedule, Trainer, load_weights, weights_of
from tests.backends.learned_b import small


@pytest.fixture
def few(monkeypatch):
    """Fewer cases and decoded errors than a person wants."""
    monkeypatch.setattr(task_module, "VALIDATION", (1, 20))
    monkeypatch.setattr(task_module, "TEST", (2, 30))
    monkeypatch.setattr(task_module, "DECODED", 2000)
    monkeypatch.setattr(settings, "UNSEEN", 200)


def test_an_untrained_network_is_the_pca(few):
    scores = small(residual=False).make(None).validate()
    for name in ("rmse", "consistency", "residual", "length", "covariance_error"):
        # The implied covariance is that of 2,000 decoded errors.
        loose = name in ("length", "covariance_error")
        assert scores[f"{name}_network"] == pytest.approx(scores[f"{name}_pca"], rel=0.15 if loose else 1e-4), name
    assert scores["elbo_network"] == pytest.approx(scores["elbo_pca"], abs=0.05)
    # The mean of z is drawn to zero, so that it reconstructs a little less than the projection does.
    assert 0.9 * scores["explained_pca"] < scores["explained_network"] < scores["explained_pca"]
    assert scores["analysis_iterations_network"] == 1
    assert scores["active_variables"] == 4


def test_no_statistics_are_better_than_the_true_b_of_gaussian_errors(few, monkeypatch):
    monkeypatch.setattr(task_module, "TEST", (2, 400))
    scores = small(errors=GaussianSettings(length=0.1), samples=60).make(None).scores()
    assert scores["rmse_exact"] < min(scores["rmse_nmc"], scores["rmse_pca"], scores["rmse_background"])
    assert scores["elbo_exact"] > scores["elbo_pca"]
    assert scores["consistency_exact"] == pytest.approx(1, abs=0.15)
    assert scores["length_exact"] == pytest.approx(0.1, rel=0.05)
    assert "rmse_bayes" not in scores


def test_of_displaced_bumps_it_learns_more_than_any_linear_statistics(few, monkeypatch):
    monkeypatch.setattr(task_module, "TEST", (2, 200))
    task = small(points=40, samples=3000, batch=64, network={"name": "vae", "latent": 6, "width": 64}).make(None)
    before = task.scores()
    trainer = Trainer(task, Schedule(2e-3, 600), 1)
    for _ in range(600):
        trainer.step()
    after = task.scores()
    assert after["elbo_network"] > before["elbo_pca"] + 0.3
    assert after["explained_network"] > before["explained_pca"]
    assert after["rmse_bayes"] < after["rmse_network"] < 0.95 * after["rmse_pca"]
    assert {name: after[name] for name in after if not name.endswith("network")} == {
        name: before[name] for name in before if not name.endswith("network")
    }


def test_pictures_come_back_and_a_network_from_its_file(few):
    task = small().make(None)
    panels = task.gallery()
    assert from_json(to_json(panels)) == panels
    assert [panel.title for panel in panels][2:] == [
        "errors, unseen", "errors, decoded", "response to one observation", "standard deviation of errors"
    ]  # fmt: skip
    Trainer(task, Schedule(1e-3, 1), 1).step()
    other = small(seed=2).make(None)
    load_weights(other, *unpack(weights_of(task)))
    assert other.validate() == task.validate()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"observations": {"count": (3, 40)}}, "at most one for each of the 24 points; came 40"),
        ({"network": {"name": "linear", "latent": 24}}, "fewer than the 300 samples and the 24 points; came 24"),
    ],
)
def test_what_does_not_fit_is_said(options, sentence):
    with pytest.raises(InputError, match=sentence):
        small(**options).make(None)


def test_displacement_and_gaussian_errors_are_both_offered():
    assert isinstance(LearnedBLine().errors, DisplacementSettings)
    assert LearnedBLine(errors={"name": "gaussian"}).errors == GaussianSettings()


def test_era5_learns_from_three_weeks_and_is_tested_with_the_last_one(real_data, few):
    if not (real_data / "era5-2mt-2019-03-uk.grib").is_file():
        pytest.skip("no era5-2mt-2019-03-uk.grib in the data folder")
    task = LearnedBERA5(network={"name": "linear", "latent": 5}).make(real_data)
    samples = task.samples
    assert samples.trained.shape == (480, 33 * 49)
    assert samples.truths.shape == samples.backgrounds.shape == (168, 33 * 49)
    torch.testing.assert_close(samples.truths[:-24], samples.backgrounds[24:])
    assert float(samples.trained.mean(0).abs().max()) < 1e-9
    # ERA5's σ of a day: about 2 K, and a Gaussian of some 100 km.
    assert 1 < float(samples.trained.square().mean().sqrt()) < 4
    assert 30 < neighbour_length(sample_covariance(samples.trained), *_neighbours(samples)) < 400
    modelled = samples.references["modelled"]
    torch.testing.assert_close(modelled.square().sum(1), samples.trained.square().sum(0) / 479, rtol=1e-6, atol=1e-6)


def _neighbours(samples):
    return samples.neighbours.pairs, samples.neighbours.spacing
