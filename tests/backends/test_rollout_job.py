"""A rollout as a job: the files it leaves, and the picture that is opened from them."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from backends.errors import InputError
from backends.experiments.rollout.job import run_job
from backends.experiments.rollout.kept import NAME, opened
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.view import view_of
from backends.experiments.run import from_yaml
from backends.jobs.context import LocalContext
from backends.learning.state import pack
from tests.backends.experiments import NOWHERE

YAML = """
kind: rollout
start: {name: testbed, dynamics: {name: lorenz63}}
models: [{name: perfect}, {name: wrong, model: {sigma: 1.0e+5}, label: too far}, {name: persistence}]
steps: 40
every: 4
members: 3
starts: 2
"""


@pytest.fixture
def left(tmp_path) -> Path:
    run_job(YAML, NOWHERE, LocalContext(tmp_path))
    return tmp_path


def test_a_job_leaves_files_that_show_what_it_ran(left):
    import xarray as xr
    from zarr.storage import ZipStore

    again, prepared = opened((left / NAME).read_bytes(), NOWHERE), prepare(from_yaml(YAML), NOWHERE)
    view = view_of(prepared, prepared.run())
    assert again.prepared.settings == view.prepared.settings
    assert (again.labels, again.times) == (view.labels, view.times)
    for score, curves in view.curves.items():
        for label, band in curves.items():
            np.testing.assert_array_equal(again.curves[score][label].value, band.value)
            np.testing.assert_array_equal(again.curves[score][label].low, band.low)
    for one, other in zip(view.forecasts, again.forecasts, strict=True):
        np.testing.assert_array_equal(one.members, other.members)
        assert one.ended == other.ended
    np.testing.assert_array_equal(view_of(prepared, view.result, 1).truth, view_of(again.prepared, again.result, 1).truth)
    assert [m["label"] for m in json.loads((left / "summary.json").read_text())["models"]] == list(view.labels)
    with xr.open_zarr(ZipStore(left / "forecast.zarr.zip", mode="r"), consolidated=False) as store:
        assert list(store["model"].values) == list(view.labels)
        np.testing.assert_array_equal(store["x_truth"], view.truth[:, 0])


def test_a_model_that_blows_up_ends_there_and_the_others_go_on(left):
    view = opened((left / NAME).read_bytes(), NOWHERE)
    far, perfect = view.result["too far"], view.result["perfect model"]
    assert "stop being finite" in far.ended
    assert far.finite_until < perfect.finite_until == 10
    assert math.isnan(view.curves["rmse"]["too far"].value[-1])
    assert math.isfinite(view.curves["rmse"]["perfect model"].value[-1])


def test_what_is_no_kept_rollout_is_told_in_one_sentence():
    with pytest.raises(InputError, match="damaged"):
        opened(b"nonsense........", NOWHERE)
    with pytest.raises(InputError, match="is no rollout that was kept: 'settings'"):
        opened(pack({"x": torch.zeros(1)}, {}), NOWHERE)
