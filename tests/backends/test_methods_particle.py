"""The particle filter: weights against Bayes by hand and Kalman in the linear case; experiments, seeds, bad input."""

import math

import pytest
import torch

from backends.assimilation.methods.estimate import Observed
from backends.assimilation.methods.local_particle import LocalParticleFilter
from backends.assimilation.methods.particle import (
    ParticleFilter,
    effective_size,
)
from backends.dynamics.lorenz96 import Lorenz96
from backends.errors import InputError
from tests.backends.domains import normal, vector
from tests.backends.ensembles import close
from tests.backends.particles import mixed, of_components, started, weighing


def test_weights_are_bayes_by_hand_and_multiply_from_cycle_to_cycle():
    background = vector(0.0, 1.0, 3.0)[None, :, None].repeat(1, 1, 2)
    method = started(ParticleFilter(members=3, resample_below=0.0), background)
    analysis = method.analyse(of_components(vector(1.0)[None], [0], 2, vector(2.0)))
    # exp(−½ (1, 0, 4) / 4), divided by their sum
    expected = [math.exp(-1 / 8), 1.0, math.exp(-1 / 2)]
    close(analysis.weights, vector(*expected)[None] / sum(expected))
    close(analysis.mean, (analysis.weights[..., None] * background).sum(1))
    carried = method.forecast(method.setting.model, 3, 0.0)
    close(carried.weights, analysis.weights)
    close(carried.mean, analysis.mean)
    second = method.analyse(of_components(vector(2.0)[None], [1], 2, vector(1.0)))
    expected = [a * b for a, b in zip(expected, [math.exp(-2), math.exp(-0.5), math.exp(-0.5)], strict=True)]
    close(second.weights, vector(*expected)[None] / sum(expected))
    assert (method.state == background).all()


def test_weights_see_correlated_errors():
    background, values = normal(2, 6, 4), normal(2, 3, seed=1)
    observed = mixed(values, 4)
    inverse = torch.linalg.inv(observed.error.matrix())
    expected = torch.zeros(2, 6, dtype=torch.float64)
    for e in range(2):
        for i in range(6):
            d = values[e] - observed.operator.dense() @ background[e, i]
            expected[e, i] = torch.exp(-0.5 * d @ inverse @ d)
    weights = started(ParticleFilter(members=6, resample_below=0.0), background).analyse(observed).weights
    close(weights, expected / expected.sum(1, keepdim=True))


def test_far_from_all_members_the_ratios_of_likelihoods_remain():
    background = vector(0.0, 1e-3, -1.0)[None, :, None]
    method = started(ParticleFilter(members=3, resample_below=0.0), background)
    analysis = method.analyse(of_components(vector(1000.0)[None], [0], 1, vector(1.0)))  # exp(−½ 10⁶) is 0
    ratio = analysis.weights[0, 1] / analysis.weights[0, 0]
    assert float(ratio) == pytest.approx(math.exp(1000 * 1e-3 - 0.5e-6), rel=1e-9)
    assert float(analysis.weights.sum()) == pytest.approx(1)
    again = method.analyse(of_components(vector(-1000.0)[None], [0], 1, vector(1.0)))
    close(again.weights[0, 1] / again.weights[0, 0], torch.tensor(math.exp(-1e-6), dtype=torch.float64), 1e-9)
    assert float(again.weights[0, 2]) == pytest.approx(float(again.weights[0, 0]) * math.exp(-1), rel=1e-9)


def test_effective_size_counts_members():
    weights = torch.tensor([[0.25, 0.25, 0.25, 0.25], [0.5, 0.5, 0, 0], [1, 0, 0, 0], [0.7, 0.1, 0.1, 0.1]])
    close(effective_size(weights.double()), vector(4, 2, 1, 1 / 0.52), 1e-6)
    method = started(ParticleFilter(members=5), normal(3, 5, 2))
    analysis = method.analyse(of_components(normal(3, 1), [0], 2, vector(0.5)))
    close(method.extras["effective_size"], 1 / analysis.weights.square().sum(1))


