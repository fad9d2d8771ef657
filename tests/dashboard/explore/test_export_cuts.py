"""The export of cuts: the scripts make the numbers and the pictures of the page."""

import csv

import numpy as np
import pytest
import xarray as xr

from tests.backends.pictures.scripts import run
from tests.dashboard.explore.pages import open_tab
from tests.dashboard.helpers import text_of


def export(page, form) -> bytes:
    page.export.items[form].clicks += 1
    page.export.wait()
    assert text_of(page.export._problem) == ""
    return page.export.download.file.getvalue()


def test_the_script_of_a_section_makes_what_the_page_shows(levels, tmp_path):
    view = open_tab(levels, "Section")
    view.set_places((35.0, -5.0), (50.0, 10.0))
    view.wait()
    picture = export(levels, "svg")
    assert levels.export.download.filename == "explore_b.nc_t_section.svg"
    run(export(levels, "py").decode(), tmp_path, "out.svg", "out.nc")
    assert (tmp_path / "out.svg").read_bytes() == picture
    cut, _ = view.found
    with xr.open_dataset(tmp_path / "out.nc") as data:
        np.testing.assert_array_equal(data["t"], cut.values)
        np.testing.assert_allclose(data["level"], [850, 500])
        np.testing.assert_allclose([data["lat"][0], data["lon"][-1]], [35, 10])


@pytest.mark.parametrize(("tab", "across"), [("Zonal mean", "latitude [°N]"), ("Hovmöller", "longitude [°E]")])
def test_means_are_exported_with_their_axes(levels, tab, across):
    view = open_tab(levels, tab)
    head, first, *_ = csv.reader(export(levels, "csv").decode().splitlines())
    assert head[0] == across
    np.testing.assert_allclose([float(value) for value in first[1:]], view.found.values[:, 0], rtol=1e-6)
    (panel,) = levels.export._snapshot().exhibit().drawing().panels
    assert panel.downward
    compile(export(levels, "py"), "script", "exec")


def test_a_tab_without_a_picture_of_its_own_exports_the_map(levels):
    open_tab(levels, "Compare")
    assert export(levels, "png").startswith(b"\x89PNG")
    assert "_section" not in levels.export.download.filename
