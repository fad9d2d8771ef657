"""What a run exports: NetCDF with the numbers and states of a run, and feedback files with its innovations."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from backends.__main__ import main
from backends.cycling.verification import NUMBERS
from backends.errors import InputError
from backends.experiments.cycling.export import to_netcdf
from backends.experiments.cycling.feedback import file_names, to_feedback
from backends.experiments.cycling.race import Race
from backends.experiments.cycling.run import run, summary
from backends.experiments.cycling.settings import CyclingSettings
from backends.experiments.run import from_yaml, settings_from

METHODS = [{"name": "etkf", "members": 12, "inflation": 1.05, "label": "ETKF σ/x"}, {"name": "3dvar"}, {"name": "free"}]
SUBSETS = {"dynamics": {"name": "circle"}, "observations": {"components": "changing", "count": 1, "sigma": 0.1}}
LORENZ63 = {"dynamics": {"name": "lorenz63", "dt": 0.05}, "observations": {"every": 2, "components": "subsets"}}


def ran(**sections: object) -> Race:
    asked = settings_from({"kind": "cycling", "cycles": 30, "spinup": 10, "methods": METHODS, **sections})
    assert isinstance(asked, CyclingSettings)
    return run(asked)


def exported(race: Race, folder: Path) -> xr.Dataset:
    to_netcdf(race, folder / "new" / "run.nc")
    with xr.open_dataset(folder / "new" / "run.nc", engine="netcdf4") as data:
        return data.load()


def feedback(race: Race, folder: Path, method: int = 0) -> xr.Dataset:
    to_feedback(race, method, folder / "feedback.nc")
    with xr.open_dataset(folder / "feedback.nc", engine="netcdf4") as data:
        return data.load()


def test_the_numbers_of_every_cycle(tmp_path):
    race = ran(repeat=3)
    data = exported(race, tmp_path)
    assert dict(data.sizes) | {"method": 3, "experiment": 3, "cycle": 30, "component": 40, "observation": 40} == dict(
        data.sizes
    )
    assert data.method.values.tolist() == ["ETKF σ/x", "3dvar", "free"]
    np.testing.assert_allclose(data.time, 0.05 * np.arange(1, 31))
    for name in NUMBERS:
        assert data[name].dims == ("method", "experiment", "cycle")
        assert data[name].attrs["long_name"] != name
        np.testing.assert_array_equal(data[name][1], race.cycling.contestants[1].record.of(name).T)
    counted = data.rmse_analysis.sel({"method": "ETKF σ/x"}).where(data.cycle > 10)
    assert float(counted.mean()) == pytest.approx(summary(race)["methods"][0]["rmse_analysis"])
    assert bool(data.spread_analysis.sel({"method": "free"}).isnull().all())


def test_the_rank_histograms(tmp_path):
    race = ran(methods=[{"name": "etkf", "members": 12}, {"name": "3dvar"}, {"name": "etkf", "members": 5}])
    data = exported(race, tmp_path)
    assert data.sizes["rank"] == 13
    assert float(data.rank_count[0].sum()) == float(data.rank_count[2].sum()) == 20 * 40
    assert bool(data.rank_count[1].isnull().all())
    assert data.rank_count[2, 0].isnull().values.tolist() == [False] * 6 + [True] * 7


def test_the_states_of_the_first_experiment(tmp_path):
    race = ran(repeat=2)
    data, newest = exported(race, tmp_path), race.cycling.newest
    assert newest is not None
    step = newest.steps[0]
    assert step is not None
    assert data.state_cycle.values.tolist() == list(range(1, 31))
    assert float(data.state_time[-1]) == pytest.approx(newest.time)
    np.testing.assert_array_equal(data.truth[-1], newest.truth[0])
    np.testing.assert_array_equal(data.background[0, -1], step.background.mean[0])
    np.testing.assert_array_equal(data.analysis[0, -1], step.analysis.mean[0])
    np.testing.assert_array_equal(data.analysis_variance[0, -1], step.analysis.variance[0])
    np.testing.assert_array_equal(data.observations[-1], newest.observed.values[0])
    errors = np.sqrt(((data.analysis - data.truth) ** 2).mean("component")).transpose("method", "state_cycle")
    np.testing.assert_allclose(errors, data.rmse_analysis.isel(experiment=0), rtol=1e-10)


def test_a_file_says_what_was_run(tmp_path):
    race = ran(cycles=12, seed=5)
    settings = race.settings
    race.change(
        settings.model_copy(update={"observations": settings.observations.model_copy(update={"every": 4, "sigma": 0.5})})
    )
    race.step()
    data = exported(race, tmp_path)
    assert from_yaml(data.attrs["settings"]) == race.settings
    assert (int(data.attrs["seed"]), int(data.attrs["spinup"])) == (5, 10)
    assert data.attrs["marks"].splitlines() == ["after cycle 12: every 4", "after cycle 12: σ_o 0.5"]
    assert data.attrs["Conventions"].startswith("CF-")
    np.testing.assert_allclose(data.time[-2:], [0.6, 0.8])
    assert float(data.sigma_o[-1, 0]) == 0.5
    assert all("long_name" in data[name].attrs for name in data.variables)


def test_what_a_method_that_ended_left_is_kept_and_the_rest_is_missing(tmp_path):
    race = ran(model={"forcing": 1e4}, methods=[{"name": "3dvar"}, {"name": "climatology"}])
    ended = race.cycling.contestants[0].record.first_fault()
    assert ended is not None
    data = exported(race, tmp_path)
    there = data.rmse_analysis[0, 0].notnull().values
    assert there.tolist() == [cycle < ended for cycle in range(1, 31)]
    assert data.analysis[0].notnull().all("component").values.tolist() == there.tolist()
    assert bool(data.rmse_analysis[1].notnull().all())
    innovations = feedback(race, tmp_path)
    np.testing.assert_array_equal(innovations.veri_data[1].notnull(), innovations.model_cycle.values < ended)


@pytest.mark.parametrize("sections", [{}, {"observations": {"components": "changing", "count": 7}}, SUBSETS, LORENZ63])
@pytest.mark.parametrize("method", [0, 2])
def test_feedback_has_the_innovations_and_residuals_of_the_run(tmp_path, sections, method):
    race = ran(**sections)
    data, back = exported(race, tmp_path), feedback(race, tmp_path, method)
    innovation, residual = back.obs - back.veri_data[0], back.obs - back.veri_data[1]
    first, count = back.i_body.values - 1, back.l_body.values
    assert (int(back.i_body[0]), int(first[-1] + count[-1])) == (1, back.sizes["d_body"])
    assert np.array_equal(np.cumsum(count)[:-1], first[1:])
    # Report by report, found by cycle and component in the file of the run.
    compared = 0
    for report in range(back.sizes["d_hdr"]):
        kept = data.sel(state_cycle=int(back.model_cycle[report])).isel(method=method)
        values = dict(zip(kept.observed_component.values, kept.observations.values, strict=True))
        for k in range(first[report], first[report] + count[report]):
            c = int(back.level[k])
            assert float(back.obs[k]) == pytest.approx(values[c], rel=1e-6)
            assert float(innovation[k]) == pytest.approx(values[c] - float(kept.background[c]), abs=1e-5)
            assert float(residual[k]) == pytest.approx(values[c] - float(kept.analysis[c]), abs=1e-5)
            compared += 1
        if compared > 150:
            break
    of_cycle = np.repeat(back.model_cycle.values, count)
    for cycle in (1, 30):
        square = float((innovation.values[of_cycle == cycle] ** 2).mean())
        assert np.sqrt(square) == pytest.approx(float(data.omb.sel(cycle=cycle)[method, 0]), abs=1e-5)
    assert back.sizes["d_body"] == int(data.observations.notnull().sum())


def test_the_layout_of_a_feedback_file(tmp_path):
    race = ran()
    back = feedback(race, tmp_path)
    assert set(back.sizes) == {"d_hdr", "d_body", "d_veri"}
    assert {str(back[name].dtype) for name in ("obs", "e_o", "veri_data", "level", "lat", "lon")} == {"float32"}
    assert {str(back[name].dtype) for name in ("i_body", "l_body", "time")} == {"int32"}
    assert back.veri_run_type.values.tolist() == [1, 3]
    assert back.veri_ens_member.values.tolist() == [0, 0]
    assert back.veri_description[0].item().decode() == "first guess H(x_b) of ETKF ?/x"
    assert (back.attrs["n_hdr"], back.attrs["n_body"], back.attrs["n_veri"]) == (1200, 1200, 2)
    assert back.e_o.values.tolist() == [1.0] * 1200
    assert back.state.values.tolist() == [1] * 1200
    # A ring on the equator, a cycle of 0.05 days.
    assert back.lon[:4].values.tolist() == [0.0, 9.0, 18.0, 27.0]
    assert (float(back.lon.min()), float(back.lon.max()), float(abs(back.lat).max())) == (-180.0, 171.0, 0.0)
    assert back.time[::40][:3].values.tolist() == [72, 144, 216]
    assert back.veri_forecast_time.values.tolist() == [112, 0]  # 1 hour and 12 minutes
    free = feedback(race, tmp_path, 2)
    assert free.state.values.tolist() == [5] * 1200
    assert free.veri_ens_member.values.tolist() == [-1, -1]


def test_components_without_space_are_one_report_for_each_cycle(tmp_path):
    back = feedback(ran(**LORENZ63), tmp_path)
    assert back.sizes["d_hdr"] == 30
    assert set(back.l_body.values.tolist()) == {1, 2}
    assert back.statid[0].item().decode() == "lorenz63"
    assert "0: x, 1: y, 2: z" in back.level.attrs["long_name"]


def test_several_fields_at_a_place_are_one_report(tmp_path, monkeypatch):
    race = ran(cycles=12)
    monkeypatch.setattr(race.dynamics, "shape", (2, 4, 5), raising=False)
    monkeypatch.setattr(race.dynamics, "fields", ("a", "b"), raising=False)
    back, data = feedback(race, tmp_path), exported(race, tmp_path)
    assert back.sizes["d_hdr"] == 12 * 20
    assert set(back.l_body.values.tolist()) == {2}
    assert back.level[:6].values.tolist() == [0, 20, 1, 21, 2, 22]
    assert back.lat[[0, 5, 10, 15]].values.tolist() == [-67.5, -22.5, 22.5, 67.5]
    kept = data.isel(state_cycle=0, method=0)
    expected = (kept.observations.values - kept.background.values)[back.level[:40].values.astype(int)]
    np.testing.assert_allclose((back.obs - back.veri_data[0])[:40], expected, atol=1e-5)
    assert data.field.values.tolist() == ["a"] * 20 + ["b"] * 20
    assert data.attrs["state_shape"].tolist() == [2, 4, 5]


def test_the_command_writes_a_run_and_a_feedback_file_of_each_method(tmp_path, capsys):
    text = (
        "kind: cycling\ncycles: 12\nspinup: 2\nmethods: [{name: 3dvar}, {name: etkf, label: 'a/../b'}, {name: oi, label: σ}]\n"
    )
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    assert main(["run", str(tmp_path / "a.yaml"), "--out", str(tmp_path / "out")]) == 0
    capsys.readouterr()
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == [
        "experiment.yaml", "feedback-1-3dvar.nc", "feedback-2-a-b.nc", "feedback-3.nc", "run.nc", "summary.json",
    ]  # fmt: skip


def test_exports_that_cannot_be_made(tmp_path, monkeypatch):
    race = ran(cycles=12)
    assert file_names(race) == ["feedback-1-etkf-x.nc", "feedback-2-3dvar.nc", "feedback-3-free.nc"]
    with pytest.raises(InputError, match="a number from 0 to 2; came 3"):
        to_feedback(race, 3, tmp_path / "a.nc")
    fresh = Race(race.settings)
    for export in (lambda: to_netcdf(fresh, tmp_path / "a.nc"), lambda: to_feedback(fresh, 0, tmp_path / "a.nc")):
        with pytest.raises(InputError, match="nothing to export before the first cycle"):
            export()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"run\.nc cannot be written to"):
        to_netcdf(race, tmp_path / "file" / "run.nc")

    def half(self, path, **options):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    (tmp_path / "there.nc").write_bytes(b"whole")
    monkeypatch.setattr(xr.Dataset, "to_netcdf", half)
    with pytest.raises(InputError, match="No space left"):
        to_netcdf(race, tmp_path / "there.nc")
    assert (tmp_path / "there.nc").read_bytes() == b"whole"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "there.nc"]
