"""Real observations over any field: the problem is what a person would make by hand, and nothing is known but O−B and O−A."""

import numpy as np
import pytest
import torch

from backends.errors import InputError
from backends.experiments.observed_grid import even_grid, on_region
from backends.experiments.observed_offer import Pair, likely_case
from backends.experiments.run import from_yaml, to_yaml
from backends.fields.catalogue import Catalogue
from backends.fields.raster import Window
from backends.observations import decode
from backends.observations.readers import read
from backends.observations.selection import Selection
from tests.backends.experiments import experiment, outcome, settings, summary
from tests.backends.observation_files import feedback, table
from tests.files import dataset, known, regional, write

#: Two on grid points, one between them, two off the grid, one without a quality that is used, one three days late.
ROWS = (
    ("A", 40.0, 0.0, "2020-01-01T05:00", 12.5, 0.5),
    ("B", 50.0, 10.0, "2020-01-01T06:00", 3.0, 1.0),
    ("C", 45.3, 7.7, "2020-01-01T07:00", 8.0, ""),
    ("D", 10.0, 0.0, "2020-01-01T06:00", 25.0, 1.0),
    ("E", 45.0, 30.0, "2020-01-01T06:00", 25.0, 1.0),
    ("A", 40.0, 0.0, "2020-01-01T08:00", 14.0, 0.5),
    ("F", 42.0, 2.0, "2020-01-04T06:00", 14.0, 0.5),
)
CASE = {"name": "observed-field", "path": "a.nc", "variable": "t", "observations": "t.csv", "observed": "air_temperature"}
ONE = {**CASE, "box": [9, 11, 49, 51]}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A field in °C and observations, decoded here, as another process takes seconds to start."""
    monkeypatch.setattr(decode, "table_of", read)
    data = dataset(np.arange(60.0, 29.0, -2.0), np.arange(-20.0, 21.0, 2.0))
    data["t"] = (data["t"] - 273.15).assign_attrs(units="degC", long_name="Temperature")
    write(tmp_path / "a.nc", data)
    text = "station,lat,lon,time,T [°C],error\n" + "\n".join(",".join(map(str, row)) for row in ROWS)
    (tmp_path / "t.csv").write_text(text)
    return tmp_path


def celsius(latitude: float, longitude: float, step: int) -> float:
    return float(known(np.array([latitude]), np.array([longitude]))[0, 0]) - 273.15 + step


def bilinear(latitude: float, longitude: float, step: int) -> float:
    """Interpolate the known field between the nodes of a grid of 2° by hand."""
    south, west = 2 * np.floor(latitude / 2), 2 * np.floor(longitude / 2)
    up, right = (latitude - south) / 2, (longitude - west) / 2
    corner = [[celsius(south + 2 * i, west + 2 * j, step) for j in (0, 1)] for i in (0, 1)]
    low, high = ((1 - right) * row[0] + right * row[1] for row in corner)
    return (1 - up) * low + up * high


def test_the_problem_is_the_one_made_by_hand(folder):
    result = outcome(folder, case=CASE)
    problem, case = result.problem, result.case
    # The field nearest to the middle of the observations, 6 UTC of the first day, is the second one.
    expected = np.array([[celsius(lat, lon, 1) for lon in range(-20, 21, 2)] for lat in range(30, 61, 2)])
    np.testing.assert_allclose(problem.background.reshape(expected.shape), expected, atol=1e-4)
    np.testing.assert_allclose(result.observations.values, [12.5, 3.0, 8.0], atol=1e-4)
    np.testing.assert_allclose(result.observations.places, [[40, 0], [50, 10], [45.3, 7.7]])
    equivalents = [bilinear(*place, 1) for place in ((40, 0), (50, 10), (45.3, 7.7))]
    np.testing.assert_allclose(problem.innovation(), np.array([12.5, 3.0, 8.0]) - equivalents, atol=1e-4)
    # Where the file has no error the others' root mean square stands; a difference of 1 °C is one of 1 K.
    usual = np.sqrt((0.5**2 + 1.0**2) / 2)
    np.testing.assert_allclose(problem.observation_error.variance().sqrt(), [0.5, 1.0, usual], rtol=1e-6)
    assert result.sigma_o == pytest.approx(usual)
    (note,) = case.notes
    assert note.startswith("3 observations of temperature are used")
    assert "1 at other times, 2 outside the field, 1 at the place of another that is nearer in level or time" in note
    assert not case.warnings


def test_nothing_is_said_against_a_truth(folder):
    result = outcome(folder, case=CASE)
    assert not result.case.has_truth
    assert np.isnan(result.rmse_background)
    assert np.isnan(result.rmse_analysis)
    numbers = summary(folder, case=CASE)
    assert not any(name.startswith("rmse") for name in numbers)
    d = result.analysis.innovation
    assert (numbers["omb_mean"], numbers["omb_std"]) == pytest.approx((float(d.mean()), float(d.std(correction=0))))
    assert numbers["oma_std"] < numbers["omb_std"]


def test_a_single_observation_spreads_as_a_column_of_b(folder):
    b = {"sigma": 2.0, "length": 300.0, "floor": 0.0}
    result = outcome(folder, case=ONE, background_error=b, observations={"sigma": 0.5})
    d = 3.0 - celsius(50, 10, 1)
    k = 10 * 21 + 15
    everything = torch.arange(16 * 21)
    column = result.problem.background_error.between(everything, torch.tensor([k]))[:, 0]
    np.testing.assert_allclose(result.analysis.increment, column * d / (4.0 + 0.25), atol=1e-4)
    assert float(result.analysis.increment[k]) == pytest.approx(4.0 / 4.25 * d, abs=1e-4)
    # One row north: a great circle of 2°, along the meridian.
    there = np.exp(-((np.deg2rad(2.0) * 6371.0 / 300) ** 2) / 2)
    assert float(result.analysis.increment[k + 21]) == pytest.approx(4.0 / 4.25 * d * there, rel=1e-3)


def test_errors_alike_are_those_of_the_control(folder):
    result = outcome(folder, case={**CASE, "errors": "alike"}, observations={"sigma": 0.7})
    np.testing.assert_allclose(result.problem.observation_error.variance().sqrt(), 0.7, rtol=1e-6)
    scaled = outcome(folder, case=CASE, observations={"sigma": 2.0}).problem.observation_error.variance().sqrt()
    np.testing.assert_allclose(scaled[1] / scaled[0], 2.0, rtol=1e-6)


def test_geopotential_becomes_height(folder):
    heights = dataset(np.arange(30.0, 61.0, 2.0), np.arange(-20.0, 21.0, 2.0), units="m", long_name="Geopotential height")
    write(folder / "gh.nc", heights)
    (folder / "z.csv").write_text(
        "station,lat,lon,time,geopotential [m2 s-2],error\nA,50,10,2020-01-01T06:00,2941.995,98.0665\n"
    )
    case = {**CASE, "path": "gh.nc", "observations": "z.csv", "observed": "geopotential"}
    result = outcome(folder, case=case)
    assert float(result.observations.values[0]) == pytest.approx(300.0, abs=1e-3)
    assert result.sigma_o == pytest.approx(10.0, rel=1e-5)


def test_units_that_do_not_fit_are_refused(folder):
    (folder / "p.csv").write_text("station,lat,lon,time,air_pressure [hPa]\nA,50,10,2020-01-01T06:00,900\n")
    with pytest.raises(InputError, match=r"Temperature, the background of air_pressure, must have a unit .* Pa; came 'degC'"):
        experiment(folder, **{**CASE, "observations": "p.csv", "observed": "air_pressure"})


def test_a_distant_time_must_be_asked_for_and_is_said(folder):
    with pytest.raises(InputError, match=r"of 7, .*7 are at other times.*case\.at is the time they shall be near"):
        experiment(folder, **{**CASE, "time": 3, "window": 1})
    far = experiment(folder, **{**CASE, "time": "2020-01-01T18:00", "at": "2020-01-04T06:00", "window": 1}).case
    assert len(far.observations) == 1
    assert "is 2.5 days earlier than the observations, which are of 2020-01-04 06:00 UTC" in far.warnings[0]
    everything = experiment(folder, **{**CASE, "window": None}).case
    assert len(everything.observations) == 4


def test_levels_qualities_and_types(folder):
    """The feedback file has temperatures at no level (a radiosonde's, 290 K) and at 850 hPa (a SYNOP's, 280 K)."""
    regional(folder / "k.nc")
    feedback(folder / "ekf.nc")
    table = read(folder / "ekf.nc")
    names = sorted(table.variable.counts())
    case = {**CASE, "path": "k.nc", "observations": "ekf.nc", "window": None}
    with pytest.raises(InputError, match=r"has no observations of 'nothing'; it has " + names[0]):
        experiment(folder, **{**case, "observed": "nothing"})
    rows = table.variable.is_in(["air_temperature"])
    levels = table.level[rows]
    assert np.isfinite(levels).any()
    with pytest.raises(InputError, match=r"case\.levels chooses among them"):
        experiment(folder, **{**case, "qualities": ["unknown", "passed", "suspicious", "rejected"]})
    chosen = experiment(
        folder, **{**case, "levels": [80_000, 90_000], "qualities": ["unknown", "passed", "suspicious", "rejected"]}
    ).case
    assert len(chosen.observations) == int(((levels >= 80_000) & (levels <= 90_000)).sum())
    with pytest.raises(InputError, match="of another quality"):
        experiment(folder, **{**case, "levels": [80_000, 90_000], "qualities": ["suspicious"]})


def test_of_many_some_are_drawn_by_the_seed(folder):
    rows = "\n".join(f"S{k},{30 + 0.2 * k},{0.1 * k},2020-01-01T06:00,{k % 7}" for k in range(100))
    (folder / "many.csv").write_text(f"station,lat,lon,time,T [°C]\n{rows}")
    case = {**CASE, "observations": "many.csv", "limit": 30}
    first, again, other = (experiment(folder, **case, seed=seed).case for seed in (0, 0, 1))
    assert len(first.observations) == 30
    assert torch.equal(first.observations.places, again.observations.places)
    assert not torch.equal(first.observations.places, other.observations.places)
    assert "70 not among the 30 that are drawn" in first.notes[0]


def test_a_large_field_is_cut_and_then_made_coarser(folder):
    latitude, longitude = np.arange(-90.0, 90.1, 1.0), np.arange(0.0, 360.0, 1.0)
    data = dataset(latitude, longitude)
    write(folder / "globe.nc", data)
    field = Catalogue(folder).open("globe.nc").field("t", {"time": 0})
    grid, values, done = on_region(field, Window(-10, 20, 40, 60), 5000)  # across the seam of the file
    assert (float(grid.longitude[0]), float(grid.longitude[-1]), grid.shape) == (-13, 23, (27, 37))
    np.testing.assert_allclose(values, known(grid.latitude.numpy(), grid.longitude.numpy()), rtol=1e-5)
    assert done.startswith("cut to 27 × 37")
    coarse, values, done = on_region(field, Window(-10, 20, 40, 60), 200)
    assert coarse.size <= 200
    assert "interpolated bilinearly" in done
    np.testing.assert_allclose(values, known(coarse.latitude.numpy(), coarse.longitude.numpy()), rtol=1e-5)
    whole, values, _ = on_region(field, Window(-180, 180, -80, 80), 3000)
    assert whole.periodic
    assert np.isfinite(values).all()
    assert on_region(field, Window(-10, 20, 40, 60), 100_000)[2] == ""


def test_even_grids_have_no_more_points_than_asked_for():
    grid, spacing = even_grid(-10.3, 20.2, 40.1, 60.0, 900)
    assert grid.size <= 900 < even_grid(-10.3, 20.2, 40.1, 60.0, 1500)[0].size
    assert (spacing, float(grid.longitude[0]), float(grid.latitude[-1])) == (1.0, -10.0, 60.0)
    with pytest.raises(InputError, match="two rows and columns"):
        even_grid(0, 1e-4, 0, 1e-4, 100)


def test_a_missing_background_takes_its_observations_with_it(folder):
    data = dataset(np.arange(30.0, 61.0, 2.0), np.arange(-20.0, 21.0, 2.0))
    data["t"] = data["t"].where((data["lat"] != 50) | (data["lon"] != 10))
    write(folder / "hole.nc", data)
    case = experiment(folder, **{**CASE, "path": "hole.nc"}).case
    assert len(case.observations) == 2
    assert "1 where the field is missing" in case.notes[0]
    with pytest.raises(InputError, match="missing, or ends, at all"):
        experiment(folder, **{**ONE, "path": "hole.nc"})


@pytest.mark.parametrize("change", [{"observations": {"count": 5}}, {"repeat": 3}])
def test_what_cannot_be_drawn_is_refused(change):
    with pytest.raises(InputError, match="cannot be"):
        settings(case=CASE, **change)


def test_settings_come_back_from_their_file():
    asked = settings(case={**CASE, "levels": [80_000, 90_000], "report_types": ["TEMP"], "box": [-10, 20, 40, 60]})
    assert from_yaml(to_yaml(asked)) == asked


def test_the_tuning_surface_has_no_rmse_here(folder):
    from backends.experiments.surface import tuning_surface, usual_axis

    here, asked = experiment(folder, **CASE), settings(case=CASE)
    x, y = (usual_axis(here, asked, name, 3) for name in ("sigma_b", "sigma_o"))
    with pytest.raises(InputError, match="no truth here"):
        tuning_surface(here, asked, x, y, "rmse")
    assert tuning_surface(here, asked, x, y, "likelihood").values.isfinite().all()


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), {"level": 850.0, "levels": None, "time": "2020-01-01T00:00:00", "at": None}),
        (Selection(level_kind="pressure", levels=(40_000, 60_000)), {"level": 500.0, "levels": (40_000, 60_000)}),
        (Selection(qualities=("passed",), report_types=("TEMP",)), {"qualities": ("passed",), "report_types": ("TEMP",)}),
        (
            Selection(start=np.datetime64("2020-01-01T05", "s"), end=np.datetime64("2020-01-01T07", "s")),
            {"time": "2020-01-01T06:00:00", "at": "2020-01-01T06:00:00", "window": 1.0},
        ),
    ],
)
def test_the_likely_case_is_what_is_looked_at(folder, selection, expected):
    """Twelve temperatures an hour apart, two of them at 500 hPa, the others at 850."""
    data = dataset(np.arange(30.0, 61.0, 2.0), np.arange(-20.0, 21.0, 2.0))["t"].expand_dims(level=[1000, 850, 500]).copy()
    data.level.attrs["units"] = "hPa"
    write(folder / "levels.nc", data.to_dataset(name="t"))
    rows = table(12, level=np.where(np.arange(12) < 2, 50_000, 85_000), quality=1)
    late = rows.with_columns(time=rows.time - np.timedelta64(4 * 3600, "s"))
    asked = rows if selection.start is not None else late
    made = likely_case(Pair("levels.nc", Catalogue(folder).open("levels.nc"), "t", "t.csv", asked), selection)
    assert {name: getattr(made, name) for name in expected} == expected
    assert (made.path, made.observations, made.observed) == ("levels.nc", "t.csv", "air_temperature")
