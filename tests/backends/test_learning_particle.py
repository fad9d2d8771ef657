"""The AI particle filter: its loss against direct sums, its symmetry, its training, and its races."""

import math

import pytest
import torch

from backends.assimilation.methods.network import NetworkFilter
from backends.errors import InputError
from backends.experiments.cycling.race import Race
from backends.experiments.cycling.run import run, summary
from backends.experiments.run import from_yaml, settings_from
from backends.learning.particle.mixture import (
    divergence,
    kalman_points,
    log_likelihood,
    mixture_log_density,
    target_log_weights,
)
from backends.learning.trainer import Schedule, Trainer

DOUBLE = torch.float64


def drawn(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)


def task(**keys):
    return from_yaml(f"kind: training\ntask: ai-particle-filter\n{''.join(f'{k}: {v}' + chr(10) for k, v in keys.items())}")


def made(tmp_path, **keys):
    return task(**keys).make(tmp_path)


# --- the loss ----------------------------------------------------------------------------------------------------------------


def test_the_mixture_is_the_sum_of_its_normal_distributions():
    points, particles = drawn(2, 4, 3), drawn(2, 6, 3, seed=2)
    normal = torch.distributions.MultivariateNormal(torch.zeros(3, dtype=DOUBLE), 0.7**2 * torch.eye(3, dtype=DOUBLE))
    for e in range(2):
        for k in range(4):
            direct = sum(normal.log_prob(points[e, k] - x).exp() for x in particles[e]) / 6
            assert float(mixture_log_density(points, particles, 0.7)[e, k].exp()) == pytest.approx(float(direct), rel=1e-12)


def test_the_mixture_far_from_all_particles_is_a_number():
    value = mixture_log_density(torch.full((1, 1, 3), 1e4), torch.zeros(1, 5, 3), 0.1)
    assert float(value) == pytest.approx(-0.5 * 3e8 / 0.01, rel=1e-5)


def test_the_likelihood_is_that_of_independent_normal_errors():
    states, values = drawn(2, 5, 3), drawn(2, 2, seed=2)
    expected = torch.distributions.Normal(states[..., [0, 2]], 0.3).log_prob(values[:, None]).sum(-1)
    torch.testing.assert_close(log_likelihood(states, values, (0, 2), 0.3), expected)


def test_evaluation_points_are_a_sample_of_the_kalman_analysis():
    N = 40_000
    root = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.8, 0.0], [0.4, -0.6, 0.7]], dtype=DOUBLE)
    particles, values = (drawn(1, N, 3) @ root.T) + 2.0, torch.tensor([[2.5, 1.0]], dtype=DOUBLE)
    points = kalman_points(particles, values, (0, 1), 0.5, drawn(1, N, 2, seed=3))[0]
    P, H = root @ root.T, torch.eye(3, dtype=DOUBLE)[:2]
    K = P @ H.T @ torch.linalg.inv(H @ P @ H.T + 0.25 * torch.eye(2, dtype=DOUBLE))
    mean = 2.0 + K @ (values[0] - 2.0)
    torch.testing.assert_close(points.mean(0), mean, rtol=0, atol=0.02)
    torch.testing.assert_close(torch.cov(points.T), P - K @ H @ P, rtol=0, atol=0.02)


def test_weights_are_the_posterior_at_the_points_and_the_divergence_of_equal_ones_is_zero():
    points, background, values = drawn(1, 4, 3), drawn(1, 6, 3, seed=2), drawn(1, 2, seed=3)
    likelihood = log_likelihood(points, values, (0, 1), 0.5)
    target = target_log_weights(points, background, likelihood, 0.7)
    direct = (mixture_log_density(points, background, 0.7) + likelihood).exp()
    torch.testing.assert_close(target.exp(), direct / direct.sum())
    assert float(divergence(target, target)) == 0
    other = torch.log_softmax(drawn(1, 4, seed=5), -1)
    assert float(divergence(target, other)) == pytest.approx(float((target.exp() * (target - other)).sum()))
    assert float(divergence(target, other)) > 0


# --- the network and its training --------------------------------------------------------------------------------------------


def test_the_analysis_changes_places_with_the_particles(tmp_path):
    network = made(tmp_path, network="{width: 16}").network.double()
    particles, values, order = 10 * drawn(3, 8, 3), drawn(3, 2, seed=2), torch.randperm(8)
    torch.testing.assert_close(network(particles[:, order], values), network(particles, values)[:, order])
    assert network(particles, values).shape == particles.shape


def test_gradients_are_finite_though_the_first_guess_is_far_away(tmp_path):
    one = made(tmp_path, batch=8, forecast_weight=0.1)
    loss = one.loss(torch.Generator().manual_seed(0))
    loss.total.backward()
    assert math.isfinite(float(loss.total.detach()))
    assert all(bool(weight.grad.isfinite().all()) for weight in one.network.parameters())
    assert set(loss.terms) == {"likelihood_term", "kl_term", "forecast_term"}


def test_training_goes_on_as_if_it_had_never_stopped(tmp_path):
    def trainer():
        return Trainer(made(tmp_path, batch=8, network="{width: 8}", lifetime=10), Schedule(3e-3, 24), seed=3)

    whole = trainer()
    losses = [whole.step()["loss"] for _ in range(24)]
    first = trainer()
    begun = [first.step()["loss"] for _ in range(11)]
    second = trainer()
    second.restore(first.state())
    assert begun + [second.step()["loss"] for _ in range(13)] == pytest.approx(losses, rel=1e-4)


