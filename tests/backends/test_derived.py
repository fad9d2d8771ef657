"""Quantities derived from a file's variables, against closed forms and the values that MetPy's documentation gives."""

import numpy as np
import pytest
import xarray as xr

from backends.errors import InputError
from backends.fields import stored
from backends.fields.dataset import FieldDataset
from backends.fields.vorticity import EARTH_RADIUS, divergence, vorticity

LATITUDE, LONGITUDE = np.linspace(90, -90, 91), np.arange(0, 360, 2.0)
WIND = {
    "u": {"units": "m s-1", "standard_name": "eastward_wind"},
    "v": {"units": "m s-1", "standard_name": "northward_wind"},
}
TIMES = np.datetime64("2020-01-01", "ns") + np.arange(3) * np.timedelta64(6, "h")


def opened(*sources):
    return FieldDataset("a file", "NetCDF", sources)


def fields(latitude=LATITUDE, longitude=LONGITUDE, **variables):
    """Return a dataset of variables (values, attributes) at three times and two pressure levels."""
    sizes = ("time", "level", "lat", "lon")
    shape = (3, 2, len(latitude), len(longitude))
    return xr.Dataset(
        {name: (sizes, np.broadcast_to(values, shape), attributes) for name, (values, attributes) in variables.items()},
        {
            "time": TIMES,
            "level": ("level", [850, 500], {"units": "hPa", "standard_name": "air_pressure"}),
            "lat": ("lat", latitude, {"units": "degrees_north"}),
            "lon": ("lon", longitude, {"units": "degrees_east"}),
        },
    )


def solid_rotation(latitude=LATITUDE, longitude=LONGITUDE, speed=40.0):
    """Wind of the air turning as one body, faster with time: u = k · speed · cos φ."""
    u = speed * np.cos(np.deg2rad(latitude))[:, None] * np.ones(len(longitude))
    return fields(latitude, longitude, u=(np.arange(1, 4.0)[:, None, None, None] * u, WIND["u"]), v=(0.0, WIND["v"]))


def harmonic(latitude, longitude):
    """Return Y = sin φ cos φ cos λ, of degree 2, and its derivatives to the north and east on a sphere of radius 1."""
    phi, lam = np.meshgrid(np.deg2rad(latitude), np.deg2rad(longitude), indexing="ij")
    return np.sin(phi) * np.cos(phi) * np.cos(lam), np.cos(2 * phi) * np.cos(lam), -np.sin(phi) * np.sin(lam)


def test_vorticity_and_divergence_of_a_spherical_harmonic():
    latitude, longitude = np.linspace(-90, 90, 181), np.arange(-180, 180, 1.0)
    y, northward, eastward = harmonic(latitude, longitude)
    scale = 6 * np.abs(y).max() / EARTH_RADIUS
    # A stream function a·Y has the vorticity ∇²(a·Y) = −6 Y / a and no divergence; a potential the other way round.
    for one, other, winds in ((vorticity, divergence, (-northward, eastward)), (divergence, vorticity, (eastward, northward))):
        found, none = one(*winds, latitude, longitude), other(*winds, latitude, longitude)
        np.testing.assert_allclose(found[10:-10], -6 * y[10:-10] / EARTH_RADIUS, atol=1e-3 * scale)
        np.testing.assert_allclose(found, -6 * y / EARTH_RADIUS, atol=0.015 * scale)  # less exact beside the poles
        np.testing.assert_allclose(none[10:-10], 0, atol=1e-3 * scale)
        np.testing.assert_allclose(none, 0, atol=0.015 * scale)


def test_at_the_edges_of_a_region_with_uneven_rows_differences_are_one_sided():
    latitude, longitude = 60 * np.sin(np.linspace(-0.8, 0.9, 120)), np.linspace(10, 50, 81)
    y, northward, eastward = harmonic(latitude, longitude)
    expected = -6 * y / EARTH_RADIUS
    found = vorticity(-northward, eastward, latitude, longitude)
    np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(expected).max())


