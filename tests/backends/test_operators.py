"""Observation operators: exact where they must be, their adjoints, and their derivatives."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.errors import InputError
from backends.geometry.domain import Domain
from backends.observing.observations import Observations
from backends.observing.operators import FUNCTIONS, LinearOperator, PointwiseOperator, adjoint, tangent_linear
from tests.backends.domains import DOMAINS, RADIUS, line, normal, observing, places, plane, region, stations, vector

LINEAR: dict[str, Callable[[int], LinearOperator]] = {
    **{f"points on {name}": lambda seed, make=make: observing(make(), 7, seed) for name, make in DOMAINS.items()},
    **{
        f"areas on {name}": lambda seed, name=name, make=make: LinearOperator(
            make().area_means(places(make(), 7, seed), RADIUS[name])
        )
        for name, make in DOMAINS.items()
    },
    "channels on plane": lambda seed: LinearOperator(plane().channels(places(plane(), 7, seed), 0.6)),
    "choice of stations": lambda seed: observing(stations(), 7, seed),
}


@pytest.fixture(params=LINEAR)
def linear(request) -> Callable[[int], LinearOperator]:
    return LINEAR[request.param]


def scale_of(domain: Domain) -> torch.Tensor:
    """Return the coordinates of a domain's points, scaled to the unit square."""
    x = domain.coordinates()
    return (x - x.min(0).values) / (x.max(0).values - x.min(0).values)


def test_adjoint(linear):
    for seed in range(5):
        H = linear(seed)
        x, y = normal(3, H.rows.size, seed=seed), normal(3, len(H), seed=seed + 100)
        bound = 1e-12 * float(H(x).norm() * y.norm())
        left = (H(x) * y).sum()
        assert float((left - (x * H.adjoint(y)).sum()).abs()) <= bound
        assert float((left - (x * adjoint(H, x, y)).sum()).abs()) <= bound
        torch.testing.assert_close(tangent_linear(H, x, 3 * x), 3 * H(x))


def test_dense_matrix_and_parts(linear):
    H, x = linear(0), normal(2, linear(0).rows.size)
    dense = H.dense()
    torch.testing.assert_close(H(x), x @ dense.T)
    assert H.linearise(x[0]) is H
    which = torch.tensor([4, 1])
    torch.testing.assert_close(H.of(which).dense(), dense[which])
    factor = vector(1, -2, 0.5, 3, 0, 7, 1e-3)
    torch.testing.assert_close(H.scaled(factor).dense(), dense * factor[:, None])
    assert len(H.of(which)) == 2


def test_interpolating_the_columns_of_a_matrix_given_at_the_nodes(linear):
    H, matrix = linear(1), normal(linear(1).rows.size, 4)
    assert H.nodes.tolist() == sorted(set(H.index.flatten().tolist()))
    torch.testing.assert_close(H.interpolate(matrix[H.nodes]), H.dense() @ matrix)


@pytest.mark.parametrize("kind", ["points", "areas"])
@pytest.mark.parametrize("name", DOMAINS)
def test_means_have_weights_that_sum_to_one(name, kind):
    H = LINEAR[f"{kind} on {name}"](2)
    torch.testing.assert_close(H.weight.sum(1), torch.ones(7, dtype=torch.float64))
    assert float(H.weight.min()) >= 0
    constant = torch.full((H.rows.size,), 273.15, dtype=torch.float64)
    torch.testing.assert_close(H(constant), constant[:7])


@pytest.mark.parametrize("name", ["plane", "region", "uneven"])
def test_a_bilinear_field_is_reproduced_exactly(name):
    domain = DOMAINS[name]()

    def f(at):
        return 3 + 2 * at[:, 0] - 0.5 * at[:, 1] + 0.1 * at[:, 0] * at[:, 1]

    where = places(domain, 50, 1)
    torch.testing.assert_close(
        LinearOperator(domain.interpolation(where))(f(domain.coordinates())), f(where), rtol=1e-12, atol=1e-12
    )


