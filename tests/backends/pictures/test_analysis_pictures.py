"""An analysis as it is kept: the script makes the same numbers as the page, files say what they hold, names break nothing."""

import csv
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray as xr

from backends.errors import InputError
from backends.experiments.pictures import marks, states
from backends.experiments.prepare import prepare
from backends.experiments.run import from_yaml
from backends.fields.catalogue import Catalogue
from backends.fields.readers import open_dataset
from backends.pictures.analysis import analysis
from backends.pictures.save import save
from backends.pictures.scripts import analysis_script
from tests.backends.pictures.scripts import WAYS, run, run_here
from tests.files import regional

LINE = "kind: analysis\ncase: {name: periodic-1d, sigma: 1.0, length: 0.08, correlation: gaussian}\nobservations: {count: 12}\n"
NASTY = 'a"$x_1$<b>&\'"""+print(1).nc'
FIELD = {"kind": "analysis", "case": {"name": "field", "path": NASTY, "variable": "t", "lag": 1},
         "observations": {"count": 20, "gross_probability": 0.2}, "method": {"background_check": 3.0}}  # fmt: skip


def made(settings, folder):
    prepared = prepare(settings.case, Catalogue(folder))
    outcome = prepared.experiment.run(settings)
    return outcome, analysis(prepared, outcome)


@pytest.fixture(scope="module")
def over_field(tmp_path_factory):
    """A field whose file has a name that would break markup, formulas and Python."""
    from backends.experiments.run import settings_from

    folder = tmp_path_factory.mktemp("data")
    regional(folder / NASTY)
    settings = settings_from(FIELD)
    return folder, settings, *made(settings, folder)


def test_the_script_of_a_line_makes_the_same_numbers_and_the_same_picture(tmp_path):
    settings = from_yaml(LINE)
    outcome, exhibit = made(settings, tmp_path)
    save(exhibit, tmp_path / "own.png")
    run(analysis_script(settings, "line"), tmp_path, "out.nc", "out.png")
    assert (tmp_path / "out.png").read_bytes() == (tmp_path / "own.png").read_bytes()
    with xr.open_dataset(tmp_path / "out.nc") as data:
        for name, values in states(outcome).items():
            np.testing.assert_allclose(data[name], values, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(data["innovation"], marks(outcome).innovation, rtol=1e-6, atol=1e-6)


def test_a_script_that_is_asked_for_nothing_says_how_to_ask(tmp_path):
    with pytest.raises(SystemExit, match=r"PYTHONPATH=\. \.venv/bin/python PATH/line\.py out\.png"):
        run_here(analysis_script(from_yaml(LINE), "line"), tmp_path)


@WAYS
def test_a_name_can_neither_break_a_script_nor_be_run_by_it(over_field, way):
    folder, settings, outcome, _ = over_field
    way(analysis_script(settings, "field"), folder, "out.nc")
    with xr.open_dataset(folder / "out.nc") as data:
        np.testing.assert_allclose(data["analysis"].values.ravel(), states(outcome)["analysis"], rtol=1e-6)


def test_netcdf_follows_the_conventions_and_is_read_by_the_explore_page(over_field, tmp_path):
    _, _, outcome, exhibit = over_field
    save(exhibit, tmp_path / "a.nc")
    with xr.open_dataset(tmp_path / "a.nc") as data:
        assert data.attrs["Conventions"] == "CF-1.8"
        assert "background_check: 3.0" in data.attrs["history"]
        assert data["lat"].attrs == {"standard_name": "latitude", "units": "degrees_north"}
        assert data["analysis"].attrs["units"] == "K"
        assert data["innovation"].encoding["coordinates"] == "observation_lat observation_lon"
        np.testing.assert_array_equal(data["used"], outcome.used)
        assert 0 < int(data["used"].sum()) < data["used"].size
    dataset = open_dataset(tmp_path / "a.nc")
    assert {"truth", "background", "analysis", "increment", "error", "spread"} <= set(dataset.variables)
    np.testing.assert_allclose(dataset.field("increment", {}).values.ravel(), states(outcome)["increment"], rtol=1e-6)


def test_a_table_has_units_in_its_first_row_and_numbers_that_are_read_back_exactly(over_field, tmp_path):
    _, _, outcome, exhibit = over_field
    save(exhibit, tmp_path / "a.csv")
    save(exhibit, tmp_path / "a.observations.csv")
    assert b"\r\n" in (tmp_path / "a.csv").read_bytes()
    with (tmp_path / "a.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head[:3] == ["latitude [degrees north]", "longitude [degrees east]", "truth [K]"]
    column = np.array([row[head.index("analysis [K]")] for row in rows], np.float32)
    np.testing.assert_array_equal(column, states(outcome)["analysis"])
    with (tmp_path / "a.observations.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    np.testing.assert_array_equal([int(row[head.index("used")]) for row in rows], outcome.used)
    np.testing.assert_array_equal(np.array([row[2] for row in rows], np.float32), marks(outcome).values)


def test_svg_holds_texts_units_and_all_observations(over_field, tmp_path):
    _, _, outcome, exhibit = over_field
    save(exhibit, tmp_path / "a.svg")
    tree = ElementTree.parse(tmp_path / "a.svg")
    texts = ["".join(text.itertext()) for text in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert any(text.startswith("Analysis x_a") for text in texts)
    assert "longitude [°E]" in texts
    assert any(text.endswith("[K]") for text in texts)
    groups = [g for g in tree.iter("{http://www.w3.org/2000/svg}g") if re.match("PathCollection", g.get("id", ""))]
    drawn = len(list(groups[0].iter("{http://www.w3.org/1999/xlink}use"))) or len(
        list(groups[0].iter("{http://www.w3.org/2000/svg}use"))
    )
    assert drawn == int(outcome.used.sum())


def test_an_ending_that_is_not_known_is_refused(over_field, tmp_path):
    with pytest.raises(InputError, match=r"a\.gif must end in \.png, \.svg, \.nc, \.csv, \.observations\.csv"):
        save(over_field[3], tmp_path / "a.gif")


def test_a_table_that_is_too_large_is_refused(over_field, tmp_path, monkeypatch):
    monkeypatch.setattr("backends.pictures.save.MOST_ROWS", 10)
    with pytest.raises(InputError, match="a table has at most 10 rows, this would have"):
        save(over_field[3], tmp_path / "a.csv")
    monkeypatch.setattr("backends.pictures.save.MOST_VALUES", 10)
    with pytest.raises(InputError, match="has at most 10 values, this would have"):
        save(over_field[3], tmp_path / "a.nc")
    assert list(tmp_path.iterdir()) == []
