"""Where observations are placed, and what a click does."""

import pytest
import torch

from backends.errors import InputError
from backends.geometry.grid import LatLonGrid
from backends.observing.network import PLACEMENTS, Network, as_places, place, toggled, unit_noise
from backends.observing.operators import LinearOperator
from tests.backends.domains import DOMAINS, globe, line, plane, vector
from tests.backends.test_geometry import grid

GRID = grid(50, 58, 33, -10, 2, 49)
FINE = {"line": line(400), "plane": plane(60, 30), "region": GRID}


def everywhere(domain) -> torch.Tensor:
    return torch.ones(domain.size, dtype=torch.bool)


def placed(network: Network, domain) -> list[list[float]]:
    return place(network, domain, everywhere(domain)).tolist()


@pytest.mark.parametrize("name", FINE)
def test_more_random_observations_leave_the_first_where_they_are(name):
    few, many = (placed(Network(count=n, seed=7), FINE[name]) for n in (20, FINE[name].size))
    assert len(few) == 20
    assert many[:20] == few
    assert len({tuple(p) for p in many}) == FINE[name].size
    assert placed(Network(count=20, seed=8), FINE[name]) != few


def test_more_than_a_block_of_random_observations_leave_the_first_where_they_are():
    assert placed(Network(count=1500, seed=7), GRID)[:1100] == placed(Network(count=1100, seed=7), GRID)


@pytest.mark.parametrize("name", DOMAINS)
@pytest.mark.parametrize("placement", ["random", "grid"])
def test_every_place_can_be_observed(name, placement):
    domain = DOMAINS[name]()
    places = place(Network(placement, count=min(20, domain.size)), domain, everywhere(domain))
    assert places.shape[1] == len(domain.names)
    assert bool(torch.isfinite(LinearOperator(domain.interpolation(places))(torch.ones(domain.size).double())).all())


def test_random_places_are_uniform_over_the_area_of_the_sphere():
    domain = LatLonGrid(torch.linspace(-90, 90, 91).double(), torch.arange(0, 360, 2).double())
    places = place(Network(count=4000), domain, everywhere(domain))
    # sin φ is uniform on (−1, 1): mean 0, variance 1/3; longitudes are uniform on (0, 360).
    sine, turn = torch.deg2rad(places[:, 0]).sin(), places[:, 1] / 360
    assert abs(float(sine.mean())) < 3 * (1 / 3 / 4000) ** 0.5
    assert float(sine.var()) == pytest.approx(1 / 3, rel=0.05)
    assert abs(float(turn.mean()) - 0.5) < 3 * (1 / 12 / 4000) ** 0.5
    assert float(turn.var()) == pytest.approx(1 / 12, rel=0.05)


@pytest.mark.parametrize("name", FINE)
def test_a_grid_of_observations_is_regular_and_no_more_than_asked_for(name):
    places = torch.tensor(placed(Network("grid", count=100), FINE[name]))
    assert 80 <= len(places) <= 100
    axes = [sorted(set(axis.tolist())) for axis in places.T]
    assert len(places) == torch.tensor([len(axis) for axis in axes]).prod()
    for axis in axes:
        steps = torch.tensor(axis).diff()
        torch.testing.assert_close(steps, steps.mean().expand_as(steps), rtol=1e-3, atol=1e-4)


def test_a_grid_on_the_line_by_hand():
    assert placed(Network("grid", count=4), line()) == [[0.125], [0.375], [0.625], [0.875]]


def test_columns_stand_upright_from_bottom_to_top():
    domain = FINE["plane"]
    places = place(Network("columns", count=140, levels=20, seed=3), domain, everywhere(domain)).reshape(7, 20, 2)
    assert len(set(places[:, 0, 0].tolist())) == 7
    assert bool((places[:, :, 0] == places[:, :1, 0]).all())
    heights = torch.linspace(float(domain.z[0]), float(domain.z[-1]), 20, dtype=torch.float64)
    torch.testing.assert_close(places[:, :, 1], heights.expand(7, 20))
    more = placed(Network("columns", count=200, levels=20, seed=3), domain)
    assert more[:140] == places.reshape(-1, 2).tolist()
    assert len(placed(Network("columns", count=3, levels=20), domain)) == 20  # one column at least


def test_columns_need_a_plane():
    with pytest.raises(InputError, match="columns need a vertical plane"):
        placed(Network("columns", count=20), GRID)