def test_the_line_is_interpolated_linearly_and_round_the_end():
    # Four points at 0, ¼, ½, ¾ with values 1, 3, 7, 5: at 0.1 it is 1 + 0.4 · 2, at 0.9 it is 5 − 0.6 · 4.
    H = LinearOperator(line(4).interpolation(vector(0.1, 0.9, -0.1, 1.5, 0.25)[:, None]))
    torch.testing.assert_close(H(vector(1, 3, 7, 5)), vector(1.8, 2.6, 2.6, 7, 3))


@pytest.mark.parametrize("name", DOMAINS)
def test_grid_points_are_observed_as_they_are(name):
    domain = DOMAINS[name]()
    x = normal(domain.size)
    torch.testing.assert_close(LinearOperator(domain.interpolation(domain.coordinates()))(x), x, rtol=0, atol=1e-12)


def test_the_seam_of_a_global_grid_is_interpolated_across():
    grid = DOMAINS["globe"]()
    x = torch.zeros(9, 12, dtype=torch.float64)
    x[:, 0], x[:, -1] = 4.0, 1.0  # at 0°E and at 330°E
    H = LinearOperator(grid.interpolation(torch.tensor([[5, 345], [5, -15], [5, -10]], dtype=torch.float64)))
    torch.testing.assert_close(H(x.flatten()), vector(2.5, 2.5, 3.0))


def test_an_area_mean_on_the_line_by_hand():
    # Ten points; within 0.15 of 0.32 lie 0.2, 0.3 and 0.4; within 0.15 of 0.98 lie 0.9, 0 and 0.1; within 0.01 of 0.55 none.
    x = torch.arange(10, dtype=torch.float64) ** 2
    H = LinearOperator(line(10).area_means(vector(0.32, 0.98)[:, None], 0.15))
    torch.testing.assert_close(H(x), vector((4 + 9 + 16) / 3, (81 + 0 + 1) / 3))
    torch.testing.assert_close(LinearOperator(line(10).area_means(vector(0.55)[:, None], 0.01))(x), vector(30.5))


def test_an_area_mean_on_the_plane_by_hand():
    # x = 0, 10.5, 22, 34.5 km; z = 0, 0.45, 1 km: a radius of 11.6 km of 34.5 is 0.336 of the height of 1 km.
    domain = plane(4, 3)
    H = LinearOperator(domain.area_means(torch.tensor([[11.0, 0.6], [34.0, 1.0]], dtype=torch.float64), 11.6))
    x = torch.arange(12, dtype=torch.float64) ** 2  # rows 0 1 4 9 / 16 25 36 49 / 64 81 100 121
    torch.testing.assert_close(H(x), vector((16 + 25 + 36) / 3, 121.0))  # x = 0, 10.5, 22 at 0.45; the corner alone
    H = LinearOperator(domain.area_means(torch.tensor([[11.0, 0.7]], dtype=torch.float64), 11.6))
    torch.testing.assert_close(H(x), vector((16 + 25 + 36 + 64 + 81 + 100) / 6))
    tiny = LinearOperator(domain.area_means(torch.tensor([[20.0, 0.7]], dtype=torch.float64), 1e-6))
    torch.testing.assert_close(tiny(x), vector(36.0))  # the nearest point, 22 km and 0.45 km


def test_an_area_mean_on_the_sphere_by_hand():
    # Around 48.0°N 3°E: neighbours 2.4° (267 km) north and south, 3° cos 48° (223 km) east and west; weights cos φ.
    domain = region()
    latitudes = domain.latitude.tolist()
    x = normal(domain.size)
    row, column = 2, 3  # 46.8°N 3°E
    H = LinearOperator(domain.area_means(torch.tensor([[latitudes[row], 3.0]], dtype=torch.float64), 240.0))
    field = x.reshape(domain.shape)
    torch.testing.assert_close(H(x), field[row, column - 1 : column + 2].mean()[None])
    H = LinearOperator(domain.area_means(torch.tensor([[latitudes[row], 3.0]], dtype=torch.float64), 280.0))
    weight = torch.deg2rad(domain.latitude).cos()
    total = weight[row] * field[row, column - 1 : column + 2].sum() + (weight[1] * field[1, 3] + weight[3] * field[3, 3])
    torch.testing.assert_close(H(x), (total / (3 * weight[row] + weight[1] + weight[3]))[None])