def test_two_rows_or_columns_have_one_sided_differences():
    # u grows from 0 to 1 over 60 degrees north, where cos φ = 1/2; v from 0 to 2 over 30 degrees east.
    u, v = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[0.0, 2.0], [0.0, 2.0]])
    northward, eastward = 0.5 / (np.pi / 3), 2 / (np.pi / 6)
    expected = (eastward - northward) / (EARTH_RADIUS * np.array([[1, 1], [0.5, 0.5]]))
    np.testing.assert_allclose(vorticity(u, v, np.array([0.0, 60.0]), np.array([0.0, 30.0])), expected, rtol=1e-12)


@pytest.mark.parametrize("repeated", [False, True])
def test_the_air_that_turns_as_one_body_has_twice_the_vorticity_up_to_the_poles(repeated):
    longitude = np.arange(0, 361 if repeated else 360, 2.0)
    found = opened(solid_rotation(longitude=longitude))
    field = found.field("vorticity(u,v)", {"time": 1})
    latitude = field.variable.grid.latitude.numpy()
    expected = 1e5 * 2 * (2 * 40 / EARTH_RADIUS) * np.sin(np.deg2rad(latitude))
    np.testing.assert_allclose(field.values, np.broadcast_to(expected[:, None], field.values.shape), atol=0.003)
    np.testing.assert_allclose(field.values[[0, -1], 0], expected[[0, -1]], rtol=1e-3)  # the mean inside 88°
    np.testing.assert_allclose(
        found.series("vorticity(u,v)", 90, 14, {}).values, expected[-1] * np.array([0.5, 1, 1.5]), rtol=1e-3
    )


def test_wind_speed_and_the_direction_that_it_comes_from():
    winds = opened(fields(u=(np.array([0.0, 10.0, 3.0])[:, None, None, None], WIND["u"]), v=(-4.0, WIND["v"])))
    assert [winds.field("wind_speed(u,v)", {"time": t}).values[3, 4] for t in range(3)] == pytest.approx(
        [4, np.hypot(10, 4), 5]
    )
    directions = [winds.field("wind_direction(u,v)", {"time": t}).values[3, 4] for t in range(3)]
    assert np.cos(np.deg2rad(directions)) == pytest.approx([1, 4 / np.hypot(10, 4), 0.8])  # a southward wind comes from north
    assert np.sin(np.deg2rad(directions)) == pytest.approx([0, -10 / np.hypot(10, 4), -0.6], abs=1e-6)


def test_potential_temperature_takes_the_pressure_of_the_level():
    air = opened(fields(t=(273.0, {"units": "K", "standard_name": "air_temperature"})))
    assert air.field("potential_temperature(t)", {"level": 0}).values[0, 0] == pytest.approx(
        273 * (1000 / 850) ** (2 / 7), rel=1e-4
    )
    assert air.field("potential_temperature(t)", {"level": 1}).values[0, 0] == pytest.approx(273 * 2 ** (2 / 7), rel=1e-4)
    single = fields(t=(273.0, {"units": "K", "standard_name": "air_temperature"})).isel(level=0).assign_coords(level=800)
    single["level"].attrs["units"] = "millibars"
    # MetPy's own example: 800 mbar, 273 K.
    assert opened(single).field("potential_temperature(t)", {}).values[0, 0] == pytest.approx(290.972015, rel=1e-5)


def bolton(celsius):
    """Saturation vapour pressure, hPa (Bolton 1980, eq. 10)."""
    return 6.112 * np.exp(17.67 * celsius / (celsius + 243.5))


