"""Linear statistics of background errors, and displaced bumps: closed forms and weighted draws."""

import math
from dataclasses import replace

import pytest
import torch

from backends.background_error.circulant import CirculantBackgroundError
from backends.background_error.correlation import Correlation
from backends.errors import InputError
from backends.geometry.line import PeriodicLine
from backends.learning.background.line import DisplacementErrors
from backends.learning.background.nmc import (
    gaussian_log_density,
    neighbour_length,
    principal_components,
    sample_covariance,
)
from backends.learning.background.samples import FactorErrors, factor_of, sample_factor
from tests.backends.learned_b import F64, correlated, line_cases, normal

# Linear statistics ---------------------------------------------------------------------------------------------------


def test_the_log_density_of_principal_components_is_that_of_their_covariance():
    errors = correlated()
    components = principal_components(errors, 3)
    expected = torch.distributions.MultivariateNormal(torch.zeros(10, dtype=F64), components.covariance()).log_prob(errors)
    torch.testing.assert_close(components.log_density(errors), expected)
    torch.testing.assert_close(gaussian_log_density(errors, components.covariance()), expected)


def test_principal_components_keep_the_variance_and_no_neighbour_is_more_likely():
    errors = correlated()
    components = principal_components(errors, 3)
    assert float(components.covariance().trace()) == pytest.approx(float(sample_covariance(errors).trace()))
    best = components.log_density(errors).mean()
    for k in range(20):
        factor = components.factor + 0.02 * normal(10, 3, seed=k)
        other = factor @ factor.mT + components.residual * (1 + 0.05 * math.sin(k)) * torch.eye(10, dtype=F64)
        assert gaussian_log_density(errors, other).mean() < best


def test_the_mean_of_latent_variables_is_that_of_the_joint_gaussian():
    errors = correlated()
    components = principal_components(errors, 3)
    gain = components.factor.mT @ torch.linalg.inv(components.covariance())
    torch.testing.assert_close(components.expectation(errors), errors @ gain.mT)


def test_too_many_directions_are_refused():
    with pytest.raises(InputError, match="fewer than the 400 samples and the 10 points; came 10"):
        principal_components(correlated(), 10)
    with pytest.raises(InputError, match="explain the errors to rounding"):
        principal_components(normal(50, 2) @ normal(2, 10, seed=2), 2)


def test_a_factor_gives_the_covariance_of_the_samples_and_the_analyses_of_its_matrix():
    errors = correlated(n=24)
    covariance = sample_covariance(errors)
    factor = sample_factor(errors)
    torch.testing.assert_close(factor @ factor.mT, covariance)
    cases = line_cases(covariance)
    exact = cases.errors.sqrt(cases.minimum())
    for F in (factor, factor_of(covariance)):
        with_factor = replace(cases, errors=FactorErrors(F))
        torch.testing.assert_close(F @ F.mT, covariance)
        torch.testing.assert_close(with_factor.errors.sqrt(with_factor.minimum()), exact)
    with pytest.raises(InputError, match="control space, of 24 elements"):
        FactorErrors(factor).inverse(errors)


@pytest.mark.parametrize("length", [0.03, 0.08])
def test_the_length_of_a_gaussian_covariance_is_found(length):
    B = CirculantBackgroundError(PeriodicLine(100, dtype=F64), Correlation("gaussian", length), 2.0, 1e-12)
    here = torch.arange(100)
    pairs, spacing = torch.stack([here, (here + 1) % 100], 1), torch.full((100,), 0.01)
    assert neighbour_length(B.dense(), pairs, spacing) == pytest.approx(length, rel=1e-3)


# Errors of displaced bumps -------------------------------------------------------------------------------------------


def test_displaced_bumps_have_the_covariance_that_is_said():
    source = DisplacementErrors(40, shift=0.1)
    drawn = source.draw(100_000, torch.Generator().manual_seed(1))
    covariance = source.covariance()
    assert float((sample_covariance(drawn.truth - drawn.background) - covariance).norm() / covariance.norm()) < 0.03
    assert float(torch.linalg.eigvalsh(covariance).min()) > 0


def test_the_exact_analysis_of_displaced_bumps_is_the_mean_of_weighted_draws():
    source = DisplacementErrors(40)
    drawn = source.draw(100_000, torch.Generator().manual_seed(2))
    errors = drawn.truth - drawn.background
    mask = torch.zeros(2, 40, dtype=F64)
    mask[:, ::5] = 1
    innovation = (errors[:2] + 0.5 * normal(2, 40)) * mask
    distance = ((innovation[:, None] - errors) * mask[:, None]).square().sum(-1)
    weights = torch.softmax(-0.5 * distance / 0.5**2, -1)
    assert float(1 / weights.square().sum(-1).min().sqrt()) > 20  # many draws count
    expected = weights @ errors
    torch.testing.assert_close(source.posterior_mean(innovation, mask, 0.5), expected, rtol=0, atol=0.05)
    assert float(expected.abs().max()) > 0.3
