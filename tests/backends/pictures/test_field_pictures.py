"""A map as it is kept: files hold the field as it is, and are read again."""

import csv

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import PathCollection
from matplotlib.markers import MarkerStyle

from backends.errors import InputError
from backends.fields.dataset import FieldDataset
from backends.fields.ensemble import ensemble
from backends.fields.picture import look_at
from backends.fields.readers import open_dataset
from backends.pictures.drawing import Drawing
from backends.pictures.ensemble import Beyond, members
from backends.pictures.field import field
from backends.pictures.field_maps import picked, small_map
from backends.pictures.paint import _figure
from backends.pictures.save import save
from tests.files import dataset as known_times
from tests.files import regional
from tests.grids import GRIDS


@pytest.fixture
def dataset(tmp_path):
    regional(tmp_path / "a.nc")
    return open_dataset(tmp_path / "a.nc")


def test_netcdf_of_a_map_is_opened_again_with_its_time_and_unit(dataset, tmp_path):
    picture = look_at(dataset, "t", {"time": 1})
    save(field(picture, (250.0, 300.0)), tmp_path / "kept.nc")
    again = open_dataset(tmp_path / "kept.nc")
    assert again.variable("t").units == dataset.variable("t").units
    assert again.variable("t").time == dataset.variable("t").axis("time").times[1]
    np.testing.assert_array_equal(again.field("t", {}).values, picture.field.values)


@pytest.mark.parametrize("name", ["healpix-ring", "curvilinear", "icon"])
def test_grids_of_other_kinds_are_opened_again_with_the_same_values_at_the_same_places(name, tmp_path):
    GRIDS[name][0]().to_netcdf(tmp_path / "grid.nc")
    dataset = open_dataset(tmp_path / "grid.nc")
    variable = next(iter(dataset.variables))
    picture = look_at(dataset, variable, {})
    save(field(picture, (0.0, 1.0)), tmp_path / "kept.nc")
    again = open_dataset(tmp_path / "kept.nc")
    kept = again.field(variable, {})
    np.testing.assert_array_equal(kept.values.ravel(), picture.field.values.ravel())
    for own, written in zip(kept.variable.mesh.places(), picture.field.variable.mesh.places(), strict=True):
        apart = np.abs((own - written + 180) % 360 - 180)
        assert np.nanmax(apart) < 1e-4


def test_a_table_of_a_map_has_a_row_for_each_cell(dataset, tmp_path):
    picture = look_at(dataset, "t", {"time": 1})
    save(field(picture, (250.0, 300.0)), tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["latitude [degrees north]", "longitude [degrees east]", "t [K]"]
    table = np.array(rows, dtype=np.float64)
    row, column = 3, 7
    grid = picture.field.variable.grid
    there = table[(table[:, 0] == float(grid.latitude[row])) & (table[:, 1] == float(grid.longitude[column]))]
    assert there.shape == (1, 3)
    assert np.float32(there[0, 2]) == picture.field.values[row, column]


def test_series_that_are_not_there_are_asked_for(dataset, tmp_path):
    with pytest.raises(InputError, match="there are no series; click places on the map first"):
        save(field(look_at(dataset, "t", {}), (250.0, 300.0)), tmp_path / "a.series.csv")


def test_the_part_that_is_seen_is_what_is_drawn(dataset):
    from backends.fields.raster import Window

    picture = look_at(dataset, "t", {})
    (panel,) = field(picture, (250.0, 300.0), seen=Window(-5, 5, 40, 50)).drawing().panels
    assert panel.edges == Window(-5, 5, 40, 50)


def test_picked_places_are_drawn_with_markers_of_their_own(dataset):
    places = picked(np.array([0.0, 5.0, 10.0]), np.array([40.0, 45.0, 50.0]))
    panel = small_map(look_at(dataset, "t", {}).field, (250.0, 300.0), places)
    drawn = [found for found in _figure(Drawing("", [panel])).axes[0].collections if isinstance(found, PathCollection)]
    for found, letter in zip(drawn, "soP", strict=True):
        style = MarkerStyle(letter)
        expected = style.get_path().transformed(style.get_transform())
        np.testing.assert_allclose(found.get_paths()[0].vertices, expected.vertices)


@pytest.mark.parametrize(("name", "written"), [("t", "t"), ("spread", "spread_members"), ("member", "member_members")])
def test_members_are_written_whatever_their_variable_is_called(name, written):
    one = known_times(np.arange(30.0, 61.0, 10.0), np.arange(-20.0, 21.0, 10.0)).isel(time=0, drop=True)
    data = xr.concat([one + k for k in (-1.0, 0.0, 4.0)], "number").assign_coords(number=[0, 1, 2]).rename(t=name)
    opened = FieldDataset("a file", "NetCDF", [data])
    found = ensemble(opened, name, {"number": 1})
    kept = members(found, opened.field(name, {"number": 1}), Beyond(280.0)).data()
    np.testing.assert_array_equal(kept[written], found.members)
    np.testing.assert_allclose(kept["spread"], np.std([-1, 0, 4], ddof=1), rtol=1e-4)
    np.testing.assert_array_equal(kept["member"], [0, 1, 2])
