"""The export of the Rollout page."""

import numpy as np
import xarray as xr

from backends.experiments.run import from_yaml
from dashboard.rollout.page import ARCHIVE, PLAY, RUNS, SENSITIVITY, SKILL
from tests.dashboard.helpers import export, text_of
from tests.dashboard.rollout.pages import run


def test_scores_are_exported_once_there_are_some(page, tmp_path):
    page.export.items["png"].clicks += 1
    assert "There are no forecasts yet" in text_of(page.export._problem)
    view = run(page)
    page.tabs.active = SKILL
    for form, begin in {"png": b"\x89PNG", "svg": b"<?xml", "nc": b"\x89HDF", "csv": b"model,lead", "py": b'"""'}.items():
        page.export.items[form].clicks += 1
        page.export.wait()
        assert text_of(page.export._problem) == ""
        assert page.export.download.file.getvalue().startswith(begin)
        if form == "nc":
            (tmp_path / "a.nc").write_bytes(page.export.download.file.getvalue())
    with xr.open_dataset(tmp_path / "a.nc", decode_timedelta=False) as data:
        np.testing.assert_allclose(data["crps"][0, 1], view.curves["crps"][view.labels[1]].value, rtol=1e-6)
    page.export.items["yaml"].clicks += 1
    page.export.wait()
    assert from_yaml(page.export.download.file.getvalue().decode()) == view.prepared.settings


def test_play_and_sensitivity_export_what_is_looked_at(page, tmp_path):
    page.state.run()
    page.state.wait()
    view = page.state.view
    page.tabs.active = PLAY
    page.play.player.clock.lead = 4
    title = page.export._snapshot().exhibit().drawing().title
    assert title.startswith(f"lead {view.leads[4]:.6g}")
    assert "'lead': 4" in export(page, "py").decode()
    assert page.export.download.filename.endswith("_lead4.py")
    page.tabs.active = SENSITIVITY
    asking = page.sensitivity.asking
    asking.wait()
    (tmp_path / "a.nc").write_bytes(export(page, "nc"))
    with xr.open_dataset(tmp_path / "a.nc", decode_timedelta=False) as data:
        np.testing.assert_array_equal(data["gradient"], asking.answer.gradient)
    asking.running = True
    page.export.items["png"].clicks += 1
    page.export.wait()
    assert "The gradient is on its way" in text_of(page.export._problem)
    asking.running = False


def test_a_gradient_that_failed_is_not_promised(page):
    run(page)
    page.tabs.active = SENSITIVITY
    asking = page.sensitivity.asking
    asking.wait()
    asking._on_failed("the gradient is not finite: choose a shorter lead")
    page.export.items["py"].clicks += 1
    assert "The gradient is not finite: choose a shorter lead" in text_of(page.export._problem)
    asking.problem = ""
    page.export.items["py"].clicks += 1
    assert "There is no gradient" in text_of(page.export._problem)


def test_the_archive_exports_all_members_of_the_lead_that_is_played(page, tmp_path):
    view = run(page)
    page.tabs.active = ARCHIVE
    (tmp_path / "a.nc").write_bytes(export(page, "nc"))
    assert page.export.download.filename.endswith("_archive_lead0.nc")
    with xr.open_dataset(tmp_path / "a.nc") as data:
        assert [data.sizes[name] for name in ("model", "member", "lead_time")] == [
            len(view.labels), view.forecasts[0].members.shape[1], len(view.leads)
        ]  # fmt: skip
    assert export(page, "png").startswith(b"\x89PNG")
    assert b"archived(view" in export(page, "py")


def test_where_there_is_no_long_run_none_is_exported(page):
    page.tabs.active = RUNS
    page.export.items["png"].clicks += 1
    page.export.wait()
    assert "There is no run" in text_of(page.export._problem)
