"""Observations over fields on rotated, projected and triangular grids: H(x) and the case against interpolation of our own."""

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from backends.fields.catalogue import Catalogue
from backends.fields.dataset import FieldDataset
from backends.fields.meshes.mesh import on_sphere
from backends.observations import decode
from backends.observations.comparison import compare, far_in_time, fitting
from backends.observations.one_variable import one_variable
from backends.observations.operator import equivalents
from backends.observations.readers import read
from backends.observations.schema import VARIABLES
from tests.backends.experiments import experiment, outcome
from tests.backends.observation_files import surface_bufr, table
from tests.files import dataset, known, write
from tests.grids import icon, lambert, rotated, smooth

GRIDS = {"rotated": rotated, "lambert": lambert, "icon": icon}
#: The middle of each grid, degrees.
MIDDLES = {"rotated": (50.0, 10.0), "lambert": (38.5, -97.5), "icon": (-10.0, 179.0)}


def to_rotated(latitude, longitude):
    """Return rotated latitude and longitude for a pole at 40°N 170°W, by turning unit vectors twice."""
    points = on_sphere(latitude, longitude)
    lam, tilt = np.deg2rad(-170.0 + 180.0), np.deg2rad(90.0 - 40.0)
    about_axis = np.array([[np.cos(lam), np.sin(lam), 0], [-np.sin(lam), np.cos(lam), 0], [0, 0, 1]])
    about_east = np.array([[np.cos(tilt), 0, np.sin(tilt)], [0, 1, 0], [-np.sin(tilt), 0, np.cos(tilt)]])
    x, y, z = (points @ (about_east @ about_axis).T).T
    return np.rad2deg(np.arcsin(z)), np.rad2deg(np.arctan2(y, x))


def to_lambert(latitude, longitude):
    """Return y and x, m, of the cone that touches the sphere at 38.5°N (Snyder, 1987, 15-1 to 15-4, with one parallel)."""
    first = np.deg2rad(38.5)
    n = np.sin(first)
    rho = [6371229.0 * np.cos(first) / n * (np.tan(np.pi / 4 + first / 2) / np.tan(np.pi / 4 + phi / 2)) ** n
           for phi in (first, np.deg2rad(latitude))]  # fmt: skip
    theta = n * np.deg2rad((longitude + 97.5 + 180) % 360 - 180)
    return rho[0] - rho[1] * np.cos(theta), rho[1] * np.sin(theta)


def holding(data, latitude, longitude):
    """Return the numbers of the triangles that hold places, each tried against all of them."""
    corners = on_sphere(*(np.rad2deg(data[name].values) for name in ("clat_vertices", "clon_vertices")))
    sides = np.einsum("nei,pi->pne", np.cross(corners, np.roll(corners, -1, axis=1)), on_sphere(latitude, longitude))
    inside = (np.sign(sides) == np.sign(sides[..., :1])).all(-1)
    near = np.einsum("nei,pi->pn", corners, on_sphere(latitude, longitude)) > 0  # not on the other side of the Earth
    assert ((inside & near).sum(1) == 1).all()
    return (inside & near).argmax(1)


def interpolated(name, data, latitude, longitude, time=0):
    values = data["t"].values[time]
    if name == "icon":
        return values[holding(data, latitude, longitude)]
    axes, to = (("rlat", "rlon"), to_rotated) if name == "rotated" else (("y", "x"), to_lambert)
    grid = RegularGridInterpolator([data[a].values for a in axes], values, bounds_error=False)
    return grid(np.stack(to(latitude, longitude), axis=1))


def around(name, count=60, reach=8.0):
    rng = np.random.default_rng(3)
    north, east = MIDDLES[name]
    latitude = north + rng.uniform(-reach, reach, count)
    return latitude, (east + rng.uniform(-reach, reach, count) + 180) % 360 - 180


