"""The address of the Explore page: what it says shows the same field, and what is not there is said."""

import numpy as np
import pytest

from backends.fields.catalogue import Catalogue
from dashboard.address import query_of, tab_name
from dashboard.explore.address_keys import ExploreSettings
from dashboard.explore.page import ExplorePage
from dashboard.explore.views import VIEWS
from tests.dashboard.helpers import LATITUDE, LONGITUDE, SCRIPT, image
from tests.files import dataset, write
from tests.grids import icon


def opened(catalogue, query=""):
    page = ExplorePage(catalogue, query=query)
    page.content()
    page.wait()
    page.address.look()
    return page


def test_the_address_shows_the_same_field(catalogue):
    page = opened(catalogue, "?v=1&dataset=a.nc")
    state = page.state
    state.choose(state.time_axis.name, 2)
    state.choose_projection("globe")
    state.turn_to(40.0, 5.0)
    page.wait()
    state.set_limits(250.0, 300.0)
    state.pick(40.0, 4.0)
    page.overlays.contoured.value = state.variable
    page.views.tabs.active = 1 + list(VIEWS).index("Statistics")
    page.wait()
    page.address.look()
    query = page.address.bar.wanted["query"]
    label = state.time_axis.labels[2]
    for part in ("dataset=a.nc", f"at.{state.time_axis.name}={label[:10]}", "projection=globe", "low=250.0", "tab=statistics"):
        assert part in query
    other = opened(catalogue, query)
    assert not other.address.faults
    for name in ("dataset", "variable", "selection", "low", "high", "projection", "middle_latitude", "picked"):
        assert getattr(other.state, name) == getattr(state, name)
    assert other.views.tabs.active == page.views.tabs.active
    assert other.overlays.asked == page.overlays.asked
    np.testing.assert_array_equal(image(other.map), image(page.map))
    assert other.address.bar.wanted["query"] == ""  # it says already what it should
    page.close()
    other.close()


def test_going_back_brings_the_last_time(catalogue):
    page = opened(catalogue, "?v=1&dataset=a.nc")
    first, axis = page.address.bar.wanted["query"], page.state.time_axis.name
    page.state.choose(axis, 1)
    page.wait()
    page.address.look()
    assert not page.address.bar.wanted["step"]
    page.address.travel(first)
    page.wait()
    assert page.state.selection[axis] == 0
    page.close()


@pytest.mark.parametrize("key", ["dataset", "variable", "at.time", "projection", "contours", "wind", "tab", "low", "places"])
def test_script_tags_stay_text_and_are_said(catalogue, key):
    page = opened(catalogue, query_of((*(() if key == "dataset" else (("dataset", "a.nc"),)), (key, SCRIPT))))
    for pane in (page.address._said, page._problem, page.opening.problem, page._heading):
        assert "<script" not in pane.object
        assert "<img" not in pane.object
    assert page.address.faults or page.state.open_problem
    assert key == "dataset" or page.state.picture is not None
    page.close()


def test_a_dataset_that_is_not_there_is_said_above_the_page(catalogue):
    page = opened(catalogue, "?v=1&dataset=nothing.nc")
    assert page.address.faults == ("dataset: there is no file 'nothing.nc' in the data folder",)
    page.state.open("a.nc")  # as the list in the browser does with its first one
    page.wait()
    assert page.address.faults
    page.close()


def test_an_uploaded_file_is_in_no_address(catalogue, tmp_path):
    page = opened(catalogue, "?v=1&dataset=a.nc")
    page.state.upload("mine.nc", (tmp_path / "a.nc").read_bytes())
    page.wait()
    page.address.look()
    assert "data folder" in page.address.bar.wanted["refused"]
    page.close()


def test_the_tabs_of_addresses_are_those_of_the_page():
    for name in ("Map", *VIEWS):
        assert ExploreSettings.model_validate({"tab": tab_name(name)}).tab


def test_what_is_compared_is_in_the_address(catalogue):
    page = opened(catalogue, "?v=1&dataset=a.nc&tab=compare")
    before, view = page.address.now(), page.views.chosen()
    axis = page.state.time_axis
    view.kind.value = axis.name
    view.choice.value = 2
    page.wait()
    page.address.look()
    query = page.address.bar.wanted["query"]
    assert page.address.bar.wanted["step"]
    assert dict(page.address.now())["compare"] == axis.name
    assert dict(page.address.now())["compare_with"] == axis.labels[2]
    other = opened(catalogue, query)
    assert not other.address.faults
    assert other.views.chosen().chosen == {"compare": axis.name, "compare_with": axis.labels[2]}
    np.testing.assert_array_equal(other.views.chosen().found.values, view.found.values)
    mean = f"mean over {axis.name}"
    view.kind.value = mean
    page.wait()
    assert view.chosen == {"compare": mean, "compare_with": ""}
    picture = page.state.picture
    page.address.travel(query_of(before))
    page.wait()
    assert view.chosen == {name: dict(before)[name] for name in ("compare", "compare_with")}
    page.address.travel(query)
    page.wait()
    assert view.chosen == {"compare": axis.name, "compare_with": axis.labels[2]}
    assert page.state.picture is picture  # the map is not drawn again for it
    page.close()
    other.close()


@pytest.mark.parametrize("wrong", ["compare=wind", "compare=time&compare_with=tomorrow"])
def test_what_cannot_be_compared_is_said(catalogue, wrong):
    page = opened(catalogue, f"?v=1&dataset=a.nc&tab=compare&{wrong}")
    assert any(fault.startswith("compare") for fault in page.address.faults)
    assert page.views.chosen().found is not None
    page.close()


def test_the_list_of_variables_says_the_one_of_the_address(tmp_path):
    data = dataset(LATITUDE, LONGITUDE)
    write(tmp_path / "two.nc", data.assign(warmer=data["t"] + 10))
    page = opened(Catalogue(tmp_path), "?v=1&dataset=two.nc&variable=warmer")
    assert (page.state.variable, page.controls.variables.value) == ("warmer", "warmer")
    page.close()


def test_what_is_drawn_of_triangles_is_in_the_address(tmp_path):
    write(tmp_path / "icon.nc", icon())
    page = opened(Catalogue(tmp_path), "?v=1&dataset=icon.nc")
    assert "triangle" not in page.address.bar.wanted["query"]
    page.overlays.edges.value = page.overlays.careless.value = True
    page.wait()
    page.address.look()
    query = page.address.bar.wanted["query"]
    assert "triangle_edges=true" in query
    assert "careless_dateline=true" in query
    other = opened(Catalogue(tmp_path), query)
    assert not other.address.faults
    assert other.overlays.asked == page.overlays.asked
    assert other.overlays.edges.value
    assert other.overlays.careless.value
    other.address.travel("?v=1&dataset=icon.nc&triangle_edges=true")
    other.wait()
    assert (other.overlays.edges.value, other.overlays.careless.value) == (True, False)
    page.close()
    other.close()


@pytest.mark.parametrize("wrong", ["triangle_edges=perhaps", "careless_dateline=[1]", "triangle_edges=true"])
def test_triangles_that_cannot_be_drawn_are_said(catalogue, wrong):
    page = opened(catalogue, f"?v=1&dataset=a.nc&{wrong}&low=250&high=300")
    (fault,) = page.address.faults
    assert fault.startswith(wrong.split("=")[0])
    assert not page.overlays.asked.anything
    assert page.state.low == 250
    assert "triangle" not in page.address.bar.wanted["query"]
    page.close()
