"""The export of the Rollout page."""

import numpy as np
import xarray as xr

from backends.experiments.run import from_yaml
from tests.dashboard.helpers import text_of
from tests.dashboard.rollout.pages import run


def test_scores_are_exported_once_there_are_some(page, tmp_path):
    page.export.items["png"].clicks += 1
    assert "There are no forecasts yet" in text_of(page.export._problem)
    view = run(page)
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