def test_humidity_from_specific_humidity_or_dew_point():
    humid = opened(
        fields(
            t=(303.15, {"units": "K", "standard_name": "air_temperature"}),
            q=(0.018, {"units": "kg kg**-1", "standard_name": "specific_humidity"}),
        )
    )
    vapour = 0.018 * 850 / (0.622 + 0.378 * 0.018)
    found = humid.field("relative_humidity_from_q(t,q)", {"level": 0}).values[0, 0]
    assert found == pytest.approx(100 * vapour / bolton(30), rel=0.005)
    near_ground = fields(
        t2m=(298.15, {"units": "K"}), d2m=(12.0, {"units": "degC", "standard_name": "dew_point_temperature"})
    ).isel(level=0, drop=True)
    near_ground = opened(near_ground)
    found = near_ground.field("relative_humidity(t2m,d2m)", {}).values[0, 0]
    assert found == pytest.approx(100 * bolton(12) / bolton(25), rel=0.005)
    assert near_ground.field("dew_point_depression(t2m,d2m)", {}).values[0, 0] == pytest.approx(13, abs=1e-4)


def test_geopotential_height():
    air = opened(fields(z=(9.80665 * 5500, {"units": "m**2 s**-2", "standard_name": "geopotential"})))
    assert air.field("geopotential_height(z)", {}).values[0, 0] == pytest.approx(5500, rel=1e-6)


def test_sums_since_the_start_are_taken_apart():
    steps = np.array([0.0, 1.0, 4.0, 4.5])[:, None, None]
    rain = xr.Dataset(
        {"tp": (("step", "lat", "lon"), np.broadcast_to(steps, (4, 91, 180)), {"units": "m", "GRIB_stepType": "accum"})},
        {
            "time": np.datetime64("2020-01-01", "ns"),
            "step": np.arange(4) * np.timedelta64(3, "h").astype("m8[ns]"),
            "lat": ("lat", LATITUDE, {"units": "degrees_north"}),
            "lon": ("lon", LONGITUDE, {"units": "degrees_east"}),
        },
    )
    found = opened(rain)
    amounts = [float(found.field("per_step(tp)", {"step": k}).values[5, 5]) for k in range(4)]
    assert amounts == [0, 1, 3, 0.5]
    hourly = rain.rename(step="time_", time="start").rename(time_="time").assign_coords(time=TIMES[0] + np.arange(4))
    assert not opened(hourly).derived  # sums of each hour are no sums since a start


def test_only_what_belongs_together_is_paired_and_what_is_there_is_left_out():
    temperature = {"units": "K", "standard_name": "air_temperature"}
    unlike = fields(t850=(280.0, temperature), d2m=(270.0, {"units": "K"})).isel(level=0, drop=True)
    assert not opened(unlike).derived
    measured = fields(
        t=(280.0, temperature),
        q=(0.01, {"units": "kg/kg", "standard_name": "specific_humidity"}),
        rh=(50.0, {"units": "%", "standard_name": "relative_humidity"}),
    )
    assert list(opened(measured).derived) == ["potential_temperature(t)"]
    height = fields(z=(5500.0, {"units": "m"}))
    assert not opened(height).derived


def test_what_cannot_be_derived_says_why():
    wrong = opened(fields(u=(1.0, {**WIND["u"], "units": "K"}), v=(1.0, WIND["v"])))
    with pytest.raises(InputError, match="Wind speed cannot be computed from values in kelvin, meter / second"):
        wrong.field("wind_speed(u,v)", {})
    unknown = opened(fields(u=(1.0, {**WIND["u"], "units": "blurps"}), v=(1.0, WIND["v"])))
    with pytest.raises(InputError, match="the unit 'blurps' of u is not known"):
        unknown.field("vorticity(u,v)", {})


def test_only_what_is_looked_at_is_read(monkeypatch):
    monkeypatch.setattr(stored, "KEPT_VALUES", 0)
    found = opened(solid_rotation())
    read, usual = [], found._stored.decode
    monkeypatch.setattr(
        found._stored, "decode", lambda name, get: read.append((name, (values := usual(name, get)).size)) or values
    )
    found.field("vorticity(u,v)", {"time": 2, "level": 1})
    assert sorted(read) == [(name, 91 * 180) for name in ("u", "v", "vorticity(u,v)")]
    read.clear()
    assert found.series("wind_speed(u,v)", 0, 20, {}).values == pytest.approx([40, 80, 120])
    assert max(size for _, size in read) == 3
