"""Training data in the layout of anemoi-datasets come out as fields at cells."""

import numpy as np
import pytest
import zarr

from backends.errors import InputError
from backends.fields.readers import open_dataset
from tests.grids import smooth

RNG = np.random.default_rng(3)
NORTH, EAST = np.rad2deg(np.arcsin(RNG.uniform(-1, 1, 400))), RNG.uniform(0, 360, 400)
DATES = np.datetime64("2020-01-01T00", "s") + np.arange(3) * np.timedelta64(6, "h")


def store(path, members=1, names=("2t", "z_500"), dates=DATES):
    """Write three times of two variables: the known field, one unit more each time, and its hundredfold; members ten apart."""
    field = smooth(NORTH, EAST) + np.arange(3)[:, None, None] + 10 * np.arange(members)[:, None]
    data = np.stack([field, 100 * field], axis=1).astype("f4")
    group = zarr.open_group(path, mode="w", zarr_format=2, attributes={"variables": list(names), "frequency": "6h"})
    arrays = {
        "data": (data, ["time", "variable", "ensemble", "cell"]),
        "latitudes": (NORTH, ["cell"]),
        "longitudes": (EAST, ["cell"]),
        "dates": (dates, ["time"]),
        "mean": (data.mean((0, 2, 3)), ["variable"]),
        "stdev": (data.std((0, 2, 3)), ["variable"]),
    }
    for name, (values, dims) in arrays.items():
        group.create_array(name, data=values, attributes={"_ARRAY_DIMENSIONS": dims})
    return path


def test_each_variable_is_a_field_at_its_cells(tmp_path):
    opened = open_dataset(store(tmp_path / "a.zarr"))
    assert list(opened.variables) == ["2t", "z_500"]
    variable = opened.variable("2t")
    assert variable.axis("time").labels[1] == "2020-01-01 06:00 UTC"
    assert [axis.name for axis in variable.axes] == ["time"]
    field = opened.field("z_500", {"time": 2})
    np.testing.assert_allclose(np.sort(field.values.ravel()), np.sort(100 * (smooth(NORTH, EAST) + 2)), rtol=1e-6)
    series = opened.series("2t", NORTH[7], EAST[7], {})
    np.testing.assert_allclose(series.values, smooth(NORTH, EAST)[7] + np.arange(3), rtol=1e-6)


def test_the_statistics_of_the_store_are_attributes(tmp_path):
    opened = open_dataset(store(tmp_path / "a.zarr"))
    assert float(opened.variable("2t").attributes["mean"]) == pytest.approx(smooth(NORTH, EAST).mean() + 1, rel=1e-6)
    assert opened.statistics("2t").mean == pytest.approx(float(opened.variable("2t").attributes["mean"]), rel=1e-6)


def test_members_are_an_axis(tmp_path):
    opened = open_dataset(store(tmp_path / "a.zarr", members=3))
    member = opened.variable("2t").axis("member")
    assert len(member) == 3
    warmer = opened.field("2t", {member.name: 2}).values - opened.field("2t", {}).values
    np.testing.assert_allclose(warmer, 20, atol=1e-4)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"names": ("2t",)}, r"a\.zarr has 2 variables and must name as many in its attribute 'variables'; it names 1"),
        ({"dates": DATES[:2]}, r"a\.zarr .*time"),
    ],
)
def test_arrays_that_do_not_fit_together_are_named(changes, says, tmp_path):
    with pytest.raises(InputError, match=says):
        open_dataset(store(tmp_path / "a.zarr", **changes))
