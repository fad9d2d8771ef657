"""References of graph reconstruction, kriging and interpolation, and that the network learns."""

import math

import numpy as np
import pytest
import torch

from backends.errors import InputError
from backends.experiments.run import to_yaml
from backends.experiments.training.graph import GraphReconstruction
from backends.learning.gallery import from_json, to_json
from backends.learning.graph import task as tasks
from backends.learning.graph.cases import Cases
from backends.learning.graph.references import distance_to_observation, interpolated, kriging, observed_mean
from backends.learning.graph.task import GraphReconstructionTask
from backends.learning.trainer import Schedule, Trainer
from tests.backends.graphs import GAUSSIAN, generator, network, ordered

# Exact references ----------------------------------------------------------------------------------------------------


def dense(cases, e, length, sigma):
    """Kriging of one line and its error variance by numpy: all images, H as a matrix, an explicit inverse."""
    x, n = cases.places[e].numpy(), cases.places.shape[1]
    B = sum(np.exp(-0.5 * (x[:, None] - x + n * k) ** 2 / length**2) for k in range(-3, 4))
    H = np.eye(n)[cases.observed[e].numpy()]
    gain = B @ H.T @ np.linalg.inv(H @ B @ H.T + sigma**2 * np.eye(len(H)))
    return gain @ (H @ cases.values[e].numpy()), np.diag(B - gain @ H @ B)


def test_kriging_is_that_of_dense_matrices():
    cases = GAUSSIAN.draw(6, 40, generator())
    found = kriging(cases, GAUSSIAN.fields, GAUSSIAN.sigma)
    for e in range(6):
        np.testing.assert_allclose(found[e].numpy(), dense(cases, e, 3.0, 0.1)[0], rtol=0, atol=1e-9)


def test_kriging_errs_as_much_as_its_theory_says_and_less_than_the_others():
    cases = GAUSSIAN.draw(300, 48, generator(3))
    hidden = ~cases.observed

    def squares(estimate):
        return torch.where(hidden, (estimate - cases.truth).square(), 0.0).sum(1)

    found = squares(kriging(cases, GAUSSIAN.fields, GAUSSIAN.sigma))
    expected = torch.tensor([dense(cases, e, 3.0, 0.1)[1][hidden[e].numpy()].sum() for e in range(300)])
    ratio = found / expected
    assert abs(float(ratio.mean()) - 1) < 4 * float(ratio.std()) / math.sqrt(300)
    assert float(found.sum()) < 0.8 * float(squares(interpolated(cases)).sum())
    assert float(found.sum()) < 0.3 * float(squares(observed_mean(cases)).sum())


def test_linear_interpolation_is_numpys_in_any_order_of_the_nodes():
    cases = GAUSSIAN.draw(4, 40, generator())
    order = torch.randperm(40, generator=generator(2))
    mixed = interpolated(ordered(cases, order))
    for e in range(4):
        x, seen = cases.places[e].numpy(), cases.observed[e].numpy()
        expected = np.interp(x, x[seen], cases.values[e].numpy()[seen], period=40.0)
        np.testing.assert_allclose(interpolated(cases)[e].numpy(), expected, atol=1e-12)
        np.testing.assert_allclose(mixed[e].numpy(), expected[order.numpy()], atol=1e-12)


def test_one_observation_is_interpolated_and_averaged_to_itself_and_is_a_known_way_off():
    places = torch.arange(8, dtype=torch.float64)[None]
    seen = places == 6
    cases = Cases(places, torch.zeros_like(places), seen, 2.5 * seen)
    assert interpolated(cases).tolist() == observed_mean(cases).tolist() == [[2.5] * 8]
    assert distance_to_observation(cases).tolist() == [[2, 3, 4, 3, 2, 1, 0, 1]]


# It learns -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shapes", [{"name": "gaussian-process"}, {"name": "waves"}], ids=["gaussian", "waves"])
def test_a_network_learns_and_is_scored_beside_kriging_on_longer_lines(monkeypatch, shapes):
    monkeypatch.setattr(tasks, "UNSEEN", 2048)
    settings = GraphReconstruction(nodes=32, batch=16, shapes=shapes, iterations=100, network={"width": 16, "rounds": 4})
    task = settings.make(None)
    trainer = Trainer(task, Schedule(1e-2, 100), seed=1)
    losses = [trainer.step()["loss"] for _ in range(100)]
    assert sum(losses[-10:]) < 0.75 * sum(losses[:10])

    scores = task.scores()
    kriged = "exact" if shapes["name"] == "gaussian-process" else "kriging"
    labels = ("", "_64", "_128", "_512", "_sparse", "_dense")
    assert set(scores) == {f"rmse{s}_{name}" for s in labels for name in ("network", kriged, "linear", "mean")} | {
        f"rmse_ratio_to_kriging{s}" for s in labels
    }
    for label in labels:
        network_error, kriging_error = scores[f"rmse{label}_network"], scores[f"rmse{label}_{kriged}"]
        assert kriging_error < scores[f"rmse{label}_linear"]
        assert scores[f"rmse_ratio_to_kriging{label}"] == pytest.approx(network_error / kriging_error)
    if kriged == "exact":
        # Nothing beats what is exact.
        assert min(scores[f"rmse_ratio_to_kriging{label}"] for label in labels) > 1
    assert scores["rmse_network"] < 0.9 * scores["rmse_mean"]
    assert set(task.validate()) == {
        "rmse_ratio_to_kriging",
        *(f"rmse_{name}" for name in ("network", kriged, "linear", "mean")),
    }
    assert task.validate() == task.validate()

    panels = task.gallery()
    assert [len(panel.series) for panel in panels] == [5, 5, 3, 3]
    assert len(panels[1].series[0].x) == 128
    assert panels[3].series[0].x == (32, 64, 128, 512)
    assert from_json(to_json(panels)) == panels


# Settings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"nodes": 16, "neighbours": 16}, "neighbours: fewer than the 16 nodes of a line; came 16"),
        ({"shapes": {"name": "gaussian-process", "length": 9}}, "at most an eighth of the line, 8 spacings; came 9"),
        ({"shapes": {"name": "waves", "wavelength": [24, 30]}}, "a whole number of waves must fit on the line of 64 spacings"),
        ({"observations": {"share": [0.5, 0.2]}}, "must be a range, the least value first"),
    ],
)
def test_settings_say_what_does_not_fit(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        GraphReconstruction(**options)


def test_the_task_says_what_does_not_fit():
    with pytest.raises(InputError, match="neighbours must be from 1 to 39 on a line of 40 nodes; came 40"):
        GraphReconstructionTask(network(), GAUSSIAN, nodes=40, neighbours=40)


def test_settings_make_the_task_that_they_say():
    settings = GraphReconstruction(seed=3, observations={"share": [0.3, 0.3], "sigma": 0.2}, network={"width": 8, "rounds": 2})
    task = settings.make(None)
    assert (task.nodes, task.neighbours, task.batch, task.network.rounds) == (64, 8, 32, 2)
    assert (task.draws.share, task.draws.sigma) == ((0.3, 0.3), 0.2)
    again = settings.make(None).network.state_dict()
    assert all(torch.equal(weight, again[name]) for name, weight in task.network.state_dict().items())
    assert "share" in to_yaml(settings)
