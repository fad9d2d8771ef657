"""EnVar and the hybrid against dense formulas, a minimum in another control space, and 3D-Var."""

import pytest
import torch
from torch import Tensor

from backends.assimilation.analysis import Problem
from backends.assimilation.control_space import Stopping
from backends.assimilation.control_space import conjugate_gradients as minimised
from backends.assimilation.methods.baselines import ThreeDVar
from backends.assimilation.methods.envar import OBSERVATIONS_LIMIT, EnVar, Hybrid
from backends.assimilation.methods.estimate import Observed
from backends.background_error.dense import DenseBackgroundError
from backends.background_error.ensemble import EnsembleBackgroundError
from backends.dynamics.lorenz96 import Lorenz96
from backends.errors import InputError
from backends.geometry.domain import Rows
from backends.observing.errors import ObservationError
from backends.observing.observations import Observations
from backends.observing.operators import LinearOperator
from tests.backends.domains import normal
from tests.backends.references import gaspari_cohn
from tests.backends.variational import (
    MEMBERS,
    MODEL,
    POINTS,
    RADIUS,
    RING,
    Linear,
    close,
    covariance,
    dense,
    observing,
    started,
)


def ring_taper() -> Tensor:
    apart = (torch.arange(RING)[:, None] - torch.arange(RING)).abs()
    return torch.from_numpy(gaspari_cohn(torch.minimum(apart, RING - apart).numpy() / (1.82 * RADIUS)))


def ensemble_case(cls, **fields):
    method = started(cls(members=MEMBERS, radius=RADIUS, **fields), Lorenz96(points=RING))
    method.state = normal(3, MEMBERS, RING, seed=10)
    return method, observing(RING, 4, normal(3, RING, seed=11))


def localised(members: Tensor) -> Tensor:
    return ring_taper() * torch.cov(members.T)


def test_envar_is_the_dense_formula_with_a_schur_product():
    method, observed = ensemble_case(EnVar)
    before, (H, R) = method.state, dense(observed)
    analysis = method.analyse(observed)
    for k, members in enumerate(before):
        B = localised(members)
        K = B @ H.T @ torch.linalg.inv(H @ B @ H.T + R)
        mean = members.mean(0)
        d = observed.values[k] - H @ mean
        close(analysis.mean[k], mean + K @ d)
        X = members - mean
        close(analysis.members[k], mean + K @ d + X - 0.5 * X @ H.T @ K.T)
        close(method.extras["cost_background"][k], 0.5 * d @ torch.linalg.solve(R, d))
        close(method.extras["cost"][k], 0.5 * d @ torch.linalg.solve(H @ B @ H.T + R, d))


def test_envar_is_the_minimum_with_a_control_vector_per_member():
    method, observed = ensemble_case(EnVar)
    before = method.state
    analysis = method.analyse(observed)
    for k, members in enumerate(before):
        B = EnsembleBackgroundError(members, DenseBackgroundError(ring_taper()))
        values = Observations(observed.values[k], torch.zeros(len(observed), 1))
        used = torch.ones(len(observed), dtype=torch.bool)
        problem = Problem(members.mean(0), values, observed.operator, B, observed.error, used)
        found = minimised(problem, Stopping(400, 1e-12))
        close(analysis.mean[k], found.mean, 1e-8)
        close(method.extras["cost"][k], found.j, 1e-8)


@pytest.mark.parametrize(("static", "ensemble"), [(0.4, 0.8), (1.0, 0.0), (0.0, 1.0)])
def test_the_hybrid_is_the_dense_formula(static, ensemble):
    method, observed = ensemble_case(Hybrid, scale=0.3, static_weight=static, ensemble_weight=ensemble)
    before, C = method.state, covariance(RING)
    analysis = method.analyse(observed)
    plain, _ = ensemble_case(EnVar)
    own = plain.analyse(observed)
    var = started(ThreeDVar(scale=0.3), Lorenz96(points=RING))
    var.state = before.mean(1)
    of_var = var.analyse(observed)
    for k, members in enumerate(before):
        B = static * 0.3 * C + ensemble * localised(members)
        H, R = dense(observed)
        K = B @ H.T @ torch.linalg.inv(H @ B @ H.T + R)
        close(analysis.mean[k], members.mean(0) + K @ (observed.values[k] - H @ members.mean(0)))
    if ensemble == 0:
        close(analysis.mean, of_var.mean)
    if static == 0:
        close(analysis.mean, own.mean)
        close(analysis.members, own.members)
    close(analysis.members - analysis.mean[:, None], own.members - own.mean[:, None])


def test_without_localisation_the_covariance_is_that_of_the_members():
    model = Linear()
    method = started(EnVar(members=4, radius=float("inf")), model)
    before = method.state
    observed = observing(POINTS, 5, normal(3, POINTS))
    H, R = dense(observed)
    for k, members in enumerate(before):
        P = torch.cov(members.T)
        d = observed.values[k] - H @ members.mean(0)
        expected = members.mean(0) + P @ H.T @ torch.linalg.solve(H @ P @ H.T + R, d)
        close(method.update(before, observed).mean(1)[k], expected)


def test_a_radius_may_change_between_two_cycles():
    method, observed = ensemble_case(EnVar)
    before = method.state
    narrow = method.update(before, observed)
    method.radius = 4.0
    wide = method.update(before, observed)
    method.radius = RADIUS
    close(method.update(before, observed), narrow, 0)
    assert float((wide - narrow).abs().max()) > 1e-3


def test_what_envar_cannot_do_is_explained():
    observed = observing(RING, 6, normal(3, RING))
    with pytest.raises(InputError, match="linear has no distances"):
        started(EnVar(radius=2.0), Linear(RING)).analyse(observed)
    with pytest.raises(InputError, match="radius must be positive; came 0"):
        started(EnVar(radius=0.0), MODEL).analyse(observed)
    p = OBSERVATIONS_LIMIT + 1
    index = torch.zeros(p, 1, dtype=torch.long)
    many = Observed(torch.zeros(3, p), LinearOperator(Rows(RING, index, index + 1.0)), ObservationError(torch.ones(p)))
    with pytest.raises(InputError, match="at most 4000; came 4001: choose letkf"):
        started(EnVar(), MODEL).analyse(many)