def test_observations_avoid_missing_values():
    valid = GRID.nodes().longitude < -4
    field = torch.where(valid, 1.0, torch.nan).double()
    for network in (Network(count=200), Network("grid", count=200)):
        places = place(network, GRID, valid)
        assert len(places) > 50
        assert float(places[:, 1].max()) < -4
        assert bool(torch.isfinite(LinearOperator(GRID.interpolation(places))(field)).all())


def test_a_place_beside_a_missing_point_counts_where_that_has_no_weight():
    valid = GRID.nodes().longitude < -4  # columns from −4 on are missing, −4.25 is the last with values
    last = Network("clicked", places=((54.0, -4.25),))
    assert place(last, GRID, valid).tolist() == [[54.0, -4.25]]
    with pytest.raises(InputError, match="1 of the clicked observations lie where the field has no values"):
        place(Network("clicked", places=((54.0, -4.25), (54.0, -4.2))), GRID, valid)


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_no_observations_are_an_empty_network(placement):
    for domain in (line(), GRID):
        assert place(Network(placement, count=0), domain, everywhere(domain)).shape == (0, len(domain.names))


def test_clicked_places_are_kept_as_they_are():
    clicked = ((54.0, -4.0), (52.5, 1.0))
    assert placed(Network("clicked", count=3, places=clicked), GRID) == [list(p) for p in clicked]


@pytest.mark.parametrize(
    ("network", "says"),
    [
        (Network(count=GRID.size + 1), "1618 observations were asked for, but the field has only 1617 grid points"),
        (Network("clicked", places=((60.0, 0.0),)), "lies outside the grid"),
    ],
)
def test_an_impossible_network_is_named(network, says):
    with pytest.raises(InputError, match=says):
        place(network, GRID, everywhere(GRID))


def test_values_at_too_few_places_are_named():
    valid = torch.zeros(GRID.size, dtype=torch.bool)
    valid[::40] = True  # no four neighbours have values
    with pytest.raises(InputError, match="only 0 of 10 random observations found a place"):
        place(Network(count=10), GRID, valid)


def test_a_network_out_of_range_is_named():
    with pytest.raises(InputError, match="must not be negative; came -1"):
        Network(count=-1)
    with pytest.raises(InputError, match="must be one of random, grid, columns, clicked; came 'circle'"):
        Network("circle")
    with pytest.raises(InputError, match="at least one level; came 0"):
        Network(levels=0)


def test_a_click_adds_and_a_second_click_takes_away():
    one = toggled([], (54.0, -4.0), GRID)
    two = toggled(one, (52.0, -4.0), GRID)
    assert two == [(54.0, -4.0), (52.0, -4.0)]
    assert toggled(two, (54.05, -4.05), GRID) == [(52.0, -4.0)]


@pytest.mark.parametrize(
    ("domain", "start", "within", "beyond"),
    [  # two per cent of the line, across its end; of the plane's width or height; of the 8 degrees of height of the map
        (line(), (0.995,), (0.014,), (0.016,)),
        (plane(), (50.0, 1.0), (50 + 0.0199 * 112, 1.0), (50 + 0.0201 * 112, 1.0)),
        (plane(), (50.0, 1.0), (50.0, 1 + 0.0199 * 3.25), (50.0, 1 + 0.0201 * 3.25)),
        (GRID, (54.0, -4.0), (54.159, -4.0), (54.161, -4.0)),
        (globe(), (10.0, 359.0), (10.0, 1.0), (10.0, 3.0)),
    ],
)
def test_a_click_reaches_two_per_cent_of_the_domain(domain, start, within, beyond):
    assert toggled([start], within, domain) == []
    assert toggled([start], beyond, domain) == [start, beyond]


def test_places_take_the_precision_of_the_domain():
    assert as_places([(0.25,)], line()).dtype == torch.float64
    assert as_places([], GRID).shape == (0, 2)
    torch.testing.assert_close(as_places([(50, -4)], GRID), vector(50, -4)[None])


def test_more_noise_leaves_the_first_as_it_is():
    short, long = (unit_noise(n, torch.Generator().manual_seed(5)) for n in (10, 3000))
    assert torch.equal(short, long[:10])
    assert unit_noise(0, torch.Generator()).shape == (0,)
    assert float(long.std()) == pytest.approx(1, abs=4 / 6000**0.5)
    assert float(long.mean()) == pytest.approx(0, abs=4 / 3000**0.5)
