"""Particle filters against Bayes by hand, Kalman in the linear case, and optimal transport by linear programming."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from backends.assimilation.methods.base import Setting
from backends.assimilation.methods.estimate import Observed
from backends.assimilation.methods.local_particle import LARGEST, LocalParticleFilter, transported
from backends.assimilation.methods.localisation import taper
from backends.assimilation.methods.particle import (
    ParticleFilter,
    covariance_root,
    duplicated,
    effective_size,
    systematic,
)
from backends.background_error.dense import DenseBackgroundError
from backends.dynamics.base import Dynamics, periodic_distance
from backends.dynamics.lorenz63 import Lorenz63
from backends.dynamics.lorenz96 import Lorenz96
from backends.errors import InputError
from backends.geometry.domain import Rows
from backends.observing.errors import ObservationError
from backends.observing.operators import LinearOperator
from tests.backends.domains import normal, vector


@dataclass(eq=False)
class Still(Dynamics):
    """A ring of points on which nothing happens."""

    size: int = 3
    dt: float = 1.0
    start_sigma: float = 1.0
    transient: int = 0
    spacing: int = 1
    name: ClassVar[str] = "still"

    def step(self, state: Tensor, time: float = 0.0) -> Tensor:
        del time
        return state

    def start(self) -> Tensor:
        return torch.zeros(self.size, dtype=torch.float64)

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        return periodic_distance(a, b, self.size)


def started(method, members: Tensor, model: Dynamics | None = None, seed: int = 5):
    """Return the method after its start and a forecast, with the given background members (E, N, n)."""
    n = members.shape[-1]
    model = model or Still(n)
    ones = torch.ones(n, dtype=members.dtype)
    start = torch.zeros(len(members), n, dtype=members.dtype)
    setting = Setting(model, 5 * ones, DenseBackgroundError(torch.diag(ones)), start, ones)
    method.start(setting, torch.Generator().manual_seed(seed))
    method.state = members
    method.forecast(model, 0, 0.0)
    return method


def of_components(values: Tensor, components: list[int], n: int, sigma: Tensor) -> Observed:
    """Return observations (E, p) of single components."""
    index = torch.tensor(components)[:, None]
    return Observed(values, LinearOperator(Rows(n, index, torch.ones_like(index, dtype=values.dtype))), ObservationError(sigma))


def mixed(values: Tensor, n: int) -> Observed:
    """Return observations (E, p) that mix two components each, with correlated errors of different sizes."""
    p = values.shape[1]
    first = torch.arange(p) % n
    rows = Rows(n, torch.stack([first, (first + 1) % n], 1), vector(0.7, 0.3).expand(p, 2))
    correlation = torch.exp(-(torch.arange(p)[:, None] - torch.arange(p)).abs().to(torch.float64))
    return Observed(values, LinearOperator(rows), ObservationError(1 + 0.2 * torch.arange(p, dtype=torch.float64), correlation))


def random_weights(*shape: int, seed: int = 0) -> Tensor:
    return torch.softmax(2 * normal(*shape, seed=seed), dim=-1)


def close(a: Tensor, b: Tensor, tolerance: float = 1e-10) -> None:
    torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance * max(1.0, float(b.abs().max())))


# Weights.


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


# Resampling.


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


def weighing(E: int, N: int, n: int, sigma: float = 0.7) -> tuple[Tensor, Observed]:
    """Return E copies of one ensemble and one observation that some members fit much better than others."""
    background = (normal(1, N, n, seed=4) + vector(*range(n))).expand(E, N, n).clone()
    return background, of_components(vector(0.8).expand(E, 1), [0], n, vector(sigma))


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


# Transport.


def test_the_transport_is_the_optimal_one():
    from scipy.optimize import linprog

    E, N, n = 2, 6, 3
    members, weights = normal(E, N, n), random_weights(E, n, N, seed=3).mT
    moved = transported(members, weights)
    for e in range(E):
        for i in range(n):
            x, w = members[e, :, i].numpy(), weights[e, :, i].numpy()
            cost = (x[:, None] - x) ** 2  # of moving from member j (a column) to where the weights are (a row)
            rows, columns = np.kron(np.eye(N), np.ones(N)), np.kron(np.ones(N), np.eye(N))
            marginals = np.concatenate([w, np.full(N, 1 / N)])
            plan = linprog(cost.ravel(), A_eq=np.vstack([rows, columns]), b_eq=marginals, method="highs").x.reshape(N, N)
            close(moved[e, :, i], torch.from_numpy(N * plan.T @ x), 1e-9)


def test_the_transport_keeps_ranks_and_gives_the_weighted_mean():
    members, weights = 100 + normal(4, 30, 5), random_weights(4, 5, 30, seed=1).mT
    moved = transported(members, weights)
    close(moved.mean(1), (weights * members).sum(1), 1e-13)
    assert (moved.gather(1, members.argsort(1)).diff(dim=1) > -1e-10).all()
    assert (moved.var(1) < members.var(1)).any()


def test_equal_weights_move_nothing_and_one_weight_moves_all():
    members = normal(2, 12, 3)
    close(transported(members, torch.full_like(members, 1 / 12)), members, 1e-12)
    one = torch.zeros_like(members)
    one[:, 4] = 1.0
    close(transported(members, one), members[:, 4:5].expand_as(members), 1e-12)


# The local filter.


def plain(N: int, radius: float) -> LocalParticleFilter:
    """Return one without anything that widens its ensemble."""
    return LocalParticleFilter(members=N, radius=radius, relaxation=0.0, adaptive=0.0)


def test_local_weights_are_tapered_sums_over_observations():
    E, N, n, radius = 2, 5, 12, 1.5
    background, model = normal(E, N, n), Still(12)
    observed = mixed(normal(E, 7, seed=3), n)
    observed = Observed(observed.values, observed.operator, ObservationError(observed.error.sigma))
    weights = torch.zeros(E, N, n, dtype=torch.float64)
    for i in range(n):
        rho = taper(model.distance(torch.tensor(i), observed.components).double(), radius)
        d = (observed.values[:, None] - background @ observed.operator.dense().T) / observed.error.sigma
        weights[..., i] = torch.softmax(-0.5 * (rho * d.square()).sum(-1), 1)
    method = started(plain(N, radius), background, model)
    close(method.analyse(observed).members, transported(background, weights))
    close(method.extras["effective_size"], (1 / weights.square().sum(1)).mean(-1))


@pytest.mark.parametrize("model", [Lorenz63(), Lorenz96(points=4)], ids=lambda m: m.name)
def test_without_localisation_the_mean_is_that_of_the_global_filter(model):
    n = model.size
    background = model.start() + normal(3, 15, n)
    observed = of_components(normal(3, 2), [0, 2], n, vector(0.8, 1.2))
    local = started(plain(15, math.inf), background, model).analyse(observed)
    both = started(ParticleFilter(members=15), background, model).analyse(observed)
    close(local.mean, both.mean)
    assert (local.members != both.members).any()


def test_finite_radii_need_distances():
    background = normal(1, 5, 3)
    with pytest.raises(InputError, match="lorenz63 has no distances"):
        started(plain(5, 2.0), background, Lorenz63()).analyse(of_components(normal(1, 1), [0], 3, vector(1.0)))


def test_an_infinite_radius_is_the_limit_of_large_ones():
    background, observed = normal(2, 9, 6), of_components(normal(2, 3), [0, 2, 5], 6, vector(0.8, 1, 1.2))
    expected = started(plain(9, math.inf), background).analyse(observed).members
    close(started(plain(9, 1e5), background).analyse(observed).members, expected, 1e-6)
    assert (started(plain(9, 2.0), background).analyse(observed).members - expected).abs().max() > 0.1


def test_the_moments_of_a_linear_gaussian_case_are_reached():
    root = torch.tensor([[1.0, 0, 0], [0.8, 0.5, 0], [-0.3, 0.4, 0.9]], dtype=torch.float64)
    P = root @ root.T
    H, sigma = torch.eye(3, dtype=torch.float64)[:2], vector(0.8, 1.2)
    y = vector(1.0, -0.5)
    errors = []
    for N in (300, 30_000):
        E = 20
        background = normal(E, N, 3, seed=2) @ root.T
        observed = of_components(y.expand(E, 2), [0, 1], 3, sigma)
        analysis = started(plain(N, math.inf), background).analyse(observed)
        K = P @ H.T @ torch.linalg.inv(H @ P @ H.T + torch.diag(sigma**2))
        variance = (P - K @ H @ P).diagonal()
        errors.append([float((analysis.mean - K @ y).norm()), float((analysis.variance - variance).norm())])
    assert max(errors[1]) / E**0.5 < 0.03
    for few, many in zip(*errors, strict=True):
        assert 5 < few / many < 20


def test_a_small_radius_sees_only_what_is_there():
    E, N, n = 10, 30_000, 5
    background = vector(0.5, 1, 1.5, 2, 1) * normal(E, N, n)
    y = vector(1.0, -2.0)
    analysis = started(plain(N, 0.1), background).analyse(of_components(y.expand(E, 2), [1, 3], n, vector(1.0, 1.0)))
    gain = vector(0, 0.5, 0, 0.8, 0)
    expected = gain * vector(0, 1.0, 0, -2.0, 0)
    close(analysis.mean.mean(0)[[1, 3]], expected[[1, 3]], 2e-2)
    close(analysis.variance.mean(0)[[1, 3]], vector(0.5, 0.8), 2e-2)
    close(analysis.members[..., [0, 2, 4]], background[..., [0, 2, 4]], 1e-7)  # N times sums of N numbers lose digits


def test_the_order_of_members_and_the_place_on_the_ring_do_not_matter():
    N, n = 9, 10
    background, values = normal(2, N, n), normal(2, n, seed=1)
    everything, ones = list(range(n)), torch.ones(n, dtype=torch.float64)
    expected = started(plain(N, 2.0), background).analyse(of_components(values, everything, n, ones)).members
    order = torch.tensor([3, 0, 7, 5, 1, 2, 6, 4, 8])
    turned = started(plain(N, 2.0), background[:, order]).analyse(of_components(values, everything, n, ones)).members
    close(turned, expected[:, order])
    moved = of_components(values.roll(3, -1), everything, n, ones)
    close(started(plain(N, 2.0), background.roll(3, -1)).analyse(moved).members, expected.roll(3, -1))


def test_large_states_are_weighed_in_parts(monkeypatch):
    background, observed = normal(2, 6, 11), of_components(normal(2, 4), [0, 3, 4, 9], 11, torch.ones(4, dtype=torch.float64))
    expected = started(plain(6, 1.5), background).analyse(observed).members
    monkeypatch.setattr("backends.assimilation.methods.local_particle.BLOCK", 2 * 6 * 4 * 3)
    close(started(plain(6, 1.5), background).analyse(observed).members, expected)


def test_deviations_are_widened_by_what_innovations_ask_for():
    E, N, n = 3, 8, 2
    background = normal(E, N, n)
    background = background / background.std(1, keepdim=True)
    sigma = vector(1.0, 2.0)
    method = started(LocalParticleFilter(members=N, radius=math.inf, relaxation=0.0, adaptive=0.2), background)
    excess, expected = torch.zeros(E, dtype=torch.float64), torch.zeros(E, dtype=torch.float64)
    state = background
    factors = []
    for cycle, size in enumerate((1.1, 1.35, 1.35, 1.32, 1.3, 1.25, 1.9)):
        d = (size + vector(0, 0.02, 0.05)[:, None]) * sigma * normal(E, 2, seed=cycle).sign()
        values = state.mean(1) + d
        excess = 0.8 * excess + 0.2 * (d.square() / sigma**2 - 1).sum(-1)
        expected = 0.8 * expected + 0.2 * (state.var(1) / sigma**2).sum(-1)
        factor = (excess / expected).clamp(1, LARGEST**2).sqrt()
        mean = state.mean(1, keepdim=True)
        widened = mean + factor[:, None, None] * (state - mean)
        reference = started(plain(N, math.inf), widened).analyse(of_components(values, [0, 1], n, sigma))
        method.analyse(of_components(values, [0, 1], n, sigma))
        close(method.state, reference.members)
        method.state = state = background + cycle  # another forecast
        factors.append(factor)
    factor = torch.stack(factors)
    assert ((factor > 1) & (factor < LARGEST)).sum() > 4
    assert (factor == 1).any()
    assert (factor == LARGEST).any()


def test_the_filter_finds_a_truth_it_has_lost():
    model = Lorenz96()
    draw = torch.Generator().manual_seed(2)
    truth = model.advance(model.draw_start(4, draw), 300)
    errors = {}
    for adaptive in (0.03, 0.0):
        start = model.advance(model.draw_start(4, torch.Generator().manual_seed(3)), 300)
        background = start[:, None] + 0.1 * normal(4, 40, 40)
        method, x = started(LocalParticleFilter(adaptive=adaptive), background, model), truth
        for cycle in range(350):
            x = model.step(x)
            method.forecast(model, 1, 0.0)
            observed = of_components(x + normal(4, 40, seed=cycle), list(range(40)), 40, torch.ones(40, dtype=torch.float64))
            analysis = method.analyse(observed)
        errors[adaptive] = float((analysis.mean - x).square().mean().sqrt())
    assert errors[0.03] < 0.5
    assert errors[0.0] > 2
