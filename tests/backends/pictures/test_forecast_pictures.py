"""Scores of forecasts as they are kept: the script runs the forecasts again and finds the same."""

import csv

import numpy as np
import pytest
import xarray as xr

from backends.errors import InputError
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.view import view_of
from backends.experiments.run import from_yaml
from backends.pictures.forecasts import forecasts
from backends.pictures.physics import physics
from backends.pictures.save import save
from backends.pictures.scripts import rollout_script
from tests.backends.pictures.scripts import run

LORENZ = """
kind: rollout
start: {name: testbed, dynamics: {name: lorenz63}}
models: [{name: perfect}, {name: persistence}]
starts: 6
members: 3
steps: 20
"""


def test_the_script_of_a_rollout_finds_the_same_scores(tmp_path):
    settings = from_yaml(LORENZ)
    prepared = prepare(settings, tmp_path)
    view = view_of(prepared, prepared.run())
    exhibit = forecasts(view)
    save(exhibit, tmp_path / "own.png")
    save(exhibit, tmp_path / "own.csv")
    run(rollout_script(settings, "rollout"), tmp_path, "out.nc", "out.png")
    assert (tmp_path / "out.png").read_bytes() == (tmp_path / "own.png").read_bytes()
    with xr.open_dataset(tmp_path / "out.nc", decode_timedelta=False) as data:
        assert list(data["model"].values) == list(view.labels)
        for k, label in enumerate(view.labels):
            np.testing.assert_allclose(data["rmse"][0, k], view.curves["rmse"][label].value, rtol=1e-6)
            np.testing.assert_allclose(data["rmse_high"][0, k], view.curves["rmse"][label].high, rtol=1e-6)
    with (tmp_path / "own.csv").open(newline="") as file:
        head, first, *_ = csv.reader(file)
    assert first[head.index("rmse")] == f"{view.curves['rmse'][view.labels[0]].value[0]:.7g}"


def test_what_forecasts_keep_is_drawn_and_written(tmp_path):
    line = LORENZ.replace("{name: lorenz63}", "{name: advection-1d, points: 40, dt: 0.0125, waves: 5}").replace("20", "5")
    prepared = prepare(from_yaml(line), tmp_path)
    view = view_of(prepared, prepared.run())
    exhibit = physics(view)
    panels = {panel.title: panel for panel in exhibit.drawing().panels}
    last = panels[f"Power spectra at lead {view.leads[-1]:.4g} {view.time_unit}".strip()]
    kept = view.result.spectra[-1].numpy()
    np.testing.assert_array_equal(last.curves[0].y[kept > 0], kept[kept > 0])
    for ending in ("png", "nc", "csv"):
        save(exhibit, tmp_path / f"physics.{ending}")
    with xr.open_dataset(tmp_path / "physics.nc", decode_timedelta=False) as data:
        np.testing.assert_array_equal(data["power"][0], view.result.forecasts[0].spectra)
        (name, *_) = view.result.quantities
        np.testing.assert_array_equal(data[f"drift_{name.replace(' ', '_')}"][1], view.drift(name)[view.labels[1]].value)
    compile(rollout_script(prepared.settings, "physics", "physics"), "script", "exec")
    other = prepare(from_yaml(LORENZ.replace("20", "2")), tmp_path)
    small = view_of(other, other.run())
    with pytest.raises(InputError, match="no scales, and no quantity"):
        physics(small)
