"""Networks and twin experiments."""

import dataclasses

import pytest
import torch

from backends.assimilation.network import Network, place, toggled
from backends.assimilation.twin import TwinExperiment, TwinSettings
from backends.errors import InputError
from backends.observations import BilinearInterpolation
from tests.backends.test_geometry import grid

GRID = grid(50, 58, 33, -10, 2, 49)
EVERYWHERE = torch.ones(GRID.size, dtype=torch.bool)


def pairs(p):
    return list(zip(p.latitude.tolist(), p.longitude.tolist(), strict=True))


def experiment(**changes) -> TwinExperiment:
    nodes = GRID.nodes()
    truth = 280 + torch.sin(nodes.latitude) + torch.cos(nodes.longitude / 2)
    return TwinExperiment(GRID, changes.get("truth", truth), changes.get("background", truth.mean() + 0 * truth))


def test_more_random_observations_leave_the_first_where_they_are():
    few, many = (pairs(place(Network(count=n, seed=7), GRID, EVERYWHERE)) for n in (20, 1500))
    assert many[:20] == few
    assert len(set(many)) == 1500


def test_another_seed_places_differently():
    assert pairs(place(Network(seed=1), GRID, EVERYWHERE)) != pairs(place(Network(seed=2), GRID, EVERYWHERE))


def test_random_places_are_uniform_over_the_area_of_the_sphere():
    globe = grid(-90, 90, 181, -180, 179, 360)
    p = place(Network(count=4000), globe, torch.ones(globe.size, dtype=torch.bool))
    # sin(latitude) is uniform on (−1, 1): mean 0, variance 1/3.
    sine = torch.deg2rad(p.latitude).sin()
    assert abs(float(sine.mean())) < 3 * (1 / 3 / 4000) ** 0.5
    assert float(sine.var()) == pytest.approx(1 / 3, rel=0.05)


def test_a_grid_of_observations_is_regular_and_no_more_than_asked_for():
    p = place(Network("grid", count=100), GRID, EVERYWHERE)
    assert 80 <= len(p) <= 100
    assert len(set(p.latitude.tolist())) * len(set(p.longitude.tolist())) == len(p)


def test_observations_avoid_missing_values():
    valid = (GRID.nodes().longitude < -4) & EVERYWHERE
    for network in (Network(count=200), Network("grid", count=200)):
        p = place(network, GRID, valid)
        assert float(p.longitude.max()) < -4
        field = torch.where(valid, 1.0, torch.nan).double()
        assert bool(torch.isfinite(BilinearInterpolation(GRID, p)(field)).all())


@pytest.mark.parametrize(
    ("network", "says"),
    [
        (Network(count=GRID.size + 1), "1618 observations were asked for, but the field has only 1617 grid points"),
        (Network("clicked", places=((60.0, 0.0),)), "lies outside the grid"),
    ],
)
def test_an_impossible_network_is_named(network, says):
    with pytest.raises(InputError, match=says):
        place(network, GRID, EVERYWHERE)


def test_a_network_out_of_range_is_named():
    with pytest.raises(InputError, match="at least 1; came 0"):
        Network(count=0)
    with pytest.raises(InputError, match="must be one of random, grid, clicked; came 'circle'"):
        Network("circle")


def test_a_click_adds_and_a_second_click_takes_away():
    one = toggled([], 54.0, -4.0, GRID)
    two = toggled(one, 52.0, -4.0, GRID)
    assert two == [(54.0, -4.0), (52.0, -4.0)]
    assert toggled(two, 54.05, -4.05, GRID) == [(52.0, -4.0)]


def test_a_run_can_be_repeated_and_depends_on_the_seed():
    settings = TwinSettings(Network(count=50, seed=3))
    first, again = experiment().run(settings), experiment().run(settings)
    assert torch.equal(first.analysis.mean, again.analysis.mean)
    other = experiment().run(TwinSettings(Network(count=50, seed=4)))
    assert not torch.equal(first.observations.values, other.observations.values)


def test_sigma_o_scales_the_same_errors():
    e = experiment()
    errors = []
    for sigma_o in (0.5, 1.0):
        result = e.run(TwinSettings(Network(count=50), sigma_o=sigma_o))
        errors.append(result.observations.values - BilinearInterpolation(GRID, result.observations.points)(e.truth))
    torch.testing.assert_close(2 * errors[0], errors[1])


def test_observing_improves_on_the_background():
    result = experiment().run(TwinSettings(Network(count=200), sigma_b=1.0, length=80.0, sigma_o=0.1))
    assert result.rmse_analysis < 0.5 * result.rmse_background


def test_missing_grid_points_are_left_out_of_the_scores_and_of_the_network():
    e = experiment()
    truth = torch.where(GRID.nodes().latitude > 55, torch.nan, e.truth)
    result = experiment(truth=truth).run(TwinSettings(Network(count=100)))
    assert 0 < result.rmse_analysis < result.rmse_background
    assert float(result.observations.points.latitude.max()) <= 55


def test_a_field_of_nans_is_refused():
    with pytest.raises(InputError, match="no values: every grid point is missing"):
        experiment(truth=torch.full((GRID.size,), torch.nan, dtype=torch.float64))


def test_a_field_of_another_grid_is_refused():
    with pytest.raises(InputError, match=r"truth has shape \(3,\), its grid expects \(1617,\)"):
        experiment(truth=torch.zeros(3))


@pytest.mark.parametrize(
    ("change", "says"), [({"sigma_o": 0.0}, "σ_o"), ({"sigma_b": 0.0}, "σ_b"), ({"length": 0.0}, "L must")]
)
def test_settings_out_of_range_are_named(change, says):
    with pytest.raises(InputError, match=says):
        experiment().run(dataclasses.replace(TwinSettings(), **change))


def test_suggested_settings_suit_the_field():
    e = experiment()
    start = e.suggested(Network())
    assert start.sigma_b == pytest.approx(e.rmse_background, rel=0.06)
    assert start.sigma_o == pytest.approx(start.sigma_b / 4, rel=0.1)
    assert start.length == 130
