"""The export of the Analysis page: what is handed over is what the page shows."""

import base64

import numpy as np
import pytest
import xarray as xr

from backends.experiments.pictures import states
from backends.experiments.run import from_yaml
from dashboard.analysis.page import COMPARE, CONVERGENCE, COVARIANCE, DIAGNOSTICS, TUNING, AnalysisPage
from tests.dashboard.helpers import export, text_of


@pytest.fixture
def page(catalogue):
    page = AnalysisPage(catalogue, "a.nc")
    page.content()
    page.wait()
    yield page
    page.close()


def test_each_form_is_handed_over_under_a_name_that_tells_what_it_is(page, tmp_path):
    begins = {"png": b"\x89PNG", "svg": b"<?xml", "nc": b"\x89HDF", "csv": b"latitude", "yaml": b"kind: analysis", "py": b'"""'}
    for form, begin in begins.items():
        assert export(page, form).startswith(begin)
        assert page.export.download.filename.startswith("analysis_a.nc_t_")
        assert page.export.download.filename.endswith(f".{form}")
        assert page.export.download.visible
    (tmp_path / "page.nc").write_bytes(export(page, "nc"))
    with xr.open_dataset(tmp_path / "page.nc") as data:
        np.testing.assert_array_equal(data["analysis"].values.ravel(), states(page.state.result)["analysis"])
    assert from_yaml(export(page, "yaml").decode()) == page.state.result.settings
    compile(export(page, "py"), "script", "exec")


def test_a_file_is_sent_to_be_saved_when_it_is_made_and_once_more_when_it_is_asked_for_again(page):
    sent = []
    page.export.download.param.watch(lambda event: sent.append(event.new), "data")
    for _ in range(2):
        export(page, "yaml")
    assert sent[0] is sent[2] is None
    assert sent[1] == sent[3]
    assert base64.b64decode(sent[1].partition(",")[2]) == page.export.download.file.getvalue()


def test_what_does_not_belong_to_the_settings_is_not_exported(page):
    page.state.b.length = -1.0
    page.export.items["png"].clicks += 1
    page.export.wait()
    assert "does not belong to the settings" in text_of(page.export._problem)
    assert not page.export.download.visible


def test_a_file_that_is_too_large_is_refused_with_a_sentence(page, monkeypatch):
    monkeypatch.setattr("dashboard.export.MOST_BYTES", 100)
    page.export.items["nc"].clicks += 1
    page.export.wait()
    assert "files of at most 100 B are handed over" in text_of(page.export._problem)


def test_the_button_opens_and_closes_the_forms(page):
    assert not page.export.pane.visible
    page.export.button.value = True
    assert page.export.pane.visible


def test_each_tab_exports_what_it_shows(page):
    for tab, name, columns in (
        (COVARIANCE, "B", "column of B"), (DIAGNOSTICS, "diagnostics", "diagnostic,value"), (TUNING, "tuning", "likelihood"),
    ):  # fmt: skip
        page.tabs.active = tab
        page.wait()
        page.wait()
        assert columns in export(page, "csv").decode().splitlines()[0]
        assert page.export.download.filename.endswith(f"_{name}.csv")
        compile(export(page, "py"), "script", "exec")
    page.export.items["observations.csv"].clicks += 1
    page.export.wait()
    assert "What is shown cannot be kept as Observations CSV" in text_of(page.export._problem)
    page.tabs.active = CONVERGENCE
    page.export.items["png"].clicks += 1
    page.export.wait()
    assert "A closed form has no iterations" in text_of(page.export._problem)


def test_the_pinned_analysis_is_exported_beside_the_current_one(page, tmp_path):
    page.tabs.active = COMPARE
    page.export.items["png"].clicks += 1
    page.export.wait()
    assert "No analysis is pinned" in text_of(page.export._problem)
    page.compare.pin.clicks += 1
    before = states(page.state.pinned.outcome)["analysis"]
    page.state.b.length *= 2
    page.wait()
    (tmp_path / "page.nc").write_bytes(export(page, "nc"))
    current = states(page.state.result)["analysis"]
    assert np.abs(current - before).max() > 0.01
    with xr.open_dataset(tmp_path / "page.nc") as data:
        np.testing.assert_array_equal(data["pinned"].values.ravel(), before)
        np.testing.assert_array_equal(data["current"].values.ravel(), current)
        np.testing.assert_array_equal(data["difference"].values.ravel(), current - before)
        assert from_yaml(data.attrs["pinned_settings"]) == page.state.pinned.outcome.settings
    assert export(page, "py").count(b"kind: analysis") == 2
    assert page.export.download.filename.endswith("_compared.py")
