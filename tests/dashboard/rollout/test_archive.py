"""The Archive tab of the Rollout page: stores that are written, timed, inspected and opened."""

from io import BytesIO
from zipfile import ZipFile

import numpy as np
import pytest
import xarray as xr

from backends.fields.catalogue import Catalogue
from dashboard.rollout.page import ARCHIVE, RolloutPage
from tests.dashboard.helpers import text_of
from tests.dashboard.rollout.pages import OTHERS

SMALL = """
kind: rollout
start: {name: testbed, dynamics: {name: advection-diffusion, nx: 16, nz: 12}}
models: [{name: perfect}, {name: persistence}]
perturbation: {name: white}
steps: 6
members: 3
starts: 2
"""


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSIMILAB_HOME", str(tmp_path / "home"))
    page = RolloutPage(tmp_path)
    page.state.take(SMALL)
    page.tabs.active = ARCHIVE
    assert page.archive._empty.visible
    page.state.run()
    page.state.wait()
    assert not page.archive._empty.visible
    yield page
    page.close()


def write(page: RolloutPage, use: str = "Maps", name: str = "a") -> None:
    stores = page.archive.stores
    stores.name.value, stores.use.value = name, use
    stores._on_write(None)
    page.archive.wait()
    page.archive.wait()  # the inspector is told when the store is there


def test_stores_of_a_name_are_timed_side_by_side(page, tmp_path):
    write(page)
    write(page, "Series at points")
    table = page.archive.stores._table.object
    assert text_of(page.archive.stores._problem) == ""
    assert [table.count("<tr>"), table.count("<b>")] == [3, 2]
    assert "1 chunk<" in table
    assert "not for Explore" in table
    data = xr.open_zarr(tmp_path / "home" / "stores" / "a-map.zarr", consolidated=False)
    view = page.state.view
    np.testing.assert_array_equal(data.phi.isel(model=0, member=1, lead_time=2).values.ravel(), view.forecasts[0].members[2, 1])


def test_names_that_are_none_or_taken_are_refused(page, tmp_path):
    for name in ("", "../a", "a/b", ".a", "a b"):
        write(page, name=name)
        assert "letters a–z" in text_of(page.archive.stores._problem)
    write(page)
    write(page)
    assert "a-map.zarr is there already" in text_of(page.archive.stores._problem)
    page.archive.stores.replace.value = True
    write(page)
    assert text_of(page.archive.stores._problem) == ""
    assert [path.name for path in (tmp_path / "home" / "stores").iterdir()] == ["a-map.zarr"]
    assert not page.archive.stores.write.disabled


def test_a_store_and_a_netcdf_file_can_be_downloaded(page, tmp_path):
    write(page)
    stores = page.archive.stores
    stores._on_zip(None)
    page.archive.wait()
    assert stores.download.filename == "a-map.zarr.zip"
    ZipFile(BytesIO(stores.download.file.getvalue())).extractall(tmp_path / "unpacked")
    reopened = xr.open_zarr(tmp_path / "unpacked", consolidated=False)
    stores._on_netcdf(None)
    page.archive.wait()
    (tmp_path / "a.nc").write_bytes(stores.download.file.getvalue())
    with xr.open_dataset(tmp_path / "a.nc") as data:
        np.testing.assert_array_equal(data.phi, reopened.phi)
        np.testing.assert_allclose(data.valid_time, data.init_time + data.lead_time)
    assert stores.download.visible
    page.state.take(OTHERS)
    page.state.run()
    page.state.wait()
    assert not stores.download.visible  # it is of earlier forecasts


def test_the_inspector_follows_the_store_and_the_query(page):
    write(page, "Series at points")
    chunks = page.archive.chunks
    array = chunks._array
    assert (array.name, array.dims[-2:]) == ("phi", ("z", "x"))
    assert (chunks.across.value, chunks.up.value) == ("x", "z")
    assert chunks.sliders["x"].disabled  # a map has all of it
    assert not chunks.sliders["member"].disabled
    drawn = chunks.picture._chunks.data
    assert list(drawn["read"]) == [1] * 16
    chunks.kind.value = "A series at a place"
    assert (chunks.across.value, chunks.up.value) == ("lead_time", "x")
    chunks.across.value, chunks.up.value = "x", "z"
    chunks._on_tap(0, 11)
    drawn = chunks.picture._chunks.data
    assert np.flatnonzero(drawn["read"]).tolist() == [12]  # the first of the last row
    assert (drawn["left"][12], drawn["top"][12]) == (0, 12)
    assert "1 of 32" in chunks._words.object
    chunks.kind.value = "A region, all times"
    chunks.part.value = 1.0
    assert list(chunks.picture._chunks.data["read"]) == [1] * 16
    chunks.array.value = "phi_truth"
    chunks.wait()
    assert set(chunks.sliders) == {"lead_time", "z", "x"}


def test_a_store_of_maps_is_offered_to_the_explore_page(page, tmp_path):
    page.state.take(
        "{kind: rollout, start: {name: archive, dataset: european}, models: [{name: persistence}], steps: 2, members: 1, "
        "starts: 1, perturbation: {name: none}}"
    )
    page.state.run()
    page.state.wait()
    assert page.state.problem == ""
    write(page, "Both", "b")
    assert 'href="/explore?dataset=written%3Ab-balanced.zarr"' in page.archive.stores._table.object
    catalogue = Catalogue(tmp_path / "none")
    assert catalogue.entries()[-1].key == "written:b-balanced.zarr"
    opened = catalogue.open("written:b-balanced.zarr")
    assert "lead_time" in [axis.name for axis in next(iter(opened.variables.values())).axes]
