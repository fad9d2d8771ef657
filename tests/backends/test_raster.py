"""From grids to pixels: every pixel has the value of the grid point that is nearest to it."""

import numpy as np
import pytest
import torch

from backends.experiments.pictures import to_raster
from backends.fields import raster
from backends.fields.picture import rasterise
from backends.fields.raster import Window
from backends.fields.readers import open_dataset
from tests.files import dataset, known, regional, write


def pixel(r, latitude, longitude):
    height, width = r.values.shape
    row = int((latitude - r.south) / (r.north - r.south) * height)
    column = int((longitude - r.west) / (r.east - r.west) * width)
    return r.values[row, column]


def test_an_even_grid_comes_out_one_pixel_per_point(tmp_path):
    field = open_dataset(regional(tmp_path / "a.nc")).field("t", {})
    r = rasterise(field)
    assert (r.west, r.east, r.south, r.north) == (-21, 21, 29, 61)
    np.testing.assert_array_equal(r.values, field.values)


def test_uneven_latitudes_are_drawn_where_they_are(tmp_path):
    latitude = torch.tensor(np.polynomial.legendre.leggauss(64)[0]).asin().rad2deg().numpy()  # Gaussian
    latitude[30:] += 0.4  # and a gap, so that an even drawing would be wrong by more than half a step
    longitude = np.arange(0, 360, 5.0)
    field = open_dataset(write(tmp_path / "a.nc", dataset(latitude, longitude))).field("t", {})
    r = rasterise(field)
    for where in latitude[1:-1]:
        assert pixel(r, where, 10) == pytest.approx(known(np.array([where]), np.array([10.0]))[0, 0], rel=1e-6)


def test_a_large_grid_is_thinned_and_its_window_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(raster, "MAX_WIDTH", 50)
    monkeypatch.setattr(raster, "MAX_HEIGHT", 40)
    latitude, longitude = np.linspace(-90, 90, 181), np.linspace(-180, 179, 360)
    field = open_dataset(write(tmp_path / "a.nc", dataset(latitude, longitude))).field("t", {})
    whole = rasterise(field)
    assert whole.values.shape == (40, 50)
    part = rasterise(field, Window(-10.2, 20.1, 40.4, 60.0))
    assert part.values.shape == (21, 31)
    assert (part.west, part.east, part.south, part.north) == (-10.5, 20.5, 39.5, 60.5)
    np.testing.assert_allclose(part.values, known(np.arange(40.0, 61.0), np.arange(-10.0, 21.0)), rtol=1e-6)


def test_a_window_outside_is_cut_to_the_field(tmp_path):
    field = open_dataset(regional(tmp_path / "a.nc")).field("t", {})
    r = rasterise(field, Window(-500, 500, 50, 95))
    assert (r.west, r.east, r.south, r.north) == (-21, 21, 49, 61)


def test_a_state_lies_as_its_field_does(tmp_path):
    field = open_dataset(regional(tmp_path / "a.nc")).field("t", {})
    np.testing.assert_array_equal(to_raster(field.values.flatten(), field.variable.grid).values, rasterise(field).values)
