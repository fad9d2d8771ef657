"""Resampling of particles: how often each is drawn, and how duplicates are moved apart."""

import pytest
import torch
from torch import Tensor

from backends.assimilation.methods.particle import (
    ParticleFilter,
    covariance_root,
    duplicated,
    systematic,
)
from tests.backends.domains import normal, vector
from tests.backends.ensembles import close
from tests.backends.particles import of_components, random_weights, started, weighing


def counts(parents: Tensor, N: int) -> Tensor:
    return torch.nn.functional.one_hot(parents, N).sum(-2)


def test_systematic_resampling_draws_each_member_as_often_as_its_weight_says():
    N = 7
    weights = random_weights(5, N)
    # The mean over u is exact for u on a fine grid: counts are constant between multiples of rounding.
    u = (torch.arange(20_000, dtype=torch.float64) + 0.5)[:, None, None] / 20_000
    drawn = counts(systematic(weights.expand(20_000, 5, N), u.expand(20_000, 5, 1)), N).double()
    assert ((drawn - N * weights).abs() < 1).all()
    close(drawn.mean(0), N * weights, 1e-3)
    assert float(drawn.var(0).max()) > 0.1  # counts do depend on u


def test_systematic_resampling_keeps_order_and_finds_no_member_without_weight():
    weights = torch.tensor([[0.0, 0.5, 0, 0.5, 0], [0.2, 0.2, 0.2, 0.2, 0.2], [0, 0, 1, 0, 0]], dtype=torch.float64)
    for u in (0.0, 0.3, 1 - 1e-12):
        parents = systematic(weights, torch.full((3, 1), u, dtype=torch.float64))
        assert (parents.diff(dim=-1) >= 0).all()
        assert set(parents[0].tolist()) == {1, 3}
        assert parents[2].tolist() == [2] * 5
    assert systematic(weights, torch.full((3, 1), 0.3, dtype=torch.float64))[1].tolist() == [0, 1, 2, 3, 4]


def test_duplicates_are_all_that_share_a_parent_the_first_included():
    found = duplicated(torch.tensor([[0, 0, 1, 4, 4], [0, 1, 2, 3, 4], [2, 2, 2, 2, 3]]))
    assert found.tolist() == [[True, True, False, True, True], [False] * 5, [True, True, True, True, False]]


@pytest.mark.parametrize(("N", "n"), [(9, 3), (4, 6)])
def test_the_root_is_one_of_the_weighted_covariance(N, n):
    members, weights = normal(2, N, n), random_weights(2, N, seed=1)
    C = covariance_root(members, weights)
    assert C.shape == (2, min(N, n), n)
    for e in range(2):
        mean = sum(weights[e, i] * members[e, i] for i in range(N))
        P = sum(weights[e, i] * torch.outer(members[e, i] - mean, members[e, i] - mean) for i in range(N))
        close(C[e].T @ C[e], P / (1 - weights[e].square().sum()))


def test_the_root_is_that_of_all_members_where_one_has_all_the_weight():
    members = normal(1, 6, 2)
    C = covariance_root(members, vector(0, 0, 1, 0, 0, 0)[None])
    close(C[0].T @ C[0], torch.cov(members[0].T))


def test_duplicates_alone_are_jittered_with_the_covariance_of_the_weighted_ensemble():
    E, N, n, regularisation = 20_000, 6, 2, 0.7
    background, observed = weighing(E, N, n)
    method = started(ParticleFilter(members=N, regularisation=regularisation, resample_below=1.0), background)
    analysis = method.analyse(observed)
    # The nearest parent of each new member is found exactly by drawing again with the same generator.
    again = started(ParticleFilter(members=N, resample_below=1.0), background)
    again.analyse(observed)
    parents = (again.state[:, :, None] == background[:, None]).all(-1).to(torch.float64).argmax(-1)
    close(again.state, background.gather(1, parents[..., None].expand(E, N, n)))
    twice = duplicated(parents)
    moved = method.state - again.state
    assert (moved[~twice] == 0).all()
    assert (moved[twice] != 0).all()
    assert 0.1 < float(twice.double().mean()) < 0.95
    X, factor = analysis.deviations()
    P = ((factor[..., None] * X).mT @ X)[0]
    width = regularisation * N ** (-1 / (n + 4))
    jitter = moved[twice]
    expected = width**2 * P
    error = expected.diagonal().sqrt().outer(expected.diagonal().sqrt()) * (2 / len(jitter)) ** 0.5
    assert ((jitter.T @ jitter / len(jitter) - expected).abs() < 5 * error).all()
    assert (jitter.mean(0).abs() < 5 * (expected.diagonal() / len(jitter)).sqrt()).all()


def test_resampling_leaves_the_mean_where_it_was_on_average():
    E, N = 40_000, 5
    background, observed = weighing(E, N, 2)
    method = started(ParticleFilter(members=N, regularisation=0.5, resample_below=1.0), background)
    analysis = method.analyse(observed)
    means = method.state.mean(1)
    error = means.std(0) / E**0.5
    assert ((means.mean(0) - analysis.mean[0]).abs() < 5 * error).all()
    assert (5 * error < 0.05 * analysis.variance[0].sqrt()).all()  # else this could not fail


def test_experiments_are_resampled_when_their_own_size_is_small():
    N = 20
    background = normal(1, N, 2).expand(2, N, 2).clone()
    observed = of_components(vector(0.5, 4.0)[:, None], [0], 2, vector(1.0))
    method = started(ParticleFilter(members=N, regularisation=0.4, resample_below=0.5), background)
    analysis = method.analyse(observed)
    size = method.extras["effective_size"]
    assert size[1] < 0.5 * N < size[0]
    assert (method.state[0] == background[0]).all()
    assert (method.state[1] != background[1]).any()
    # The analysis is that from before the resampling, and what comes next carries on from after it.
    assert (analysis.members == background).all()
    weights = method.forecast(method.setting.model, 1, 0.0).weights
    close(weights[0], analysis.weights[0])
    close(weights[1], torch.full((N,), 1 / N, dtype=torch.float64))


def test_without_regularisation_members_are_copies():
    background, observed = weighing(3, 12, 2, sigma=0.2)
    method = started(ParticleFilter(members=12, resample_below=0.9), background)
    method.analyse(observed)
    assert (method.state[:, :, None] == background[:, None]).all(-1).any(-1).all()
    assert len(method.state[0].unique(dim=0)) < 12
