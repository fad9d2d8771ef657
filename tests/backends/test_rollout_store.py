"""Rollouts as Zarr stores and NetCDF files: reopened with plain xarray, and cut into chunks as they are used."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from backends.errors import InputError
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.rollout.store import CHUNK, access, chunks_for, dataset, write_netcdf, write_zarr
from backends.experiments.rollout.view import RolloutView, view_of
from backends.experiments.run import from_yaml
from backends.fields.catalogue import Catalogue
from backends.fields.chunk_files import chunks_of

MODELS = [{"name": "perfect"}, {"name": "persistence"}]


def view(start: dict, folder: Path = Path(), **more: object) -> RolloutView:
    usual = {"steps": 6, "every": 2, "members": 3, "starts": 2, "models": MODELS}
    settings = RolloutSettings.model_validate({"kind": "rollout", "start": start, **usual, **more})
    prepared = prepare(settings, folder)
    return view_of(prepared, prepared.run(), 1)


@pytest.fixture(scope="module")
def plane() -> RolloutView:
    dynamics = {"name": "advection-diffusion", "nx": 16, "nz": 12}
    return view({"name": "testbed", "dynamics": dynamics}, perturbation={"name": "white"})


def test_a_store_is_reopened_with_all_that_was_forecast(plane, tmp_path):
    write_zarr(plane, tmp_path / "a.zarr", "balanced")
    data = xr.open_zarr(tmp_path / "a.zarr", consolidated=False)
    assert data.phi.dims == ("model", "member", "lead_time", "z", "x")
    assert data.model.values.tolist() == list(plane.labels)
    types = {json.loads(file.read_text())["data_type"] for file in (tmp_path / "a.zarr").glob("*/zarr.json")}
    assert types == {"float32", "float64", "int64", "string"}  # which other libraries read, too
    np.testing.assert_allclose(data.lead_time, plane.leads)
    np.testing.assert_allclose(data.valid_time, float(data.init_time) + plane.leads)
    for label, forecast in zip(plane.labels, plane.forecasts, strict=True):
        one = data.phi.sel(model=label).isel(member=2, lead_time=3)
        np.testing.assert_array_equal(one.values.ravel(), forecast.members[3, 2])
    np.testing.assert_array_equal(data.phi_truth.values.reshape(4, -1), plane.truth)
    np.testing.assert_allclose(data.x.values, (np.arange(16) + 0.5) * plane.layout.edges[1] / 16)
    assert from_yaml(data.attrs["experiment"]) == plane.prepared.settings
    assert data.attrs["Conventions"] == "CF-1.11"
    assert [file.name for file in tmp_path.iterdir()] == ["a.zarr"]
    with pytest.raises(InputError, match=r"a.zarr is there already"):
        write_zarr(plane, tmp_path / "a.zarr", "map")
    write_zarr(plane, tmp_path / "a.zarr", "map", replace=True)
    assert xr.open_zarr(tmp_path / "a.zarr", consolidated=False).phi.encoding["chunks"] == (1, 1, 1, 12, 16)
    (tmp_path / "b.zarr").mkdir()
    with pytest.raises(InputError, match=r"b.zarr is there already, and is no Zarr store"):
        write_zarr(plane, tmp_path / "b.zarr", "map", replace=True)


def test_a_store_that_cannot_be_written_leaves_nothing(plane, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"a.zarr cannot be written to .*file'"):
        write_zarr(plane, tmp_path / "file" / "a.zarr", "map")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_netcdf_holds_the_same(plane, tmp_path):
    write_netcdf(plane, tmp_path / "a.nc")
    with xr.open_dataset(tmp_path / "a.nc") as data:
        xr.testing.assert_equal(data, dataset(plane))


@pytest.mark.parametrize(
    ("dynamics", "names"),
    [({"name": "lorenz63"}, ("x", "y", "z")), ({"name": "lorenz96", "points": 12}, ("x",))],
)
def test_fields_and_components_are_variables(dynamics, names):
    shown = view({"name": "testbed", "dynamics": dynamics})
    data = dataset(shown)
    assert set(data.data_vars) == {name + end for name in names for end in ("", "_truth")}
    last = np.stack([data[name].isel(model=0, member=1, lead_time=-1) for name in names], -1)
    np.testing.assert_array_equal(last.ravel(), shown.forecasts[0].members[-1, 1])


def test_a_forecast_from_an_archive_has_its_times_and_is_opened_by_the_explore_page(real_data, tmp_path):
    shown = view({"name": "archive"}, real_data, models=[{"name": "persistence"}, {"name": "climatology"}])
    write_zarr(shown, tmp_path / "a.zarr", "map")
    data = xr.open_zarr(tmp_path / "a.zarr", consolidated=False, decode_timedelta=True)
    assert data.t2m.attrs["standard_name"] == "air_temperature"
    assert (data.valid_time - data.init_time == data.lead_time).all()
    assert np.datetime_as_string(data.valid_time.values[-1], "m").replace("T", " ") == shown.times[-1].removesuffix(" UTC")
    assert 48 < float(data.latitude.min()) < float(data.latitude.max()) < 62
    assert data.t2m.attrs["units"] == "K"
    opened = Catalogue(tmp_path).open("a.zarr")
    assert {"t2m", "t2m_truth"} <= set(opened.variables)


SIZES = {"model": 2, "member": 10, "lead_time": 40, "latitude": 121, "longitude": 181}


def test_chunks_follow_their_use():
    assert chunks_for("map", SIZES) == (1, 1, 1, 121, 181)
    for use in ("point", "balanced"):
        chunks = chunks_for(use, SIZES)
        assert math.prod(chunks) < 1.2 * CHUNK
        assert chunks[0] == 1
    assert chunks_for("point", SIZES)[1:3] == (10, 40)
    assert chunks_for("point", {"lead_time": 40, "y": 8, "x": 8}) == (40, 2, 2)
    assert chunks_for("balanced", {"model": 2, "member": 3, "lead_time": 4}) == (1, 3, 2)


def test_a_map_is_one_chunk_of_a_store_for_maps_and_a_point_one_of_a_store_for_points(plane, tmp_path):
    reads = {}
    for use in ("map", "point"):
        write_zarr(plane, tmp_path / f"{use}.zarr", use)
        reads[use] = access(tmp_path / f"{use}.zarr")
        assert min(reads[use].map_ms, reads[use].point_ms) > 0
    assert (reads["map"].map_read.chunks, reads["map"].point_read.chunks) == (1, 3 * 4)
    assert (reads["point"].map_read.chunks, reads["point"].point_read.chunks) == (16, 1)
    assert reads["map"].map_read.bytes == reads["map"].map_read.wanted == 4 * 16 * 12
    (truth,) = (array for array in chunks_of(tmp_path / "map.zarr") if array.name == "phi_truth")
    assert truth.chunks == (1, 12, 16)