def test_channels_are_normalised_gaussians_of_height():
    domain = plane(4, 3)  # z = 0, 0.45, 1 km
    H = LinearOperator(domain.channels(torch.tensor([[5.25, 0.5]], dtype=torch.float64), 0.5))
    g = torch.exp(-0.5 * (vector(-0.5, -0.05, 0.5) / 0.5).square())
    expected = torch.zeros(3, 4, dtype=torch.float64)
    expected[:, 0] = expected[:, 1] = 0.5 * g / g.sum()  # half-way between x = 0 and 10.5 km
    torch.testing.assert_close(H.dense(), expected.flatten()[None])


def test_a_channel_narrower_than_the_levels_sees_the_nearest_one():
    H = LinearOperator(plane(4, 3).channels(torch.tensor([[10.5, 0.5]], dtype=torch.float64), 1e-4))
    x = torch.arange(12, dtype=torch.float64)
    torch.testing.assert_close(H(x), vector(5.0))


@pytest.mark.parametrize("name", ["points on plane", "areas on plane", "channels on plane"])
def test_rows_on_the_plane_are_products_of_their_factors(name):
    for H in (LINEAR[name](3), LINEAR[name](3).of(torch.tensor([6, 0])), LINEAR[name](3).scaled(vector(*range(7)))):
        along, across = H.rows.factors
        assert along.shape == (len(H), 6)
        assert across.shape == (len(H), 9)
        torch.testing.assert_close(torch.einsum("pz,px->pzx", along, across).flatten(1), H.dense())


def test_a_missing_neighbour_makes_the_observation_missing_unless_it_has_no_weight():
    domain = plane(3, 2)  # x = 0, 10.5, 22 km
    x = vector(1, 2, torch.nan, 1, 2, torch.nan)
    H = LinearOperator(domain.interpolation(torch.tensor([[5, 0.1], [15, 0.1], [10.5, 0.1]], dtype=torch.float64)))
    assert H(x).isnan().tolist() == [False, True, False]
    H = LinearOperator(domain.area_means(torch.tensor([[3, 0.1], [22, 0.1]], dtype=torch.float64), 4.0))
    assert H(x).isnan().tolist() == [False, True]
    grid = region()  # columns at −6, −3, 0 °E and so on
    field = torch.where(grid.nodes().longitude == 0, torch.nan, 1.0).double()
    H = LinearOperator(grid.interpolation(torch.tensor([[45, -4], [45, -1], [45, -3], [45, 3]], dtype=torch.float64)))
    assert H(field).isnan().tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    ("name", "place", "says"),
    [
        ("region", (55, 3), r"observation 2 at 55\.00°N 3\.00°E lies outside the grid, which spans 42\.00 to 54\.00°N"),
        ("uneven", (45, 16), r"observation 2 at 45\.00°N 16\.00°E lies outside the grid"),
        ("plane", (50, 9), r"observation 2 at x = 50, z = 9 lies outside the domain, which spans 0 to 112 km in x"),
        ("plane", (-1, 1), r"observation 2 at x = -1, z = 1 lies outside"),
    ],
)
def test_an_observation_outside_the_domain_is_named(name, place, says):
    domain = DOMAINS[name]()
    where = torch.stack([domain.coordinates()[0], vector(*place)])
    for rows in (domain.interpolation, lambda at: domain.area_means(at, 100.0)):
        with pytest.raises(InputError, match=says):
            rows(where)


def test_places_that_do_not_exist_are_named():
    with pytest.raises(InputError, match="must be finite; at least one is NaN"):
        line().interpolation(vector(0.1, torch.nan)[:, None])
    with pytest.raises(InputError, match="lies at no station"):
        stations().interpolation(torch.tensor([[20.0, 0.0]], dtype=torch.float64))