def test_trajectories_that_are_lost_begin_anew(tmp_path):
    one = made(tmp_path, batch=4)
    generator = torch.Generator().manual_seed(0)
    one.loss(generator)
    carried = one.carried()
    carried["particles"][2] = float("nan")
    one.carry(carried)
    one.loss(generator)
    assert bool(one.carried()["particles"].isfinite().all())
    assert int(one.carried()["age"][2]) == 0


# --- races -------------------------------------------------------------------------------------------------------------------

FILE = """\
kind: training
task: ai-particle-filter
batch: 16
iterations: 120
network: {width: 16}
"""
RACE = {
    "kind": "cycling",
    "dynamics": {"name": "lorenz63", "dt": 0.1},
    "model": {"sigma": 11.0, "dt": 0.02},
    "observations": {"every": 1, "components": [0, 1], "sigma": 0.1},
    "cycles": 60,
    "spinup": 20,
    "repeat": 4,
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("ASSIMILAB_HOME", str(folder))
        patch.setattr("backends.learning.particle.task.VALIDATION", (1, 4, 30))
        patch.setattr("backends.learning.particle.task.TEST", (2, 8, 160))
        patch.setattr("backends.learning.particle.task.SHOWN", (1, 4, 30))
        yield folder


@pytest.fixture(scope="module")
def trained_run(home):
    """The checkpoint of a short training, without a record of it."""
    from backends.experiments.training.run import train
    from backends.jobs.context import LocalContext

    result = train(from_yaml(FILE), home, LocalContext(checkpoint=home / "checkpoints" / "abcd"), "abcd")
    return "abcd", result


def race(**sections):
    return settings_from({**RACE, "methods": [{"name": "network", "run": "abcd"}, {"name": "free"}], **sections})


def test_scores_stand_beside_those_of_other_filters(trained_run):
    _, result = trained_run
    for who in ("network", "network_150", "enkf", "pf", "free"):
        assert 0 < result[f"analysis_error_{who}"] <= result[f"forecast_error_{who}"] + 1e-6
    # An untrained network does not hold the particles near the truth.
    assert result["forecast_error_network"] < 0.2 * result["forecast_error_free"]


def test_a_trained_network_races(trained_run):
    network, free = summary(run(race()))["methods"]
    assert (network["name"], network["experiments_lost"]) == ("network", 0)
    assert network["rmse_background"] < 0.2 * free["rmse_background"]


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        ({"methods": [{"name": "network"}]}, "a trained network is needed"),
        ({"methods": [{"name": "network", "run": "abce"}]}, "no checkpoint of the run 'abce'"),
        ({"observations": {"every": 1, "components": [0, 1], "sigma": 0.2}}, "trained with σ_o 0.1; came 0.2"),
        ({"observations": {"every": 1, "components": [0, 2], "sigma": 0.1}}, r"components \[0, 1\] observed; came \[0, 2\]"),
        ({"observations": {"every": 1, "components": "alternate", "sigma": 0.1}}, "same components observed at all times"),
        ({"dynamics": {"name": "lorenz96"}, "model": {}}, "trained on lorenz63; came lorenz96"),
    ],
)
def test_a_race_that_does_not_suit_the_network_is_named(trained_run, sections, sentence):
    with pytest.raises(InputError, match=sentence):
        Race(race(**sections))


def test_other_observations_in_mid_run_are_refused_and_nothing_changes(trained_run):
    racing = Race(race())
    racing.step()
    with pytest.raises(InputError, match="σ_o"):
        racing.change(race(observations={"every": 1, "components": [0, 1], "sigma": 0.2}))
    with pytest.raises(InputError, match=r"^methods cannot be changed"):
        racing.change(race(methods=[{"name": "network", "run": "abce"}, {"name": "free"}]))
    racing.step()
    assert racing.cycling.twin.sigma == 0.1


def test_a_training_of_another_task_is_named(home):
    from backends.experiments.training.run import train
    from backends.jobs.context import LocalContext

    other = from_yaml("kind: training\ntask: aivar-1d\niterations: 1\nnetwork: {name: mlp, width: 4}")
    train(other, home, LocalContext(checkpoint=home / "checkpoints" / "cdef"), "cdef")
    with pytest.raises(InputError, match="a training of aivar-1d; expected one of ai-particle-filter"):
        Race(race(methods=[{"name": "network", "run": "cdef"}]))


def test_without_a_network_the_method_says_what_it_needs():
    with pytest.raises(InputError, match="a trained network is needed"):
        NetworkFilter()


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"model": "{dt: 0.03}"}, "model.dt must divide the time between observations, 0.1"),
        ({"observations": "{components: [1, 0]}"}, "each once, ascending"),
        ({"observations": "{components: [3]}"}, "observations.components"),
        ({"mixture_width": 0}, "mixture_width: must be positive"),
    ],
)
def test_settings_that_do_not_fit_are_named(keys, sentence):
    with pytest.raises(InputError, match=sentence):
        task(**keys)
