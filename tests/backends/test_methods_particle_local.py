"""The local particle filter: optimal transport by linear programming, local weights, moments, widening."""

import math

import numpy as np
import pytest
import torch

from backends.assimilation.methods.estimate import Observed
from backends.assimilation.methods.local_particle import LARGEST, LocalParticleFilter, transported
from backends.assimilation.methods.localisation import taper
from backends.assimilation.methods.particle import (
    ParticleFilter,
)
from backends.dynamics.lorenz63 import Lorenz63
from backends.dynamics.lorenz96 import Lorenz96
from backends.errors import InputError
from backends.observing.errors import ObservationError
from tests.backends.domains import normal, vector
from tests.backends.ensembles import close
from tests.backends.particles import Still, mixed, of_components, random_weights, started

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
