"""What is chosen on the tabs beside the map of the Explore page is in its address, whichever of them is looked at."""

import param
import pytest

from backends.fields.catalogue import Catalogue
from dashboard.address import query_of, tab_name
from dashboard.explore.views import KEYS, VIEWS
from tests.dashboard.helpers import LATITUDE, LONGITUDE, text_of
from tests.dashboard.test_address_explore import opened
from tests.files import dataset, write


def levelled(folder):
    """A file of two pressure levels, three members and four times, and its page."""
    data = dataset(LATITUDE, LONGITUDE)["t"].expand_dims(number=[0, 1, 2], level=[850, 500]).copy()
    data[{"level": 1}] += 30
    data[{"number": 2}] += 6
    data.level.attrs["units"] = "hPa"
    write(folder / "b.nc", data.to_dataset(name="t"))
    return Catalogue(folder)


def section(view):
    view._on_tap(41.0, 2.0)
    view._on_tap(45.5, 6.25)
    view.log.value = False


def hovmoller(view):
    view.across.value = "latitude"
    with param.edit_constant(view.band):
        view.band.value_throttled = (1.0, 5.0)


def regions(view):
    view.draw_region({"type": "rect", "x0": 1.00004, "x1": 5.0, "y0": 46.0, "y1": 41.0})
    view.draw_region({"type": "poly", "x": [0.5, 6.0, 3.25], "y": [40.5, 41.0, 46.0]})


def ensemble(view):
    view.side.value, view.threshold.value = "below", 281.5


def spectrum(view):
    view.spectrum.value, view.log.value = list(view.spectrum.options.values())[-1], True


def chunks(view):
    look = view.inspector
    look.kind.value = "A region, all times"
    look.part.value, look.across.value = 0.5, "level"
    look.sliders["latitude" if "latitude" in look.sliders else "lat"].value = 1


def compared(view):
    view.kind.value = "level"
    view.choice.value = 1


ON_TABS = {
    "Zonal mean": (lambda view: setattr(view.log, "value", False), "log_pressure=false"),
    "Section": (section, "line=[[41.0,2.0],[45.5,6.25]]"),
    "Profile": (lambda view: setattr(view.log, "value", False), "log_pressure=false"),
    "Hovmöller": (hovmoller, "across=latitude&band=[1.0,5.0]"),
    "Regions": (regions, "regions=[[1.0,5.0,41.0,46.0],[[0.5,40.5],[6.0,41.0],[3.25,46.0]]]"),
    "Ensemble": (ensemble, "probability=below&threshold=281.5"),
    "Statistics": (spectrum, "log_counts=true"),
    "Chunks": (chunks, "query=region"),
}


def look_at(page, name):
    page.views.tabs.active = ["Map", *VIEWS].index(name)
    page.wait()
    page.address.look()


def query(page):
    page.address.look()
    return query_of(page.address.now()).replace("%5B", "[").replace("%5D", "]")


def test_no_two_tabs_have_the_same_key():
    assert len(set(KEYS)) == len(KEYS)


@pytest.mark.parametrize("name", ON_TABS)
def test_what_is_chosen_on_a_tab_is_in_the_address(tmp_path, name):
    catalogue, (act, said) = levelled(tmp_path), ON_TABS[name]
    page = opened(catalogue, f"?v=1&dataset=b.nc&tab={tab_name(name)}")
    picture, before = page.state.picture, page.address.now()
    act(page.views.chosen())
    page.wait()
    after = page.address.now()
    assert said in query(page)
    other = opened(catalogue, query(page))
    assert not other.address.faults
    assert other.address.now() == after
    other.close()
    page.address.travel(query_of(before))
    page.wait()
    assert page.address.now() == before
    page.address.travel(query_of(after))
    page.wait()
    assert page.address.now() == after
    assert page.state.picture is picture  # the map is not drawn again for it
    page.close()


@pytest.mark.parametrize("name", [*ON_TABS, "Compare"])
def test_a_tab_that_is_not_looked_at_is_in_the_address(tmp_path, name):
    catalogue, (act, said) = levelled(tmp_path), {**ON_TABS, "Compare": (compared, "compare=level")}[name]
    page = opened(catalogue, "?v=1&dataset=b.nc")
    plain = page.address.now()
    look_at(page, name)
    begun = page.address.now()
    look_at(page, "Map")
    assert page.address.now() == plain  # it was looked at, and nothing was chosen
    look_at(page, name)
    act(page.views.chosen())
    page.wait()
    chosen = page.address.now()
    look_at(page, "Map")
    assert said in query(page)
    other = opened(catalogue, query(page))
    assert other.address.now() == page.address.now()
    assert not other.views._made  # what is hidden is not computed
    look_at(other, name)
    assert other.address.now() == chosen
    assert not other.address.faults
    other.close()
    # On the same page Back takes it from the tab that is hidden, too, and forward brings it again.
    page.address.travel(query_of(plain))
    assert page.address.now() == plain
    page.address.travel(query_of(chosen))
    page.wait()
    assert page.address.now() == chosen
    look_at(page, "Map")
    page.address.travel(query_of(plain))
    look_at(page, name)
    assert page.address.now() == begun
    page.close()