@pytest.mark.parametrize("name", GRIDS)
def test_equivalents_are_those_of_another_interpolation(name):
    data = GRIDS[name]()
    latitude, longitude = around(name)
    made = table(60, latitude=latitude, longitude=longitude, level=np.nan, level_kind=0)
    made.time[:] = np.datetime64("2020-01-01T06")
    opened = FieldDataset("a file", "NetCDF", [data])
    found = equivalents(made, opened, "t")
    latitude, longitude = made.latitude.astype("f8"), made.longitude.astype("f8")
    np.testing.assert_allclose(found.values, interpolated(name, data, latitude, longitude, time=1), atol=2e-3)
    # 25 K from equator to pole: within a cell of 2.5° the value of ICON's cell is a kelvin off.
    assert np.abs(found.values - smooth(latitude, longitude) - 1).max() < (1.2 if name == "icon" else 0.003)


@pytest.mark.parametrize("name", ["rotated", "lambert"])
def test_beyond_the_outermost_points_there_is_no_equivalent(name):
    data = GRIDS[name]()
    rng = np.random.default_rng(4)
    latitude, longitude = rng.uniform(-90, 90, 3000), rng.uniform(-180, 180, 3000)
    made = table(3000, latitude=latitude, longitude=longitude, level=np.nan, level_kind=0)
    found = equivalents(made, FieldDataset("a file", "NetCDF", [data]), "t", "nearest")
    expected = interpolated(name, data, made.latitude.astype("f8"), made.longitude.astype("f8"))
    np.testing.assert_array_equal(np.isfinite(found.values), np.isfinite(expected))
    assert found.outside == np.isnan(expected).sum()
    assert np.isfinite(expected).sum() > 30


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder, whose files are decoded here, as another process takes seconds to start."""
    monkeypatch.setattr(decode, "table_of", read)
    return tmp_path


@pytest.mark.parametrize("name", GRIDS)
def test_the_case_has_the_field_as_background_and_its_innovations(folder, name):
    data = GRIDS[name]()
    write(folder / f"{name}.nc", data)
    latitude, longitude = around(name, 25, 5.0)
    rows = [f"S{k},{a},{b},2020-01-01T00:00,{k + 270}" for k, (a, b) in enumerate(zip(latitude, longitude, strict=True))]
    (folder / "t.csv").write_text("station,lat,lon,time,T [K]\n" + "\n".join(rows))
    case = {"name": "observed-field", "path": f"{name}.nc", "variable": "t", "observations": "t.csv", "points": 500,
            "observed": "air_temperature"}  # fmt: skip
    ready = experiment(folder, **case).case
    grid, background = ready.domain, ready.background.numpy()
    assert 200 < grid.size <= 500
    some = slice(None, None, 7)
    north, east = (v.numpy()[some] for v in (grid.nodes().latitude, grid.nodes().longitude))
    expected = interpolated(name, data, north, (east + 180) % 360 - 180)
    np.testing.assert_allclose(background[some], expected, atol=2e-3)
    result = outcome(folder, case=case)
    order = np.array([int(v) - 270 for v in np.round(result.observations.values.numpy())])
    assert sorted(order) == list(range(25))
    truth = smooth(latitude[order], longitude[order])
    # Twice interpolated: the first grid's cells, then steps of about a degree.
    away = np.abs(result.analysis.innovation.numpy() - (result.observations.values.numpy() - truth)).max()
    assert away < (1.2 if name == "icon" else 0.02)
    how = "the value of the nearest cell taken" if name == "icon" else "interpolated bilinearly"
    assert how in ready.background_caption
    assert float(result.analysis.residual.square().mean()) < float(result.analysis.innovation.square().mean())


@pytest.mark.parametrize("name", ["regular", "rotated"])
def test_surface_reports_over_the_temperature_at_two_metres(folder, name):
    """SYNOP of BUFR and a field of the same day and kind: compared on Explore, and analysed."""
    from backends.experiments.observed_offer import Pair, likely_case

    places = [(47.3, 8.1), (48.0, 10.0), (50.7, 11.9), (52.4, 9.6), (53.9, 12.2)]
    surface_bufr(folder / "synop.bufr", [(*place, 280.0 + k) for k, place in enumerate(places)])
    data = rotated() if name == "rotated" else dataset(np.arange(44.0, 57.0), np.arange(2.0, 18.0))
    field = data["t"].assign_attrs(long_name="2 metre temperature", standard_name="air_temperature", units="K")
    times = np.datetime64("2021-05-16T00", "ns") + np.arange(data.sizes["time"]) * np.timedelta64(12, "h")
    data = data.assign(t=field).rename(t="t2m").assign_coords(time=times)
    write(folder / "t2m.nc", data)
    table_ = read(folder / "synop.bufr")
    assert table_.report_type.counts() == {"SYNOP": 5}
    of = one_variable(table_, "air_temperature")
    opened = Catalogue(folder).open("t2m.nc")
    assert fitting(opened, "air_temperature", "K") == ["t2m"]
    found = compare(of, opened, "t2m", "nearest")
    latitude, longitude = (v.astype("f8") for v in (found.of.table.latitude, found.of.table.longitude))
    at_midnight = smooth(latitude, longitude) if name == "rotated" else known(latitude, longitude).diagonal()
    np.testing.assert_allclose(found.of.table.background, at_midnight + 1, atol=0.01)  # the second time, 12 UTC
    assert (found.without, found.caption) == ("", "2021-05-16 12:00 UTC")
    case = likely_case(Pair("t2m.nc", opened, "t2m", "synop.bufr", of.table))
    assert (case.time, case.at, case.level) == ("2021-05-16T12:00:00", None, None)
    ready = experiment(folder, **{"name": "observed-field", **case.tree()}).case
    assert len(ready.observations) == 5
    order = np.argsort(ready.observations.values.numpy())
    np.testing.assert_allclose(ready.observations.places.numpy()[order], places, atol=1e-4)


def test_winds_along_the_rows_of_a_grid_are_not_compared():
    data = rotated()
    for name, standard in (("u", "grid_eastward_wind"), ("u10", "eastward_wind"), ("U", "")):
        data[name] = data["t"].copy().assign_attrs(standard_name=standard, long_name="U wind", units="m s-1")
    assert fitting(FieldDataset("a file", "NetCDF", [data]), "eastward_wind", "m s-1") == ["u10"]


@pytest.mark.parametrize(
    ("long_name", "units", "observed", "fits"),
    [
        ("2 metre temperature", "K", "air_temperature", True),
        ("Soil temperature", "K", "air_temperature", False),
        ("2 metre dewpoint temperature", "K", "air_temperature", False),
        ("2 metre dewpoint temperature", "K", "dew_point_temperature", True),
        ("Sea surface temperature", "K", "air_temperature", False),
        ("2 metre temperature anomaly", "K", "air_temperature", False),
        ("Surface pressure", "Pa", "air_pressure_at_mean_sea_level", False),
        ("Mean sea level pressure", "Pa", "air_pressure_at_mean_sea_level", True),
        ("Total cloud cover", "%", "relative_humidity", False),
        ("10 metre wind speed", "m/s", "wind_speed", True),
        ("Convective available potential energy", "J/kg", "geopotential", False),
    ],
)
def test_what_shares_no_more_than_a_unit_does_not_fit(long_name, units, observed, fits):
    data = rotated()
    data["t"] = data["t"].assign_attrs(standard_name="", long_name=long_name, units=units)
    found = fitting(FieldDataset("a file", "NetCDF", [data]), observed, VARIABLES[observed].units)
    assert found == (["t"] if fits else [])


def test_fields_of_another_day_are_warned_of():
    latitude, longitude = around("rotated", 4)
    made = table(4, latitude=latitude, longitude=longitude, level=np.nan, level_kind=0)
    first = np.datetime64("2020-01-01T00:00:00")
    made.time[:] = first + np.array([0, 6, 24, 96]) * np.timedelta64(3600, "s")
    opened = FieldDataset("a file", "NetCDF", [rotated().isel(time=[0])])
    assert str(opened.variable("t").axis("time").times[0]) == str(first)
    words = far_in_time(opened.variable("t"), made, "nearest")
    assert words.startswith("2 of 4 observations are more than 6 hours from the field in time, by 2.5 days in the median")
    assert far_in_time(opened.variable("t"), made.take(np.array([0, 1])), "nearest") == ""
