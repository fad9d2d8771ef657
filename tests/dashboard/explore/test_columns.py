"""The columns of CSV files, said by a person on the Explore page, without a browser."""

import numpy as np
import pytest

from backends.fields.catalogue import Catalogue
from backends.observations.columns import Columns
from dashboard.explore.observations import file_state
from dashboard.explore.page import ExplorePage
from tests.dashboard.explore.conftest import read_here
from tests.dashboard.helpers import SCRIPT, text_of
from tests.files import regional

UNCLEAR = "a,b,c,when,p\n" + "\n".join(f"{40 + k},{k},{10 + k},2021-05-16T12:00,850" for k in range(7))
CLEAR = "station,lat,lon,T [°C],x\n" + "\n".join(f"S{k},{40 + k},{k},{10 + k},{k}" for k in range(7))


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A page that shows a field; files are read here, as another process takes seconds to start."""
    monkeypatch.setattr(file_state, "table_for_maps", read_here)
    regional(tmp_path / "a.nc")
    (tmp_path / "unclear.csv").write_text(UNCLEAR)
    (tmp_path / "clear.csv").write_text(CLEAR)
    page = ExplorePage(Catalogue(tmp_path), "a.nc")
    page.content()
    wait(page)
    yield page
    page.close()


def wait(page):
    for _ in range(4):  # decoding leads to choosing, and that to counting and drawing
        page.state.wait()


def opened(page, key):
    page.opening.path.value = key
    wait(page)
    return page.opening.columns


def press(page, button):
    button.clicks += 1
    wait(page)


def choose(panel, units="degC", variable="air_temperature"):
    panel.roles["latitude"].value, panel.roles["longitude"].value = 0, 1
    value = panel.values[0]
    value.column.value, value.variable.value, value.units.value = 2, variable, units


def test_a_file_whose_columns_are_unclear_is_asked_about(page):
    panel = opened(page, "unclear.csv")
    assert panel.pane.visible
    assert panel.button.visible
    assert "Columns of unclear.csv" in panel._heading.object
    assert "which column is latitude and which is longitude" in text_of(panel._problem)
    assert panel.table.object.count("<tr>") == 1 + 5
    assert list(panel.level.options) == ["–", "a", "b", "c", "when", "p"]
    assert page.state.dataset == "a.nc"
    assert not page.state.reading
    choose(panel)
    panel.roles["time"].value, panel.level.value = 3, 4
    press(page, panel.read)
    table = page.state.observations.table
    assert not panel.pane.visible
    assert not page.state.open_problem
    assert page.state.dataset == "unclear.csv"
    np.testing.assert_allclose(table.value, 283.15 + np.arange(7), rtol=1e-6)
    np.testing.assert_allclose(table.level, 85_000.0)
    assert set(table.time) == {np.datetime64("2021-05-16T12:00")}


def test_what_was_said_is_remembered_for_the_file(page):
    choose(opened(page, "unclear.csv"))
    press(page, page.opening.columns.read)
    opened(page, "a.nc")
    assert not page.opening.columns.button.visible
    panel = opened(page, "unclear.csv")
    assert not panel.pane.visible
    assert page.state.dataset == "unclear.csv"
    press(page, panel.button)
    assert panel.pane.visible
    assert [value.variable.value for value in panel.values] == ["air_temperature"]
    assert panel.values[0].units.value == "degC"
    (page.state.catalogue.folder / "unclear.csv").write_text(UNCLEAR + "\n50,10,20,2021-05-16T12:00,850")
    assert opened(page, "unclear.csv").pane.visible  # another file by the same name


def test_guessed_columns_are_changed_on_request(page):
    panel = opened(page, "clear.csv")
    assert page.state.dataset == "clear.csv"
    assert not panel.pane.visible
    press(page, panel.button)
    assert panel.pane.visible
    assert not text_of(panel._problem)
    assert {role: select.value for role, select in panel.roles.items() if select.value >= 0} == {
        "station": 0, "latitude": 1, "longitude": 2,
    }  # fmt: skip
    assert panel.columns() == Columns(
        {"station": "station", "latitude": "lat", "longitude": "lon"}, {"T [°C]": "air_temperature"}, {"T [°C]": "°C"}
    )
    press(page, panel.add)
    panel.values[1].column.value, panel.values[1].units.value = 4, "ppb"
    press(page, panel.read)
    table = page.state.observations.table
    assert table.variable.counts() == {"air_temperature": 7, "x": 7}
    assert table.units["x"] == "ppb"


def test_a_missing_unit_is_asked_for(page):
    panel = opened(page, "unclear.csv")
    choose(panel, units="")
    for _ in range(2):
        press(page, panel.read)
        assert panel.pane.visible
        assert "air_temperature of unclear.csv has no unit, and values of about 13, not K" in text_of(panel._problem)
    assert panel.values[0].column.value == 2  # what was chosen stays
    panel.values[0].units.value = "hPa"
    press(page, panel.read)
    assert "Column c must have a unit that can be turned into K; came &#x27;hPa&#x27;" in text_of(panel._problem)
    panel.values[0].units.value = "°C"
    press(page, panel.read)
    assert not panel.pane.visible
    assert page.state.dataset == "unclear.csv"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda d: setattr(d.roles["longitude"], "value", -1), "which column is longitude"),
        (lambda d: setattr(d.roles["longitude"], "value", 3), "Column when of unclear.csv must hold numbers"),
        (lambda d: setattr(d.roles["time"], "value", 4), "Column p of unclear.csv must hold times"),
        (lambda d: setattr(d.values[0].column, "value", -1), "which column is a variable, or variable and value"),
        (lambda d: d._add(2, "wind_speed", "m/s"), "for one value only; came c for two"),
        (lambda d: (d._add(1, "", ""), setattr(d.roles["variable"], "value", 3)), "one column must have all values; came 2"),
    ],
)
def test_a_wrong_column_is_named_in_the_panel(page, change, problem):
    panel = opened(page, "unclear.csv")
    choose(panel)
    change(panel)
    press(page, panel.read)
    assert panel.pane.visible
    assert problem in text_of(panel._problem)
    assert page.state.dataset == "a.nc"


def test_a_question_that_is_closed_can_be_asked_again(page):
    panel = opened(page, "unclear.csv")
    press(page, panel.cancel)
    assert page.state.observations.question is None
    assert page.state.dataset == "a.nc"
    press(page, panel.button)
    assert panel.pane.visible


def test_uploads_are_asked_about_and_their_texts_escaped(page):
    page.state.upload("mine.csv", UNCLEAR.replace("when", SCRIPT).replace("2021", SCRIPT).encode())
    wait(page)
    panel = page.opening.columns
    assert panel.pane.visible
    assert "<script>" not in panel.table.object
    assert panel.table.object.count("&lt;script&gt;") == 1 + 5


def test_each_row_may_name_its_variable(page):
    (page.state.catalogue.folder / "rows.csv").write_text("y,x,what,number\n50,10,T,280\n51,11,u,5\n")
    panel = opened(page, "rows.csv")
    panel.roles["latitude"].value, panel.roles["longitude"].value, panel.roles["variable"].value = 0, 1, 2
    panel.values[0].column.value = 3
    press(page, panel.read)
    assert page.state.observations.table.variable.texts() == ["air_temperature", "eastward_wind"]
