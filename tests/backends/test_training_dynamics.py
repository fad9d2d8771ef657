"""Trainings of dynamics as files: the data they read, and sentences for what is wrong."""

import numpy as np
import pytest
import torch

from backends.errors import InputError
from backends.experiments.run import from_yaml, to_yaml
from backends.experiments.training.dynamics import hours_of_day
from backends.learning.dynamics import field
from backends.learning.trainer import Schedule, Trainer
from tests.files import regional

ADVECTION = "kind: training\ntask: advection-1d-emulator\n"
LORENZ = "kind: training\ntask: lorenz63-rhs\n"
ERA5 = "kind: training\ntask: field-emulator-era5\nhidden: 2\nbatch: 2\nrollout_steps: 2\n"
EUROPEAN = "kind: training\ntask: field-emulator-european\nhidden: 2\nbatch: 2\nclock: true\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (ADVECTION + "network: {name: conservative, kernel: 4}", "kernel: must be odd; came 4"),
        (ADVECTION + "network: {name: upwind}", "network.name: must be"),
        (ADVECTION + "width: [0.1, 0.03]", r"must be a range, the least value first; came \[0.1, 0.03\]"),
        (ADVECTION + "rollout_steps: 0", "rollout_steps: must be at least 1; came 0"),
        (LORENZ + "rollout_steps: 5", "more than 1 needs pairs: step; came 5 with tendency"),
        (LORENZ + "sampling: circle", "sampling: must be"),
        (ERA5 + "path: 3", "path: must be a text"),
    ],
)
def test_what_is_wrong_is_said(text, sentence):
    with pytest.raises(InputError, match=sentence):
        from_yaml(text)


@pytest.mark.parametrize(
    "text", [ADVECTION + "network: {name: free, width: 8}", LORENZ + "pairs: step\nrollout_steps: 5", ERA5, EUROPEAN]
)
def test_settings_come_back_from_their_file(text):
    settings = from_yaml(text)
    assert from_yaml(to_yaml(settings)) == settings


def test_a_seed_gives_the_same_first_weights_and_the_next_one_others():
    def weights(seed):
        return next(from_yaml(ADVECTION + f"seed: {seed}").make(None).network.parameters())

    torch.testing.assert_close(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_hours_of_the_day():
    times = np.array(["2019-03-01T00:00", "2019-03-02T18:30"], "datetime64[s]")
    assert hours_of_day(times).tolist() == [0, 18.5]


def test_era5_without_its_file_and_with_another_one(tmp_path):
    with pytest.raises(InputError, match=r"there is no file 'era5-2mt-2019-03-uk\.grib' in the data folder"):
        from_yaml(ERA5).make(tmp_path)
    regional(tmp_path / "a.nc")
    with pytest.raises(InputError, match="came 4 times, the first 504 to train with"):
        from_yaml(ERA5 + "path: a.nc").make(tmp_path)


def test_era5_is_three_weeks_to_train_and_the_last_one_to_test(real_data, monkeypatch):
    monkeypatch.setattr(field, "VALIDATED", 2)
    if not (real_data / "era5-2mt-2019-03-uk.grib").is_file():
        pytest.skip("no era5-2mt-2019-03-uk.grib in the data folder")
    task = from_yaml(ERA5).make(real_data)
    archive = task.archive
    assert archive.field.shape == (744, 33, 49)
    assert archive.forcing.shape == (744, 3, 33, 49)
    assert (archive.trained, archive.tested, archive.extent) == (504, 576, (-10.0, 50.0, 2.0, 58.0))
    assert 270 < archive.mean < 290
    # The clock of the first time, 00 UTC: at Greenwich it is midnight.
    assert archive.forcing[0, 1:, 5, 40].tolist() == pytest.approx([0, 1], abs=1e-6)
    scores = task.validate()
    assert scores["rmse_24h_persistence"] == pytest.approx(scores["rmse_24h_yesterday"])
    assert Trainer(task, Schedule(1e-3, 1), 1).step()["loss"] > 0


def test_the_european_archive_is_read_and_its_rollouts_are_labelled_forced(tmp_path, monkeypatch):
    monkeypatch.setattr(field, "VALIDATED", 2)
    task = from_yaml(EUROPEAN).make(tmp_path)
    assert task.archive.forcing.shape == (41, 5, 121, 181)
    scores = task.validate()
    assert {"rmse_3h_forced_network", "rmse_24h_forced_network", "rmse_24h_persistence"} <= set(scores)
    assert all("forced" in panel.title for panel in task.gallery()[:2])
    assert Trainer(task, Schedule(1e-3, 1), 1).step()["loss"] > 0
