"""The part of a field's map that is looked at is in the address of the Explore page."""

import numpy as np
import pytest

from backends.fields.raster import Window
from tests.dashboard.test_address_explore import opened


def zoomed(page, west, east, south, north):
    """Zoom as a browser does, which sets the ends of the axes and tells of it."""
    page.map.figure.x_range.update(start=west, end=east)
    page.map.figure.y_range.update(start=south, end=north)
    page._on_window(Window(west, east, south, north))
    page.wait()
    page.address.look()


@pytest.mark.parametrize("projection", ["lat-lon", "globe"])
def test_the_part_of_the_map_that_is_looked_at_is_in_the_address(catalogue, projection):
    page = opened(catalogue, f"?v=1&dataset=a.nc&projection={projection}")
    assert "zoom" not in page.address.bar.wanted["query"]
    first, x, y = page.map._whole, page.map.figure.x_range, page.map.figure.y_range
    wide, high = x.end - x.start, y.end - y.start
    part = (x.start + wide / 3, x.start + wide / 2, y.start + high / 4, y.start + high / 3)
    zoomed(page, *part)
    query, step = page.address.bar.wanted["query"], page.address.bar.wanted["step"]
    assert "zoom=" in query
    assert not step  # Back would else go through each turn of the wheel
    other = opened(catalogue, query)
    assert not other.address.faults
    seen = other.map.part
    np.testing.assert_allclose([seen.west, seen.east, seen.south, seen.north], part, atol=wide / 1e4)
    assert other.address.bar.wanted["query"] == ""
    assert (other.map.figure.x_range.reset_start, other.map.figure.x_range.reset_end) == (first.west, first.east)
    # On the same page nothing is opened anew, and all of the map comes back.
    before = other.state.opened
    other.address.travel(f"?v=1&dataset=a.nc&projection={projection}")
    other.wait()
    assert other.map.part is None
    assert other.state.opened is before
    page.close()
    other.close()


@pytest.mark.parametrize(
    ("zoom", "says"),
    [("[20,10,30,40]", "zoom: must be west, east, south and north"), ("[170,175,40,45]", "zoom: lies beside the map")],
)
def test_a_part_that_is_none_of_the_map_is_said(catalogue, zoom, says):
    page = opened(catalogue, f"?v=1&dataset=a.nc&zoom={zoom}")
    assert any(says in fault for fault in page.address.faults)
    assert page.map.part is None
    assert page.state.picture is not None
    page.close()


def test_another_map_is_looked_at_as_a_whole(catalogue):
    page = opened(catalogue, "?v=1&dataset=a.nc&zoom=[0,10,40,45]")
    assert page.map.part == Window(0, 10, 40, 45)
    page.state.choose_projection("robinson")
    page.wait()
    page.address.look()
    assert page.map.part is None
    assert "zoom" not in page.address.bar.wanted["query"]
    page.close()
