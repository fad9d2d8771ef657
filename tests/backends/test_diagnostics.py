"""Diagnostics of an analysis against dense matrices, scipy, torch's distributions and statistics of many draws."""

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch

from backends.assimilation.analysis import Problem
from backends.assimilation.closed_form import innovation_covariance, observation_space
from backends.assimilation.diagnostics import Diagnostics, chi2_interval, desroziers, diagnose, moments
from backends.assimilation.gauss_newton import gauss_newton
from backends.assimilation.innovation import InnovationCovariance
from backends.assimilation.quality import robust
from backends.background_error.circulant import CirculantBackgroundError
from backends.background_error.correlation import Correlation
from backends.background_error.kronecker import KroneckerBackgroundError
from backends.errors import InputError
from backends.observing.operators import PointwiseOperator
from tests.backends.domains import correlation_matrix, line, normal, observing, plane, problem, vector


def case(unused: tuple[int, ...] = (2, 5), correlated: bool = True, sigma_o: float = 0.4) -> Problem:
    B = KroneckerBackgroundError(plane(), Correlation("soar", 25.0), Correlation("soar", 0.8), 1.3, 1e-4)
    return problem(B, observing(plane(), 9, seed=2), sigma_o, correlated, unused)


def diagnosed(of: Problem) -> Diagnostics:
    return diagnose(observation_space(of), innovation_covariance(of), of.observation_error, 1.3, 0.4)


