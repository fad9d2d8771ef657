"""Correlation functions against values worked out by hand, published polynomials and the definition of a covariance."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.background_error.correlation import CORRELATIONS, Correlation, gaspari_cohn
from backends.errors import InputError
from tests.backends import references
from tests.backends.domains import vector

NAMES = tuple(CORRELATIONS)

#: At two lengths: e⁻², e⁻², 3 e⁻², (1 + 2 + 4/3) e⁻²; Gaspari–Cohn at r = 2/√(10/3) = 1.0954451 half-widths.
AT_TWO_LENGTHS = {
    "gaussian": 0.1353352832366127,
    "exponential": 0.1353352832366127,
    "soar": 0.4060058497098381,
    "matern52": 0.5864528940253217,
    "gaspari-cohn": 0.1472310555571437,
}


@pytest.mark.parametrize("name", NAMES)
def test_values_at_known_distances(name):
    L = 250.0
    at_zero, at_two, far = Correlation(name, L)(vector(0, 2 * L, 60 * L)).tolist()
    assert at_zero == 1
    assert at_two == pytest.approx(AT_TWO_LENGTHS[name], rel=1e-7)
    assert 0 <= far < 1e-20


@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_the_formula_written_in_numpy(name):
    d = torch.linspace(0, 5, 401, dtype=torch.float64)
    np.testing.assert_allclose(Correlation(name, 1.3)(d), references.FUNCTIONS[name](d.numpy() / 1.3), rtol=0, atol=1e-14)


def test_gaspari_cohn_by_hand():
    # Equation 4.10 at ½: −1/128 + 1/32 + 5/64 − 5/12 + 1 = 263/384; at 1 both pieces give 5/24;
    # at 3/2: 81/128 − 81/32 + 135/64 + 15/4 − 15/2 + 4 − 4/9 = 19/1152.
    r = vector(0, 0.5, 1, 1.5, 2, 3)
    expected = vector(1, 263 / 384, 5 / 24, 19 / 1152, 0, 0)
    torch.testing.assert_close(gaspari_cohn(r), expected, rtol=0, atol=1e-14)


def test_gaspari_cohn_is_continuous_with_its_slope_at_one_and_zero_beyond_two():
    step = 1e-7
    r = vector(1 - 2 * step, 1 - step, 1, 1 + step, 1 + 2 * step)
    slopes = gaspari_cohn(r).diff() / step
    assert float(slopes.max() - slopes.min()) < 1e-5
    assert bool((gaspari_cohn(torch.linspace(2, 9, 50, dtype=torch.float64)) == 0).all())
    assert bool((gaspari_cohn(torch.linspace(0, 1.99, 50, dtype=torch.float64)) > 0).all())


@pytest.mark.parametrize("name", ["gaussian", "gaspari-cohn"])
def test_length_is_the_curvature_at_zero(name):
    # ρ ≈ 1 − d²/2L² for small d: the half-width of Gaspari–Cohn is chosen so that this L is the Gaussian's.
    L, d = 250.0, 0.5
    assert float(1 - Correlation(name, L)(vector(d))) == pytest.approx(d**2 / (2 * L**2), rel=5e-3)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(NAMES), st.floats(0.01, 3), st.lists(st.floats(0, 10), min_size=2, max_size=30))
def test_is_positive_semidefinite_on_the_line(name, length, places):
    x = torch.tensor(places, dtype=torch.float64)
    matrix = Correlation(name, length)((x[:, None] - x).abs())
    assert float(torch.linalg.eigvalsh(matrix)[0]) >= -1e-13 * len(x)


@pytest.mark.parametrize("name", NAMES)
def test_derivative_by_length(name):
    d = vector(0, 0.3, 1.1, 2.9, 4.0)
    length = torch.tensor(1.3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda L: Correlation(name, L)(d), (length,))
    (slope,) = torch.autograd.grad(Correlation(name, length)(d).sum(), length)
    assert float(slope) > 0  # longer lengths correlate more


@pytest.mark.parametrize("length", [0.0, -1.0, math.nan, math.inf])
def test_a_length_that_is_not_positive_is_named(length):
    with pytest.raises(InputError, match="correlation length L must be a positive number; came"):
        Correlation("gaussian", length)


def test_an_unknown_correlation_is_named():
    with pytest.raises(InputError, match="one of gaussian, exponential, soar, matern52, gaspari-cohn; came 'spline'"):
        Correlation("spline", 1.0)