def test_a_line_that_is_not_on_earth_is_neither_drawn_nor_in_the_address(tmp_path):
    page = opened(levelled(tmp_path), "?v=1&dataset=b.nc&tab=section&line=[[41,2],[45,6]]")
    view = page.views.chosen()
    view.ends[0].value = 4135.0  # which the box lets through
    page.wait()
    assert "must be within" in text_of(view._problem)
    assert not view.body.visible
    assert "line" not in query(page)
    view.ends[0].value = 42.0
    page.wait()
    assert view.body.visible
    assert "line=[[42.0,2.0],[45.0,6.0]]" in query(page)
    page.close()


def test_a_page_that_begins_with_a_tab_gives_the_browser_no_map_until_that_is_looked_at(tmp_path):
    page = opened(levelled(tmp_path), "?v=1&dataset=b.nc&tab=statistics")
    assert page.map.figure is not None
    assert page.map.pane.object is None
    look_at(page, "Map")
    assert page.map.pane.object is page.map.figure
    look_at(page, "Section")
    assert page.map.pane.object is page.map.figure
    page.close()


def test_settings_of_several_tabs_stand_beside_each_other(tmp_path):
    catalogue, page = levelled(tmp_path), opened(levelled(tmp_path), "?v=1&dataset=b.nc")
    for name in ("Section", "Regions", "Chunks"):
        look_at(page, name)
        ON_TABS[name][0](page.views.chosen())
        page.wait()
    look_at(page, "Profile")
    assert page.views.chosen().log.value is False  # as on the section
    said = query(page)
    for name in ("Section", "Regions", "Chunks"):
        assert ON_TABS[name][1] in said
    other = opened(catalogue, said)
    assert other.address.now() == page.address.now()
    other.close()
    page.close()


def test_what_a_hidden_tab_waits_for_goes_with_what_it_was_said_of(tmp_path):
    catalogue = levelled(tmp_path)
    data = dataset(LATITUDE, LONGITUDE)
    write(tmp_path / "two.nc", data.assign(warmer=data["t"] + 10))
    page = opened(catalogue, "?v=1&dataset=two.nc&variable=t&line=[[41,2],[45,6]]&compare=variable&compare_with=warmer")
    page.state.choose_variable("warmer")
    page.wait()
    assert "line=" in query(page)  # which lies on the same grid
    assert "compare" not in query(page)  # with itself
    page.state.open("b.nc")
    page.wait()
    assert "line=" not in query(page)
    look_at(page, "Section")
    assert page.views.chosen().places != ((41.0, 2.0), (45.0, 6.0))
    assert not page.address.faults
    page.close()


def test_what_a_hidden_tab_cannot_show_is_said_when_it_is_looked_at(tmp_path):
    page = opened(levelled(tmp_path), "?v=1&dataset=b.nc&band=[60,70]")
    assert not page.address.faults
    look_at(page, "Hovmöller")
    (fault,) = page.address.faults
    assert "band: must lie between" in fault
    assert "band" not in query(page)
    page.close()


@pytest.mark.parametrize(
    ("tab", "wrong", "said"),
    [
        ("section", "line=[[41,2]]", "line"),
        ("section", "line=[[95,2],[41,3]]", "at most 90"),
        ("hovmoller", "band=[60,70]", "band: must lie between"),
        ("hovmoller", "across=time", "across: must be"),
        ("regions", "regions=[[0,1,2]]", "must be west, east, south and north"),
        ("regions", "regions=[[5,1,40,46]]", "western and southern edges"),
        ("regions", "regions=[[100,101,-10,-9]]", "regions: "),
        ("ensemble", "threshold=warm", "threshold: must be a number"),
        ("statistics", "spectrum=sphere", "spectrum: of this grid there is map"),
        ("chunks", "array=wind", "array: the file has t"),
        ("chunks", "position.level=9", "position: the array has"),
        ("chunks", "axes=[depth]", "axes: the array has"),
        ("chunks", "region_size=3", "region_size: must be at most 1"),
    ],
)  # fmt: skip
def test_what_a_tab_cannot_show_is_said(tmp_path, tab, wrong, said):
    page = opened(levelled(tmp_path), f"?v=1&dataset=b.nc&tab={tab}&{wrong}")
    (fault,) = page.address.faults
    assert said in fault
    assert page.address.now()
    page.close()
