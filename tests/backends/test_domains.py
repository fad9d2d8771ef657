"""The domains that are no latitude–longitude grid, and what all of them have in common."""

import pytest
import torch

from backends.errors import InputError
from backends.geometry.domain import bracket, centres, one_hot_rows, rows_of
from backends.geometry.line import PeriodicLine
from backends.geometry.plane import VerticalPlane
from backends.geometry.scattered import ScatteredPoints
from backends.geometry.sphere import Points, great_circle_distance
from tests.backends.domains import DOMAINS, line, plane, stations, vector

ONE = Points(vector(50), vector(10))


@pytest.mark.parametrize("name", [*DOMAINS, "stations"])
def test_coordinates_weights_and_sizes_fit_together(name):
    domain = {**DOMAINS, "stations": stations}[name]()
    assert domain.size == torch.tensor(domain.shape).prod()
    assert domain.coordinates().shape == (domain.size, len(domain.names))
    assert len(domain.units) == len(domain.names)
    assert domain.area_weights().shape == (domain.size,)
    assert float(domain.area_weights().sum()) == pytest.approx(1)
    x = domain.coordinates()
    assert bool((domain.apart(x, x[3]) >= 0).all())
    assert int(domain.apart(x, x[3]).argmin()) == 3
    distance = domain.distance(x, x)
    torch.testing.assert_close(distance, distance.T)
    assert float(distance.diagonal().abs().max()) < 1e-6


@pytest.mark.parametrize("name", DOMAINS)
def test_numbers_of_the_unit_interval_fill_the_domain(name):
    domain = DOMAINS[name]()
    u = torch.rand(500, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    places, x = domain.uniform(u), domain.coordinates()
    domain.interpolation(places)  # none lies outside
    span = x.max(0).values - x.min(0).values
    assert bool((places.max(0).values - places.min(0).values > 0.95 * span).all())


def test_distance_round_the_line():
    d = line().distance(vector(0.1, 0.9)[:, None], vector(0.0, 0.3, 0.6)[:, None])
    torch.testing.assert_close(d, torch.tensor([[0.1, 0.2, 0.5], [0.1, 0.4, 0.3]], dtype=torch.float64))
    torch.testing.assert_close(line(4).coordinates()[:, 0], vector(0, 0.25, 0.5, 0.75))


def test_the_plane_lies_row_by_row():
    domain = VerticalPlane(vector(0, 10, 30), vector(0, 2))
    expected = torch.tensor([[0, 0], [10, 0], [30, 0], [0, 2], [10, 2], [30, 2]], dtype=torch.float64)
    torch.testing.assert_close(domain.coordinates(), expected)
    assert domain.shape == (2, 3)
    assert domain.extent == (0, 30, 0, 2)
    torch.testing.assert_close(domain.apart(vector(15, 1)[None], vector(0, 0)), vector(0.5**0.5))


def test_errors_on_the_plane_are_apart_along_a_profile_alone():
    at = torch.tensor([[10.0, 0.5], [10.0, 2.0], [11.0, 0.5]], dtype=torch.float64)
    torch.testing.assert_close(plane().distance(at, at)[0], vector(0, 1.5, torch.inf))


def test_stations_are_picked_by_number_or_by_place():
    domain = stations()
    which = torch.tensor([4, 0, 9])
    torch.testing.assert_close(domain.choose(which).index[:, 0], which)
    torch.testing.assert_close(domain.interpolation(domain.coordinates()[which]).index[:, 0], which)
    assert len(domain.interpolation(torch.zeros(0, 2, dtype=torch.float64))) == 0
    expected = great_circle_distance(domain.points[which], domain.points)
    torch.testing.assert_close(domain.distance(domain.coordinates()[which], domain.coordinates()), expected)


def test_stations_cannot_be_placed_or_averaged():
    domain = stations()
    with pytest.raises(InputError, match="cannot be placed among them"):
        domain.uniform(torch.rand(3, 2))
    with pytest.raises(InputError, match="cannot be placed among them"):
        domain.regular(3)
    with pytest.raises(InputError, match="there is no area to average over"):
        domain.area_means(domain.coordinates(), 1.0)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: PeriodicLine(3), "at least 4 points; came 3"),
        (lambda: VerticalPlane(vector(0, 1), vector(1)), "the z axis of a vertical plane must increase"),
        (lambda: VerticalPlane(vector(0, 1, 1), vector(0, 1)), "the x axis of a vertical plane must increase"),
        (
            lambda: ScatteredPoints(Points(vector(1), vector(2)), vector(0, 1)),
            r"1 stations need as many heights; came shape \(2,\)",
        ),
        (lambda: ScatteredPoints(ONE, vector(torch.nan)), "heights of stations must be finite"),
    ],
)
def test_a_bad_domain_is_named(make, says):
    with pytest.raises(InputError, match=says):
        make()


def test_helpers_by_hand():
    lower, fraction = bracket(vector(0, 1, 3, 7), vector(0, 0.5, 1, 6, 7))
    assert lower.tolist() == [0, 0, 1, 2, 2]
    torch.testing.assert_close(fraction, vector(0, 0.5, 0, 0.75, 1))
    torch.testing.assert_close(centres(4), vector(0.125, 0.375, 0.625, 0.875))
    matrix = torch.tensor([[0, 0.5, 0, 0.5], [1, 0, 0, 0]], dtype=torch.float64)
    index, weight = rows_of(matrix)
    assert index.shape == (2, 2)
    torch.testing.assert_close(one_hot_rows(4, index, weight), matrix)
