"""Races as they are kept: the script runs a race again, with what was changed on the way, and finds the same bit for bit."""

import csv

import numpy as np
import pytest
import xarray as xr

from backends.cycling.verification import NUMBERS
from backends.errors import InputError
from backends.experiments.cycling.export import to_netcdf
from backends.experiments.cycling.race import Race
from backends.experiments.cycling.replay import replay
from backends.experiments.run import from_yaml
from backends.pictures.cycling import Look, cycling
from backends.pictures.drawing import LinePanel, MapPanel
from backends.pictures.save import save
from backends.pictures.scripts import cycling_script
from tests.backends.pictures.scripts import WAYS

RACE = """
kind: cycling
title: '$x$ <b>"quoted"</b>'
dynamics: {name: lorenz96}
methods: [{name: etkf, members: 12, inflation: 1.05, label: "E'); print(1); ('"}, {name: 3dvar}]
cycles: 1000
spinup: 5
"""


def changed_on_the_way() -> Race:
    """Run 24 cycles in the course of which a person turns two knobs, one of them twice between the same cycles."""
    first = from_yaml(RACE)
    less = first.model_copy(update={"observations": first.observations.model_copy(update={"sigma": 2.0})})
    more = first.model_copy(update={"observations": first.observations.model_copy(update={"sigma": 0.5})})
    narrow = more.methods[1].model_copy(update={"scale": 0.2})
    race = Race(first)
    for cycle in range(24):
        for after, settings in ((8, less), (8, more), (15, more.model_copy(update={"methods": (more.methods[0], narrow)}))):
            if after == cycle:
                race.change(settings)
        race.step()
    return race


@WAYS
def test_the_script_of_a_race_repeats_what_was_changed_on_the_way(tmp_path, way):
    race, look = changed_on_the_way(), Look(window=100)
    exhibit = cycling(race, look)
    save(exhibit, tmp_path / "own.svg")
    names = ("out.svg", "out.nc", "out.csv", "out.feedback.nc")
    way(cycling_script(race.history, race.cycle, look, "cycling"), tmp_path, *names)
    assert (tmp_path / "out.svg").read_bytes() == (tmp_path / "own.svg").read_bytes()
    assert "σ_o 0.5" in (tmp_path / "out.svg").read_text()
    to_netcdf(race, tmp_path / "run.nc")
    with xr.open_dataset(tmp_path / "out.nc") as again, xr.open_dataset(tmp_path / "run.nc") as data:
        xr.testing.assert_equal(again.drop_vars("method"), data.drop_vars("method"))
        assert again["method"].values.tolist() == data["method"].values.tolist() == ["E'); print(1); ('", "3dvar"]
    with xr.open_dataset(tmp_path / "out.feedback.nc") as feedback:
        assert feedback.sizes["d_body"] == 24 * 40
    with (tmp_path / "out.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["method", "experiment", "cycle", "time", *NUMBERS]
    newest = race.cycling.contestants[1].record.of("rmse_analysis")[-1, 0]
    assert [row[2] for row in rows if row[0] == "3dvar"] == [str(k) for k in range(1, 25)]
    assert float(rows[-1][head.index("rmse_analysis")]) == float(newest)


def test_a_race_is_replayed_from_its_beginning(tmp_path):
    settings = from_yaml(RACE)
    with pytest.raises(InputError, match="begins with settings after cycle 0"):
        replay([(3, settings)], 5)
    race = replay([(0, settings)], 5, lambda race: race.cycle == 2)
    assert race.cycle == 2


TESTBEDS = {
    "lorenz63": ("Newest 4 cycles", 3, 0),
    "advection-diffusion": ("", 0, 5),
    "advection-1d": ("Newest states", 1, 3),
}
FEW = "observations: {components: random, count: 3}"


@pytest.mark.parametrize("name", TESTBEDS)
def test_states_of_each_layout_are_drawn(name, monkeypatch, tmp_path):
    monkeypatch.setattr("backends.cycling.climate.SAMPLED_OF_LARGE", (4, 5))  # a picture needs no better climate
    title, lines, maps = TESTBEDS[name]
    race = replay([(0, from_yaml(f"kind: cycling\ndynamics: {{name: {name}}}\nmethods: [{{name: 3dvar}}]\n{FEW}"))], 4)
    panels = cycling(race).drawing().panels
    states = [panel for panel in panels if isinstance(panel, LinePanel) and panel.title == title]
    fields = [panel for panel in panels if isinstance(panel, MapPanel)]
    assert (len(states), len(fields)) == (lines, maps)
    shown = {panel.title: panel.raster.values for panel in fields}
    if "Analysis − background" in shown:
        np.testing.assert_array_equal(shown["Analysis − background"], shown["Analysis"] - shown["Background"])
    if "Analysis − truth" in shown:
        np.testing.assert_array_equal(shown["Analysis − truth"], shown["Analysis"] - shown["Truth"])
    save(cycling(race), tmp_path / "race.png")
    assert (tmp_path / "race.png").read_bytes().startswith(b"\x89PNG")
