"""The export of a map: the script makes the same numbers and the same picture as the page."""

import numpy as np
import xarray as xr

from dashboard.explore.page import ExplorePage
from tests.backends.pictures.scripts import WAYS
from tests.dashboard.helpers import export, text_of

NASTY = 'a"; print(1) #.nc'


@WAYS
def test_the_script_of_an_uploaded_file_makes_the_map_and_the_series_of_the_page(tmp_path, catalogue, way):
    page = ExplorePage(catalogue, "a.nc")
    page.wait()
    content = (tmp_path / "a.nc").read_bytes()
    page.state.upload(NASTY, content)
    page.wait()
    page.state.choose("time", 2)
    page.state.choose_projection("globe")
    page.wait()
    page.state.pick(41.0, 5.0)
    page.wait()
    script, picture = export(page, "py").decode(), export(page, "png")
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / NASTY).write_bytes(content)
    way(script, tmp_path / "beside", "out.nc", "out.png")
    assert (tmp_path / "beside" / "out.png").read_bytes() == picture
    with xr.open_dataset(tmp_path / "beside" / "out.nc") as data:
        np.testing.assert_array_equal(data["t"], page.state.picture.field.values)
        np.testing.assert_array_equal(data["t_series"][0], page.state.series[0].values)
    page.close()


def test_a_map_that_is_on_its_way_is_not_exported(catalogue):
    page = ExplorePage(catalogue, "a.nc")
    page.wait()
    page.state.param.update(selection={"time": 1})
    page.export.items["png"].clicks += 1
    page.export.wait()
    assert "Another map is on its way" in text_of(page.export._problem)
    page.close()