def dense(of: Problem) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return H B Hᵀ, R and d of the observations that are used."""
    keep = of.used.nonzero()[:, 0]
    H = of.operator.dense()[keep]
    return H @ of.background_error.dense() @ H.T, of.observation_error.matrix()[keep][:, keep], of.innovation()[keep]


@pytest.mark.parametrize("unused", [(), (2, 5)], ids=["all", "some"])
def test_degrees_of_freedom_for_signal(unused):
    of = case(unused)
    HBHt, R, _ = dense(of)
    HK = HBHt @ torch.linalg.inv(HBHt + R)
    result = diagnosed(of)
    assert result.dfs == pytest.approx(float(HK.trace()), rel=1e-9)
    torch.testing.assert_close(result.dfs_per_obs[of.used], HK.diagonal())
    assert bool((result.dfs_per_obs[~of.used] == 0).all())
    assert 0 < result.dfs < len(R)


def test_degrees_of_freedom_by_hand():
    # One observation with H B Hᵀ = 9 and R = 1: 0.9 of it is signal.
    S = InnovationCovariance(torch.tensor([[9.0]]), torch.tensor([[1.0]]), torch.tensor([True]))
    assert float(S.signal) == pytest.approx(0.9)


def test_likelihood_is_that_of_the_multivariate_normal():
    of = case()
    HBHt, R, d = dense(of)
    expected = -torch.distributions.MultivariateNormal(torch.zeros_like(d), HBHt + R).log_prob(d)
    assert diagnosed(of).neg_log_likelihood == pytest.approx(float(expected), rel=1e-12)


def test_cost_of_the_background_and_of_the_minimum():
    of = case()
    HBHt, R, d = dense(of)
    result = diagnosed(of)
    assert result.j_background == pytest.approx(float(0.5 * d @ torch.linalg.solve(R, d)), rel=1e-10)
    assert result.j == pytest.approx(float(0.5 * d @ torch.linalg.solve(HBHt + R, d)), rel=1e-10)
    assert result.chi2_per_obs == pytest.approx(2 * result.j / 7, rel=1e-12)
    assert result.chi2_interval == chi2_interval(7)


def test_condition_numbers_against_numpy():
    of = case()
    HBHt, R, _ = dense(of)
    result = diagnosed(of)
    assert result.condition_s == pytest.approx(np.linalg.cond((HBHt + R).numpy()), rel=1e-9)
    U = of.background_error.sqrt(torch.eye(of.background_error.control_size, dtype=torch.float64)).T
    HU = of.operator.dense()[of.used] @ U
    hessian = torch.eye(U.shape[1], dtype=torch.float64) + HU.T @ torch.linalg.solve(R, HU)
    assert result.condition_hessian == pytest.approx(np.linalg.cond(hessian.numpy()), rel=1e-9)


def test_moments():
    of = case()
    analysis, result = observation_space(of), diagnosed(of)
    for m, values in ((result.omb, analysis.innovation), (result.oma, analysis.residual)):
        kept = values[of.used].numpy()
        assert (m.count, m.mean, m.std) == (7, pytest.approx(kept.mean()), pytest.approx(kept.std()))
    assert moments(vector(1, 3)).std == 1  # divisor n
    assert math.isnan(moments(vector()).mean)


@pytest.mark.parametrize("count", [1, 2, 7, 100, 5000])
@pytest.mark.parametrize("probability", [0.95, 0.5])
def test_chi2_interval_against_scipy(count, probability):
    tails = (1 - probability) / 2, (1 + probability) / 2
    expected = scipy.stats.chi2.ppf(tails, count) / count
    assert chi2_interval(count, probability) == pytest.approx(tuple(expected), rel=1e-8)


def test_without_observations_nothing_is_defined_and_nothing_fails():
    for of in (case(unused=tuple(range(9))), case_of_none()):
        result = diagnosed(of)
        for name in ("chi2_per_obs", "sigma_b_desroziers", "sigma_o_desroziers", "condition_s", "condition_hessian"):
            assert math.isnan(getattr(result, name))
        assert all(math.isnan(v) for v in result.chi2_interval)
        assert (result.dfs, result.j, result.j_background, result.omb.count) == (0, 0, 0, 0)
        assert result.neg_log_likelihood == 0


def case_of_none() -> Problem:
    of = case(unused=())
    none = torch.zeros(0, dtype=torch.long)
    return replace(
        of,
        operator=of.operator.of(none),
        observations=replace(of.observations, values=vector(), places=torch.zeros(0, 1)),
        observation_error=of.observation_error[none],
        used=of.used[:0],
    )


def test_desroziers_finds_the_true_errors_from_many_draws():
    """Errors are drawn with 1.5 times the σ_b and 0.5 times the σ_o that the analysis assumes.

    E[d_ab d_obᵀ] = HBHᵀ S⁻¹ D and E[d_oa d_obᵀ] = R S⁻¹ D with D the true covariance of innovations: the estimates are these
    traces whatever is assumed, and the assumed ones where D = S.
    """
    of = case(correlated=False)
    HBHt, R, _ = dense(of)
    S = innovation_covariance(of)
    keep, draws = of.used, 20_000
    for b, o in ((1.0, 1.0), (1.5, 0.5)):
        D = b**2 * HBHt + o**2 * R
        d = torch.full((draws, 9), 1e6, dtype=torch.float64)  # what is not used must not count
        d[:, keep] = normal(draws, 7) @ torch.linalg.cholesky(D).T
        residual = (S.observation @ S.solve(d)[..., None])[..., 0]
        of_b, of_o = (factor.mean() for factor in desroziers(d, residual, S))
        expected_b = (HBHt @ torch.linalg.solve(HBHt + R, D)).trace() / HBHt.trace()
        expected_o = (R @ torch.linalg.solve(HBHt + R, D)).trace() / R.trace()
        # A mean of N values: relative error below 4 √(2 / N) = 0.04 for each, as they are quadratic forms of rank ≥ 1.
        assert float(of_b) == pytest.approx(float(expected_b), rel=0.04)
        assert float(of_o) == pytest.approx(float(expected_o), rel=0.04)
        if b == 1:
            assert (float(of_b), float(of_o)) == pytest.approx((1, 1), abs=0.04)


def test_desroziers_of_one_analysis_scales_what_was_assumed():
    of = case(correlated=False)
    HBHt, R, d = dense(of)
    a = observation_space(of)
    result = diagnosed(of)
    r = a.residual[of.used]
    assert result.sigma_b_desroziers == pytest.approx(1.3 * math.sqrt(float((d - r) @ d / HBHt.trace())), rel=1e-9)
    assert result.sigma_o_desroziers == pytest.approx(0.4 * math.sqrt(float(r @ d / R.trace())), rel=1e-9)
    assert result.product == pytest.approx(float(np.mean(r.numpy() * d.numpy())), rel=1e-9)
    assert result.variance_o == pytest.approx(float(R.trace()) / 7, rel=1e-9)


def test_of_a_huber_cost_j_is_that_cost_and_what_supposes_a_quadratic_one_is_not_defined():
    of = case(correlated=False)
    values = of.observations.values.clone()
    values[3] += 20
    of = replace(of, observations=replace(of.observations, values=values))
    c = 1.5
    analysis, weight = robust(of, observation_space, c)
    weighted = replace(of, observation_error=of.observation_error.weighted(weight))
    result = diagnose(analysis, innovation_covariance(weighted), of.observation_error, 1.3, 0.4, c)
    d, sigma = (v[of.used].numpy() for v in (of.innovation(), of.observation_error.sigma))
    assert result.j_background == pytest.approx(scipy.special.huber(c, d / sigma).sum(), rel=1e-9)
    r = analysis.residual[of.used].numpy()
    assert result.jo == pytest.approx(scipy.special.huber(c, r / sigma).sum(), rel=1e-9)
    assert result.j < result.j_background
    assert result.product == pytest.approx(np.mean(r * d), rel=1e-9)
    undefined = ("chi2_per_obs", "sigma_b_desroziers", "sigma_o_desroziers", "variance_o", "neg_log_likelihood")
    assert all(math.isnan(getattr(result, name)) for name in undefined)
    assert all(math.isnan(end) for end in result.chi2_interval)
    assert 0 < result.dfs < 7


def test_of_a_nonlinear_problem_the_linearisation_counts():
    B = CirculantBackgroundError(line(), Correlation("gaussian", 0.1), 1.0, 1e-3)
    of = problem(B, PointwiseOperator(observing(line(), 6), "saturating", 2.0, 1.0))
    analysis = gauss_newton(of)
    tangent = replace(of, operator=of.operator.linearise(analysis.mean))
    result = diagnose(analysis, innovation_covariance(tangent), of.observation_error, 1.0, 0.3)
    H = torch.autograd.functional.jacobian(of.operator, analysis.mean)
    HBHt = H @ B.dense() @ H.T
    expected = (HBHt @ torch.linalg.inv(HBHt + of.observation_error.matrix())).trace()
    assert result.dfs == pytest.approx(float(expected), rel=1e-9)
    assert result.j == pytest.approx(float(analysis.j), rel=1e-12)


# ------------------------------------------------------------------------------------------- innovation covariance


def test_a_batch_of_settings_and_of_innovations():
    background = torch.stack([4 * correlation_matrix(5), correlation_matrix(5, seed=8)])
    observation = torch.stack([torch.eye(5, dtype=torch.float64)] * 2)
    used = torch.tensor([[True] * 5, [True, False, True, True, False]])
    together, d = InnovationCovariance(background, observation, used), normal(2, 5)
    for k in range(2):
        alone = InnovationCovariance(background[k], observation[k], used[k])
        for name in ("solve", "twice_minimum", "negative_log_likelihood"):
            torch.testing.assert_close(getattr(together, name)(d)[k], getattr(alone, name)(d[k]))
            torch.testing.assert_close(getattr(alone, name)(d)[k], getattr(alone, name)(d[k]))  # a batch of innovations
        torch.testing.assert_close(together.signal[k], alone.signal)
    assert together.count.tolist() == [5, 3]


def test_a_matrix_that_is_not_positive_definite_is_explained():
    singular = torch.ones(3, 3, dtype=torch.float64)
    with pytest.raises(InputError, match="numerically singular or not positive definite"):
        InnovationCovariance(singular, 1e-30 * torch.eye(3, dtype=torch.float64), torch.ones(3, dtype=torch.bool))
