"""The observation operator: exact where it must be, and its adjoint."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from backends.errors import InputError
from backends.observations import BilinearInterpolation, ObservationError, Observations
from tests.backends.test_geometry import grid, points


def some_points(count: int, seed: int, west=0.0, east=20.0):
    u = torch.rand(count, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return points(*[(10 * a, west + (east - west) * b) for a, b in u.tolist()])


def test_a_bilinear_field_is_reproduced_exactly():
    g, p = grid(), some_points(50, 1)

    def f(latitude, longitude):
        return 3 + 2 * latitude - 0.5 * longitude + 0.1 * latitude * longitude

    nodes = g.nodes()
    observed = BilinearInterpolation(g, p)(f(nodes.latitude, nodes.longitude))
    torch.testing.assert_close(observed, f(p.latitude, p.longitude), rtol=1e-13, atol=1e-12)


def test_grid_points_are_observed_as_they_are():
    g = grid()
    state = torch.randn(g.size, dtype=torch.float64)
    torch.testing.assert_close(BilinearInterpolation(g, g.nodes())(state), state, rtol=0, atol=1e-12)


@given(st.integers(0, 10_000))
def test_adjoint(seed):
    generator = torch.Generator().manual_seed(seed)
    g = grid(west=-180, east=177, nx=120)
    H = BilinearInterpolation(g, some_points(40, seed, -180, 180))
    x = torch.randn(3, g.size, generator=generator, dtype=torch.float64)
    y = torch.randn(3, 40, generator=generator, dtype=torch.float64)
    left, right = (H(x) * y).sum(), (x * H.adjoint(y)).sum()
    assert float(abs(left - right)) <= 1e-12 * float(H(x).norm() * y.norm())


def test_the_seam_of_a_global_grid_is_interpolated_across():
    g = grid(west=-180, east=150, nx=12)
    state = torch.zeros(11, 12, dtype=torch.float64)
    state[:, 0], state[:, -1] = 4.0, 1.0  # at 180°W and at 150°E
    observed = BilinearInterpolation(g, points((5, 160), (5, -200), (5, 170)))(state.flatten())
    assert observed.tolist() == pytest.approx([2.0, 2.0, 3.0])


def test_a_missing_neighbour_makes_the_observation_missing_unless_it_has_no_weight():
    g = grid(ny=2, nx=3)
    state = torch.tensor([1.0, 2.0, torch.nan, 1.0, 2.0, torch.nan], dtype=torch.float64)
    observed = BilinearInterpolation(g, points((5, 5), (5, 15), (5, 10)))(state)
    assert observed.isnan().tolist() == [False, True, False]


def test_an_observation_outside_the_domain_is_named():
    with pytest.raises(InputError, match=r"observation 2 at 12\.00°N 3\.00°E lies outside the grid"):
        BilinearInterpolation(grid(), points((5, 5), (12, 3)))


def test_a_value_that_is_not_finite_is_refused():
    with pytest.raises(InputError, match="1 of 2 are NaN"):
        Observations(torch.tensor([1.0, torch.nan]), points((0, 0), (1, 1)))


@pytest.mark.parametrize("sigma", [0.0, -1.0, float("nan"), float("inf")])
def test_an_observation_error_must_be_positive(sigma):
    with pytest.raises(InputError, match="σ_o must be a positive number"):
        ObservationError(sigma)
