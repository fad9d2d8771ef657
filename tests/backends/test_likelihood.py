"""Choosing σ_b, L and σ_o by the likelihood of innovations."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from backends.assimilation.innovation import InnovationCovariance
from backends.assimilation.likelihood import maximise
from backends.background_error.circulant import CirculantBackgroundError
from backends.background_error.correlation import Correlation
from backends.background_error.sphere import ScaledBackgroundError, SphereCorrelation, SphereGeometry
from backends.errors import InputError
from backends.geometry.domain import Domain
from backends.observing.errors import ObservationError
from tests.backends.domains import line, normal, observing, region, vector

BOUNDS = ((0.02, 50.0), (0.005, 0.5), (0.01, 20.0))
TRUE = (1.4, 0.05, 0.5)


def model_of(domain: Domain, count: int, name: str = "gaussian", used: Tensor | None = None) -> Callable:
    H = observing(domain, count, seed=3)
    used = torch.ones(count, dtype=torch.bool) if used is None else used
    geometry = SphereGeometry(region())

    def model(sigma_b: Tensor, length: Tensor, sigma_o: Tensor) -> InnovationCovariance:
        if domain.size == region().size:
            B = ScaledBackgroundError(SphereCorrelation(geometry, Correlation(name, length)), sigma_b)
        else:
            B = CirculantBackgroundError(domain, Correlation(name, length), sigma_b, 0.0)
        R = ObservationError(torch.ones(count, dtype=torch.float64) * sigma_o)
        return InnovationCovariance(B.observed(H), R.matrix(), used)

    return model


def consistent(model: Callable, count: int, seed: int = 0) -> Tensor:
    """Return innovations drawn from N(0, S) of the true settings."""
    return model(*vector(*TRUE)).factor @ normal(count, seed=seed)


@pytest.mark.parametrize(("domain", "scale"), [(line(40), (1.4, 0.05, 0.5)), (region(), (1.4, 300.0, 0.5))])
def test_gradient_against_finite_differences(domain, scale):
    model, d = model_of(domain, 12, "matern52"), normal(12)
    settings = vector(*scale).requires_grad_()
    (slopes,) = torch.autograd.grad(model(*settings).negative_log_likelihood(d), settings)
    for k in range(3):
        step = torch.zeros(3, dtype=torch.float64)
        step[k] = 1e-5 * scale[k]
        with torch.no_grad():
            ahead, behind = (model(*(settings + s)).negative_log_likelihood(d) for s in (step, -step))
        assert float(slopes[k]) == pytest.approx(float(ahead - behind) / (2 * float(step[k])), rel=1e-6)


def test_the_optimum_of_a_large_consistent_case_is_near_the_truth():
    """The truth lies where the Fisher information says: within 3 standard errors in each logarithm."""
    p = 250
    model = model_of(line(400), p)
    d = consistent(model, p)
    found = maximise(model, d, (0.5, 0.15, 2.0), BOUNDS)
    S = model(*vector(*TRUE))
    inverse = torch.cholesky_inverse(S.factor)
    slopes = []  # dS / d log θ_k, by central differences
    for k in range(3):
        change = torch.zeros(3, dtype=torch.float64)
        change[k] = 1e-4
        ahead, behind = (model(*(vector(*TRUE).log() + s).exp()).total for s in (change, -change))
        slopes.append((ahead - behind) / 2e-4)
    fisher = torch.stack([torch.stack([0.5 * (inverse @ a @ inverse @ b).trace() for b in slopes]) for a in slopes])
    errors = torch.linalg.inv(fisher).diagonal().sqrt()
    assert float(errors.max()) < 0.25  # the case is informative: to a quarter at least
    away = vector(found.sigma_b, found.length, found.sigma_o).log() - vector(*TRUE).log()
    assert bool((away.abs() < 3 * errors).all())
    assert found.neg_log_likelihood <= float(S.negative_log_likelihood(d))
    assert found.at_start > found.neg_log_likelihood + 10
    assert found.evaluations > 3


def test_the_optimum_is_a_minimum_and_its_value_that_of_the_model():
    p = 60
    model = model_of(line(100), p, "soar")
    d = consistent(model, p, seed=1)
    found = maximise(model, d, (1.0, 0.1, 1.0), BOUNDS)
    best = vector(found.sigma_b, found.length, found.sigma_o)
    assert found.neg_log_likelihood == pytest.approx(float(model(*best).negative_log_likelihood(d)), rel=1e-10)
    assert found.at_start == pytest.approx(float(model(*vector(1.0, 0.1, 1.0)).negative_log_likelihood(d)), rel=1e-10)
    for k in range(3):
        for factor in (0.9, 1.1):
            other = best.clone()
            other[k] *= factor
            assert float(model(*other).negative_log_likelihood(d)) > found.neg_log_likelihood


def test_the_optimum_stays_within_its_bounds():
    p = 60
    model = model_of(line(100), p)
    d = 10 * consistent(model, p)
    found = maximise(model, d, (0.5, 0.1, 0.5), ((0.1, 1.0), (0.02, 0.5), (0.1, 1.0)))
    assert 0.1 < found.sigma_b <= 1.0
    assert found.sigma_o == pytest.approx(1.0, rel=0.02)  # would be 5


def test_observations_that_are_not_used_do_not_count():
    p = 40
    used = torch.ones(p, dtype=torch.bool)
    used[::5] = False
    masked, full = model_of(line(100), p, used=used), model_of(line(100), p)
    d = consistent(full, p)

    def smaller(*settings: Tensor) -> InnovationCovariance:
        S = full(*settings)
        return InnovationCovariance(
            S.background[used][:, used], S.observation[used][:, used], torch.ones(int(used.sum()), dtype=torch.bool)
        )

    wild = torch.where(used, d, 1e6)
    settings = vector(*TRUE)
    value = float(masked(*settings).negative_log_likelihood(wild))
    assert value == pytest.approx(float(smaller(*settings).negative_log_likelihood(d[used])), rel=1e-12)
    of_masked, of_smaller = (
        maximise(model, values, (1.0, 0.1, 1.0), BOUNDS) for model, values in ((masked, wild), (smaller, d[used]))
    )
    assert of_masked.neg_log_likelihood == pytest.approx(of_smaller.neg_log_likelihood, rel=1e-9)
    assert (of_masked.sigma_b, of_masked.length, of_masked.sigma_o) == pytest.approx(
        (of_smaller.sigma_b, of_smaller.length, of_smaller.sigma_o), rel=1e-4
    )


def test_too_few_observations_are_refused():
    with pytest.raises(InputError, match="likelihood of 4 innovations cannot tell σ_b, L and σ_o apart; use at least 5"):
        maximise(model_of(line(), 4), normal(4), (1.0, 0.1, 1.0), BOUNDS)
    used = torch.tensor([True] * 3 + [False] * 5)
    with pytest.raises(InputError, match="likelihood of 3 innovations"):
        maximise(model_of(line(), 8, used=used), normal(8), (1.0, 0.1, 1.0), BOUNDS)
