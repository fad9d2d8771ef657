"""Scores of forecasts as they are kept: the script runs the forecasts again and finds the same."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from backends.errors import InputError
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.sensitivity import Question, ranges_of, sensitivity_of
from backends.experiments.rollout.view import view_of
from backends.experiments.run import from_yaml
from backends.pictures.forecasts import forecasts
from backends.pictures.physics import physics
from backends.pictures.rollout_scripts import rollout_script, sensitivity_script, states_script
from backends.pictures.rollout_states import Frame, archived, states
from backends.pictures.save import save
from backends.pictures.sensitivity import sensitivity
from tests.backends.pictures.scripts import WAYS, run_here

LORENZ = """
kind: rollout
start: {name: testbed, dynamics: {name: lorenz63}}
models: [{name: perfect}, {name: persistence}]
starts: 6
members: 3
steps: 20
"""


@WAYS
def test_the_script_of_a_rollout_finds_the_same_scores(tmp_path, way):
    settings = from_yaml(LORENZ)
    prepared = prepare(settings, tmp_path)
    view = view_of(prepared, prepared.run())
    exhibit = forecasts(view)
    save(exhibit, tmp_path / "own.png")
    save(exhibit, tmp_path / "own.csv")
    way(rollout_script(settings, "rollout"), tmp_path, "out.nc", "out.png")
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


DYNAMICS = {
    "phase": "{name: lorenz63}",
    "ring": "{name: lorenz96, points: 12}",
    "plane": "{name: shallow-water, truncation: 10}",
}


@pytest.fixture(params=list(DYNAMICS))
def seen(request, tmp_path):
    """Forecasts of states of each layout, from the second of their starts."""
    text = LORENZ.replace("{name: lorenz63}", DYNAMICS[request.param]).replace("starts: 6", "starts: 2").replace("20", "3")
    prepared = prepare(from_yaml(text), tmp_path)
    return view_of(prepared, prepared.run(), 1)


def test_an_archive_holds_all_members_and_its_script_makes_it_again(seen, tmp_path):
    exhibit = archived(seen, Frame(2))
    assert exhibit.drawing().title == states(seen, Frame(2)).drawing().title
    run_here(states_script(seen.prepared.settings, 1, Frame(2), "archive", "archived"), tmp_path, "out.nc")
    save(exhibit, tmp_path / "own.nc")
    with xr.open_dataset(tmp_path / "out.nc") as again, xr.open_dataset(tmp_path / "own.nc") as data:
        xr.testing.assert_identical(again, data)
        first = next(iter(data.data_vars))
        assert dict(data[first].sizes)["member"] == 3
        numbers = data[first].values[1, 2, 3].ravel()
        np.testing.assert_array_equal(numbers, seen.forecasts[1].members[3, 2].ravel()[: numbers.size])


def kept(exhibit, folder):
    """Return the picture and the table as they are written here."""
    save(exhibit, folder / "own.svg")
    save(exhibit, folder / "own.csv")
    return (folder / "own.svg").read_bytes(), (folder / "own.csv").read_bytes()


def test_the_script_of_states_makes_the_same_picture_and_numbers(seen, tmp_path):
    plane = seen.layout.kind == "plane"
    frame = Frame(lead=2, field=1 if plane else 0, what="member 2" if plane else "mean")
    picture, table = kept(states(seen, frame), tmp_path)
    run_here(states_script(seen.prepared.settings, 1, frame, "states"), tmp_path, "out.svg", "out.csv", "out.nc")
    assert ((tmp_path / "out.svg").read_bytes(), (tmp_path / "out.csv").read_bytes()) == (picture, table)
    with xr.open_dataset(tmp_path / "out.nc", decode_timedelta=False) as data:
        assert data["truth"].shape[1:] == seen.layout.shape
        truth = seen.of_field(seen.truth, frame.field)
        np.testing.assert_allclose(data["truth"].values.reshape(truth.shape), truth, rtol=1e-6)
        if plane:
            member = seen.of_field(seen.forecasts[1].members[:, 1], 1)
            np.testing.assert_allclose(data["member_2"][1].values.reshape(member.shape), member, rtol=1e-6)


def test_the_script_of_a_gradient_makes_the_same_picture_and_numbers(seen, tmp_path):
    layout = seen.layout
    bounds = {"phase": (), "ring": ((3, 5),), "plane": ((90, 180), (20, 60))}[layout.kind]
    question = Question(0, 1, None, 2, 0, ranges_of(layout, bounds))
    answer = sensitivity_of(seen.prepared, layout, question)
    picture, table = kept(sensitivity(seen, answer), tmp_path)
    text = sensitivity_script(seen.prepared.settings, 1, question, 0, "gradient")
    run_here(text, tmp_path, "out.svg", "out.csv", "out.nc")
    assert ((tmp_path / "out.svg").read_bytes(), (tmp_path / "out.csv").read_bytes()) == (picture, table)
    with xr.open_dataset(tmp_path / "out.nc", decode_timedelta=False) as data:
        np.testing.assert_array_equal(data["gradient"].values.ravel(), answer.gradient)
        # The change that errors of the start make, to first order, from the file alone.
        assert float((data["gradient"] * data["start_error"]).sum()) == pytest.approx(answer.from_start)


def test_states_of_too_many_values_are_refused_with_a_sentence(tmp_path, monkeypatch):
    prepared = prepare(from_yaml(LORENZ.replace("20", "2")), tmp_path)
    view = view_of(prepared, prepared.run())
    monkeypatch.setattr("backends.pictures.save.MOST_VALUES", 40)
    with pytest.raises(InputError, match="at most 40 values, this would have 45"):
        save(states(view, Frame()), tmp_path / "a.nc")


@pytest.fixture
def warm(tmp_path):
    """Forecasts of shallow water whose first field is called a temperature."""
    text = LORENZ.replace("{name: lorenz63}", DYNAMICS["plane"]).replace("starts: 6", "starts: 1").replace("20", "2")
    prepared = prepare(from_yaml(text), tmp_path)
    view = view_of(prepared, prepared.run())
    layout = replace(view.layout, names=("2 metre temperature", "u", "v"), units=("K", "m/s", "m s-1"))
    return replace(view, layout=layout)


def test_the_spread_of_a_temperature_is_written_in_kelvin(warm):
    exhibit = states(warm, Frame(lead=1, what="spread"))
    data = exhibit.data()
    assert {name: data[name].attrs["units"] for name in ("truth", "mean", "spread")} == {
        "truth": "°C", "mean": "°C", "spread": "K",
    }  # fmt: skip
    spread = warm.forecasts[0].members[1, :, : warm.layout.size].std(0, ddof=1)
    np.testing.assert_allclose(data["spread"][0, 1].values.ravel(), spread, rtol=1e-4)
    table = exhibit.tables["csv"]()
    assert table.headings[2:] == ["truth [°C]", "spread of perfect model [K]", "spread of persistence [K]"]
    np.testing.assert_allclose(table.columns[3], spread, rtol=1e-4)
    member = states(warm, Frame(lead=1, what="member 1"))
    assert member.data()["member_1"].attrs["units"] == "°C"
    assert member.tables["csv"]().headings[2:] == ["truth [°C]", "perfect model [°C]", "persistence [°C]"]


def test_errors_and_gradients_are_written_with_their_units(warm):
    question = Question(0, 0, None, 1, 0, ranges_of(warm.layout, ((90, 180), (20, 60))))
    answer = sensitivity_of(warm.prepared, warm.layout, question)
    several = sensitivity(warm, answer)
    data = several.data()
    assert list(data["unit"].values) == ["K", "m/s", "m s-1"]
    assert list(data["gradient_unit"].values) == ["K / K", "K / (m/s)", "K / (m s-1)"]
    assert data["rmse"].attrs["units"] == "K"
    assert "units" not in data["gradient"].attrs
    table, size = several.tables["csv"](), warm.layout.size
    assert table.headings[4:] == ["unit of errors", "unit of the gradient"]
    assert [tuple(column[k] for column in table.columns[4:]) for k in (0, size - 1, size, 3 * size - 1)] == [
        ("K", "K / K"), ("K", "K / K"), ("m/s", "K / (m/s)"), ("m s-1", "K / (m s-1)"),
    ]  # fmt: skip

    one = sensitivity(replace(warm, layout=replace(warm.layout, units=("m",) * 3)), answer)
    data = one.data()
    assert {name: data[name].attrs["units"] for name in ("error", "gradient", "start_error", "rmse")} == {
        "error": "m", "gradient": "m / m", "start_error": "m", "rmse": "m",
    }  # fmt: skip
    assert "unit" not in data.coords
    assert one.tables["csv"]().headings == [
        "component", "error at the lead [m]", "gradient of the RMSE [m / m]", "error of the start [m]",
    ]  # fmt: skip