def test_a_value_that_is_not_finite_is_refused():
    with pytest.raises(InputError, match="2 of 6 are NaN or infinite, the first is observation 2"):
        Observations(torch.tensor([[1.0, 2.0, torch.inf], [1.0, torch.nan, 2.0]]), torch.zeros(3, 1))
    with pytest.raises(InputError, match="2 observed values came for 3 places"):
        Observations(torch.zeros(2), torch.zeros(3, 1))


# ------------------------------------------------------------------------------------------------------- nonlinear


def nonlinear(function: str, seed: int = 0) -> PointwiseOperator:
    return PointwiseOperator(observing(plane(), 7, seed), function, 0.3, 1.7)


@pytest.mark.parametrize(
    ("function", "expected"),  # of u = (2 − 1) / 0.5 = 2 and u = −2
    [("square", (2.0, 2.0)), ("logarithm", (0.5493061443, -0.5493061443)), ("saturating", (0.4820137900, -0.4820137900))],
)
def test_values_by_hand(function, expected):
    H = PointwiseOperator(LinearOperator(line(4).interpolation(vector(0, 0.25)[:, None])), function, 1.0, 0.5)
    torch.testing.assert_close(H(vector(2, 0, 9, 9)), vector(*expected), rtol=1e-9, atol=0)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_tangent_linear_has_a_remainder_of_second_order(function):
    H = nonlinear(function)
    x, change = normal(H.inner.rows.size), 0.1 * normal(H.inner.rows.size, seed=1)
    remainder = [float((H(x + h * change) - H(x) - tangent_linear(H, x, h * change)).norm()) for h in (1e-1, 1e-2, 1e-3)]
    assert remainder[0] / remainder[1] == pytest.approx(100, rel=0.1)
    assert remainder[1] / remainder[2] == pytest.approx(100, rel=0.02)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_linearised_operator_is_the_derivative(function):
    H = nonlinear(function)
    x, change, y = normal(H.inner.rows.size), normal(H.inner.rows.size, seed=1), normal(7)
    tangent = H.linearise(x)
    torch.testing.assert_close(tangent(change), tangent_linear(H, x, change))
    torch.testing.assert_close(tangent.adjoint(y), adjoint(H, x, y))
    torch.testing.assert_close(tangent.dense(), torch.autograd.functional.jacobian(H, x))
    which = torch.tensor([5, 2])
    torch.testing.assert_close(H.of(which)(x), H(x)[which])
    assert not H.linear


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(FUNCTIONS), st.integers(0, 1000))
def test_adjoint_of_the_derivative(function, seed):
    H = nonlinear(function, seed)
    x, change, y = normal(H.inner.rows.size, seed=seed), normal(H.inner.rows.size, seed=seed + 1), normal(7, seed=seed)
    forward = tangent_linear(H, x, change)
    difference = (forward * y).sum() - (change * adjoint(H, x, y)).sum()
    assert float(difference.abs()) <= 1e-12 * float(forward.norm() * y.norm())


@pytest.mark.parametrize(("function", "slope"), [("square", 0.0), ("logarithm", 1.0), ("saturating", 1.0)])
def test_slope_at_the_reference_itself(function, slope):
    H = nonlinear(function)
    x = torch.full((H.inner.rows.size,), 0.3, dtype=torch.float64)
    expected = slope * H.inner(torch.ones_like(x))
    torch.testing.assert_close(tangent_linear(H, x, torch.ones_like(x)), expected)
    torch.testing.assert_close(H.linearise(x)(torch.ones_like(x)), expected)
    torch.testing.assert_close(adjoint(H, x, torch.ones(7, dtype=torch.float64)), slope * H.inner.dense().sum(0))


def test_a_bad_function_or_scale_is_named():
    with pytest.raises(InputError, match="one of square, logarithm, saturating; came 'cube'"):
        PointwiseOperator(observing(line(), 2), "cube", 0.0, 1.0)
    with pytest.raises(InputError, match="scale of a nonlinear observation operator must be positive; came 0"):
        PointwiseOperator(observing(line(), 2), "square", 0.0, 0.0)
