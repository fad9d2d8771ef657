"""The matrix R: what it solves, what it draws, and what it cannot be."""

import math

import pytest
import torch

from backends.errors import InputError
from backends.observing.errors import ObservationError, correlated
from tests.backends.domains import correlation_matrix, line, normal, plane, vector

SIGMA = vector(0.5, 1.0, 2.0, 0.1)
C = correlation_matrix(4)


def test_matrix_by_hand():
    R = ObservationError(vector(2, 3), torch.tensor([[1.0, 0.5], [0.5, 1.0]], dtype=torch.float64))
    torch.testing.assert_close(R.matrix(), torch.tensor([[4.0, 3.0], [3.0, 9.0]], dtype=torch.float64))
    torch.testing.assert_close(ObservationError(vector(2, 3)).matrix(), torch.diag(vector(4, 9)))
    torch.testing.assert_close(R.variance(), vector(4, 9))


@pytest.mark.parametrize("correlation", [None, C], ids=["independent", "correlated"])
def test_solve_is_the_inverse(correlation):
    R = ObservationError(SIGMA, correlation)
    r = normal(2, 3, 4)
    torch.testing.assert_close(R.solve(r) @ R.matrix(), r)
    torch.testing.assert_close(R.solve(r[0, 0]), torch.linalg.solve(R.matrix(), r[0, 0]))
    assert R.solve(torch.zeros(0, 4, dtype=torch.float64)).shape == (0, 4)


@pytest.mark.parametrize("correlation", [None, C], ids=["independent", "correlated"])
def test_draws_are_unit_numbers_times_a_root_and_have_the_covariance(correlation):
    R = ObservationError(SIGMA, correlation)
    root = R.draw(torch.eye(4, dtype=torch.float64)).T
    torch.testing.assert_close(root @ root.T, R.matrix())
    draws = R.draw(normal(20_000, 4))
    # Each element of the sample correlation has a standard error of at most √(2 / N) = 0.01.
    sample = (draws.T @ draws / 20_000) / SIGMA[:, None] / SIGMA
    assert float((sample - R.matrix() / SIGMA[:, None] / SIGMA).abs().max()) < 0.04


@pytest.mark.parametrize("correlation", [None, C], ids=["independent", "correlated"])
def test_parts_and_weights(correlation):
    R = ObservationError(SIGMA, correlation)
    for which in (torch.tensor([3, 1]), torch.tensor([False, True, False, True])):
        rows = which if which.dtype == torch.long else which.nonzero()[:, 0]
        torch.testing.assert_close(R[which].matrix(), R.matrix()[rows][:, rows])
    weight = vector(1, 0.25, 0.04, 1)
    scale = vector(1, 2, 5, 1)  # a quarter of the weight is twice the standard deviation
    torch.testing.assert_close(R.weighted(weight).matrix(), R.matrix() * scale[:, None] * scale)


def test_correlations_fall_exponentially_and_only_along_a_profile():
    distance = line().distance(vector(0.1, 0.3, 0.9)[:, None], vector(0.1, 0.3, 0.9)[:, None])
    expected = torch.tensor([[1.0, math.exp(-2), math.exp(-2)], [0, 1, math.exp(-4)], [0, 0, 1]], dtype=torch.float64)
    torch.testing.assert_close(correlated(distance, 0.1).triu(), expected)
    columns = plane().columns(vector(10.0, 20.0), 3)
    result = correlated(plane().distance(columns, columns), 1.0)
    assert bool((result[:3, 3:] == 0).all())
    assert bool((result[:3, :3] > 0).all())
    assert float(torch.linalg.eigvalsh(result)[0]) > 0
    assert correlated(distance, 0.0) is None


def test_two_observations_at_one_place_cannot_have_correlated_errors():
    apart = line().distance(vector(0.2, 0.5, 1.2)[:, None], vector(0.2, 0.5, 1.2)[:, None])
    with pytest.raises(InputError, match="two observations are at the same place, so correlated errors"):
        correlated(apart, 0.1)
    assert correlated(apart, 0.0) is None


@pytest.mark.parametrize("length", [-1.0, math.nan, math.inf])
def test_a_bad_length_of_error_correlations_is_named(length):
    with pytest.raises(InputError, match="L_o of observation errors must not be negative; came"):
        correlated(torch.zeros(1, 1), length)


@pytest.mark.parametrize("sigma", [0.0, -1.0, math.nan, math.inf])
def test_an_observation_error_must_be_positive(sigma):
    with pytest.raises(InputError, match="σ_o must be a positive number, because R is inverted in the cost"):
        ObservationError(vector(sigma))
    if math.isfinite(sigma):
        with pytest.raises(InputError, match=f"came {sigma:g}"):
            ObservationError(vector(1.0, sigma))


def test_no_observations_have_an_empty_r():
    for correlation in (None, torch.zeros(0, 0, dtype=torch.float64)):
        R = ObservationError(vector(), correlation)
        assert R.matrix().shape == (0, 0)
        assert R.solve(torch.zeros(3, 0, dtype=torch.float64)).shape == (3, 0)
        assert R.solve(vector()).shape == (0,)