def test_the_posterior_of_a_linear_gaussian_case_is_reached():
    root = torch.tensor([[1.0, 0, 0], [0.8, 0.5, 0], [-0.3, 0.4, 0.9]], dtype=torch.float64)
    P = root @ root.T
    observed = mixed(vector(1.0, -0.5)[None], 3)
    H = observed.operator.dense()
    K = P @ H.T @ torch.linalg.inv(H @ P @ H.T + observed.error.matrix())
    mean, covariance = K @ observed.values[0], P - K @ H @ P
    errors = []
    for N in (200, 20_000):
        E = 40
        background = normal(E, N, 3, seed=2) @ root.T
        many = Observed(observed.values.expand(E, -1), observed.operator, observed.error)
        analysis = started(ParticleFilter(members=N), background).analyse(many)
        X, factor = analysis.deviations()
        error_of_covariance = (factor[..., None] * X).mT @ X - covariance
        errors.append([float((analysis.mean - mean).norm() / E**0.5), float(error_of_covariance.norm() / E**0.5)])
        close(analysis.variance, ((factor[..., None] * X).mT @ X).diagonal(dim1=-2, dim2=-1))
    assert max(errors[1]) < 0.03
    for few, many in zip(*errors, strict=True):
        assert 6 < few / many < 16  # ten, give or take, as 1/√N says


def test_the_order_of_members_does_not_matter_to_weights():
    background, observed = normal(3, 8, 4), mixed(normal(3, 2), 4)
    order = torch.tensor([3, 0, 7, 5, 1, 2, 6, 4])
    one = started(ParticleFilter(members=8), background).analyse(observed)
    other = started(ParticleFilter(members=8), background[:, order]).analyse(observed)
    close(other.weights, one.weights[:, order])
    close(other.mean, one.mean)


def test_experiments_that_are_out_begin_again_with_equal_weights():
    background, observed = weighing(2, 10, 2)
    method = started(ParticleFilter(members=10, resample_below=0.0), background)
    method.analyse(observed)
    weights = method.log_weights.clone()
    method.replace(torch.tensor([True, False]))
    close(method.log_weights[0].exp(), torch.full((10,), 0.1, dtype=torch.float64))
    assert (method.log_weights[1] == weights[1]).all()
    close(method.state[0].mean(0), vector(5, 5), 1e-2)
    assert (method.state[1] == background[1]).all()


def test_an_experiment_that_is_not_finite_leaves_the_others_alone():
    background, observed = weighing(3, 10, 2)
    alone = started(ParticleFilter(members=10, regularisation=1.0, resample_below=1.0), background[1:])
    background[0, 3] = math.nan
    method = started(ParticleFilter(members=10, regularisation=1.0, resample_below=1.0), background)
    for each in (method, alone):
        each.generator.manual_seed(6)  # the start drew another number of members
    analysis, expected = (
        method.analyse(observed),
        alone.analyse(Observed(observed.values[1:], observed.operator, observed.error)),
    )
    assert not torch.isfinite(analysis.mean[0]).any()
    close(analysis.mean[1:], expected.mean)
    close(method.state[1:], alone.state)


@pytest.mark.parametrize(
    "kind", [lambda: ParticleFilter(members=30, regularisation=1.0), lambda: LocalParticleFilter(additive=0.1)]
)
def test_a_seed_makes_it_again(kind):
    model = Lorenz96(points=8)
    states = []
    for seed in (1, 1, 2):
        method = started(kind(), 3 * normal(2, kind().members, 8), model, seed)
        for cycle in range(3):
            method.forecast(model, 1, 0.0)
            method.analyse(of_components(normal(2, 8, seed=cycle), list(range(8)), 8, torch.ones(8, dtype=torch.float64)))
        states.append(method.state)
    assert (states[0] == states[1]).all()
    assert (states[0] != states[2]).any()


def test_settings_out_of_range_are_refused():
    with pytest.raises(InputError, match=r"regularisation .* came -1"):
        ParticleFilter(regularisation=-1.0)
    with pytest.raises(InputError, match=r"between 0 and 1; came 1\.5"):
        ParticleFilter(resample_below=1.5)
    with pytest.raises(InputError, match="between 0 and 1; came 2"):
        LocalParticleFilter(adaptive=2.0)
