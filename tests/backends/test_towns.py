"""Towns, and the grid point nearest to each, against every distance by a formula of its own."""

import pytest
import torch

from backends.errors import InputError
from backends.geometry.grid import LatLonGrid
from backends.geometry.sphere import EARTH_RADIUS_KM, nearest
from backends.geometry.towns import TOWNS, within
from tests.backends.test_geometry import vincenty


def grid(south: float, north: float, west: float, east: float, step: float) -> LatLonGrid:
    axes = (torch.arange(low, high + step / 2, step, dtype=torch.float64) for low, high in ((south, north), (west, east)))
    return LatLonGrid(*axes)


@pytest.mark.parametrize("area", [
    grid(35, 72, -15, 35, 2.5),  # Europe
    grid(-40, 20, 160, 200, 2.0),  # across the dateline, counted on beyond 180
    grid(-90, 90, 0, 357, 3.0),  # the globe
])  # fmt: skip
def test_the_nearest_point_is_the_one_with_the_least_of_all_distances(area):
    nodes = area.nodes()
    places = list(zip(nodes.latitude.tolist(), nodes.longitude.tolist(), strict=True))
    for latitude, longitude in [(52.40, 13.06), (-18.14, 178.44), (-18.9, -179.4), (5.0, -161.0), (21.31, -157.86)]:
        distances = [vincenty((latitude, longitude), place) for place in places]
        index, km = nearest(nodes, latitude, longitude)
        assert km == pytest.approx(min(distances), abs=1e-3)
        assert distances[index] == pytest.approx(min(distances), abs=1e-6)


def test_a_place_just_beyond_the_dateline_is_near():
    index, km = nearest(grid(-20, -18, 175, 180, 1.0).nodes(), -19.0, -179.5)
    assert index == 6 + 5  # second row, last column
    quarter_degree = torch.tensor(0.25).deg2rad()
    chord = 2 * torch.cos(torch.tensor(-19.0).deg2rad()) * torch.sin(quarter_degree)
    assert km == pytest.approx(float(2 * EARTH_RADIUS_KM * torch.asin(chord / 2)), rel=1e-4)


def test_towns_are_offered_where_the_map_holds_them():
    fiji = [town.name for town in within(-25, -10, 170, 190)]
    assert fiji == ["Suva"]
    assert [town.name for town in within(-25, -10, 176, 179)] == ["Suva"]
    britain = {town.name for town in within(49.9, 58.0, -10.0, 2.0)}
    assert {"Reading", "Galway", "Norwich"} <= britain
    assert not britain & {"Paris", "Amsterdam", "Reykjavík"}
    assert len(within(-90, 90, -180, 180)) == len(within(-90, 90, 0, 360)) == len(TOWNS)


def test_towns_have_one_name_each_and_lie_in_the_world():
    assert len({town.name for town in TOWNS}) == len(TOWNS) > 130
    assert sum(len(town.country) == 2 and abs(town.latitude) < 90 and abs(town.longitude) <= 180 for town in TOWNS) == len(
        TOWNS
    )
    london, paris = (next(town for town in TOWNS if town.name == name) for name in ("London", "Paris"))
    apart = vincenty((london.latitude, london.longitude), (paris.latitude, paris.longitude))
    assert apart == pytest.approx(344, abs=2)  # as atlases have it


def test_a_place_beyond_a_pole_is_refused():
    with pytest.raises(InputError, match="latitude must lie between"):
        nearest(grid(0, 10, 0, 10, 1.0).nodes(), 91.0, 0.0)
