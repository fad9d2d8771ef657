"""What is shown of the fields of a rollout, and their series at a point, against direct calculations."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backends.errors import InputError
from backends.experiments.cycling.layout import Layout
from backends.experiments.rollout.layout import points_of
from backends.experiments.rollout.point import panels, series_at
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.rollout.shown import amounts, shown
from backends.experiments.rollout.tables import series_table
from backends.experiments.rollout.view import RolloutView, view_of
from backends.fields.quantities import quantity

SUM = "Total precipitation since the start"


@pytest.fixture(scope="module")
def water() -> RolloutView:
    """Shallow water on a coarse grid: h, u and v of four members."""
    tree = {
        "kind": "rollout",
        "start": {"name": "testbed", "dynamics": {"name": "shallow-water", "truncation": 10}},
        "models": [{"name": "perfect"}, {"name": "persistence"}],
        "steps": 4,
        "members": 4,
        "starts": 1,
    }
    prepared = prepare(RolloutSettings.model_validate(tree), Path())
    return view_of(prepared, prepared.run())


@pytest.fixture(scope="module")
def weather(water) -> RolloutView:
    """The same numbers by other names: temperature about 280 K, pressure about 1000 hPa, and rain that adds up."""
    layout = replace(water.layout, names=("2 metre temperature", "Mean sea level pressure", SUM), units=("K", "Pa", "kg m-2"))
    size, rng = layout.size, np.random.default_rng(0)

    def states(*shape: int) -> np.ndarray:
        temperature, pressure = 280 + rng.normal(size=(*shape, size)), 1e5 + 500 * rng.normal(size=(*shape, size))
        return np.concatenate([temperature, pressure, 2 + rng.random((*shape, size)).cumsum(axis=0)], axis=-1)

    forecasts = []
    for forecast in water.forecasts:
        members = states(5, 4)
        forecasts.append(replace(forecast, members=members, mean=members.mean(1), spread=members.std(1, ddof=1)))
    return replace(water, layout=layout, truth=states(5), forecasts=tuple(forecasts))


# Units and amounts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "unit", "kind", "value", "expected", "as_read"), [
    ("t2m", "K", "temperature", 273.15, 0.0, "°C"),
    ("2 m temperature", "K", "temperature", 300.0, 26.85, "°C"),
    ("Mean sea level pressure", "Pa", "pressure", 101_325.0, 1013.25, "hPa"),
    ("u10", "m s**-1", "eastward wind", -3.0, -3.0, "m/s"),
    ("10 metre northward wind", "m s-1", "northward wind", 4.0, 4.0, "m/s"),
    ("tp", "m", "precipitation", 0.002, 2.0, "mm"),
    ("precipitation_amount", "kg m-2", "precipitation", 2.0, 2.0, "mm"),
    ("precipitation_flux", "kg m-2 s-1", "other", 2.0, 2.0, "kg m-2 s-1"),
    ("surface net solar radiation", "J m**-2", "energy", 5000.0, 5.0, "kJ/m²"),
    ("h", "m", "other", 10.0, 10.0, "m"),
    ("φ", "", "other", 1.0, 1.0, ""),
])  # fmt: skip
def test_variables_are_read_in_the_units_that_people_expect(name, unit, kind, value, expected, as_read):
    known = quantity(name, unit)
    assert (known.kind, known.unit) == (kind, as_read)
    assert float(known.read(np.array(value))) == pytest.approx(expected)
    assert known.difference_unit == ("K" if as_read == "°C" else as_read)


def test_amounts_are_what_came_since_the_lead_before_or_the_start():
    sums = np.array([[2.0, 0.0], [2.5, 0.0], [4.0, 1.0]])
    np.testing.assert_array_equal(amounts(sums, per_step=True), [[np.nan, np.nan], [0.5, 0.0], [1.5, 1.0]])
    np.testing.assert_array_equal(amounts(sums, per_step=False), [[0.0, 0.0], [0.5, 0.0], [2.0, 1.0]])


def test_sums_over_time_are_shown_lead_by_lead(weather):
    hours = weather.leads[1]
    rain, since = shown(weather, 2), shown(weather, 2, per_step=False)
    assert (rain.name, rain.unit) == (f"Total precipitation in {hours:g} h", "mm")
    assert since.name == SUM
    model, size = weather.forecasts[0], weather.layout.size
    sums = model.members[..., 2 * size :]
    assert np.isnan(rain.truth[0]).all()
    np.testing.assert_allclose(rain.mean(model)[3], (sums[3] - sums[2]).mean(0), rtol=1e-5)
    np.testing.assert_allclose(rain.spread(model)[3], (sums[3] - sums[2]).std(0, ddof=1), rtol=1e-5)
    np.testing.assert_allclose(since.member(model, 1)[4], sums[4, 1] - sums[0, 1], rtol=1e-5)
    assert rain.value_limits()[0] == 0
    assert rain.value_limits()[1] == pytest.approx(np.diff(weather.truth[:, 2 * size :], axis=0).max())


def test_what_falls_again_is_no_sum(weather):
    size = weather.layout.size
    hourly = weather.truth.copy()
    hourly[3, 2 * size] = 0.0
    assert shown(weather, 2).accumulated
    assert not shown(replace(weather, truth=hourly), 2).accumulated
    assert not shown(weather, 0).accumulated


def test_limits_hold_the_truth_and_are_even_about_zero_where_it_has_both_signs(water, weather):
    size = water.layout.size
    h, v = shown(water, 0), shown(water, 2)
    assert h.value_limits() == (water.truth[:, :size].min(), water.truth[:, :size].max())
    low, high = v.value_limits()
    assert low == -high
    assert high == np.abs(water.truth[:, 2 * size :]).max()
    apart = np.abs(np.stack([forecast.mean - water.truth for forecast in water.forecasts])[..., :size])
    assert np.mean(apart <= h.difference_limit()) == pytest.approx(0.995, abs=0.001)
    # 0 °C is a temperature like others.
    assert shown(weather, 0).value_limits() == pytest.approx((weather.truth[:, :size].min() - 273.15,
                                                              weather.truth[:, :size].max() - 273.15))  # fmt: skip
    assert shown(weather, 1).spread_limits()[1] < 20  # hPa


# At a point ---------------------------------------------------------------------------------------------------------


def test_a_series_holds_mean_range_and_quantiles_of_the_members(water):
    h = series_at(water, 133)[0]
    members = np.sort(water.forecasts[0].members[:, :, 133], axis=1)
    mean, least, low, high, most = h.models["perfect model"]
    np.testing.assert_allclose(mean, members.mean(1), rtol=1e-6)
    np.testing.assert_array_equal([least, most], [members[:, 0], members[:, -1]])
    # Of four members the 10 % quantile lies 0.3 of the way from the first to the second.
    np.testing.assert_allclose(low, 0.7 * members[:, 0] + 0.3 * members[:, 1], rtol=1e-5)
    np.testing.assert_allclose(high, 0.7 * members[:, 3] + 0.3 * members[:, 2], rtol=1e-5)
    with pytest.raises(InputError, match=rf"components 0 to {3 * water.layout.size - 1}; came {3 * water.layout.size}"):
        series_at(water, 3 * water.layout.size)


def test_the_speed_of_the_wind_is_that_of_each_member(water):
    size = water.layout.size
    series = series_at(water, 2 * size + 40)  # any field's component at the point
    assert [one.name for one in series] == ["h", "u", "v", "wind speed"]
    assert [one.name for one in panels(series)] == ["h", "wind speed"]
    u, v = water.forecasts[0].members[..., size + 40], water.forecasts[0].members[..., 2 * size + 40]
    speed = series[3]
    np.testing.assert_allclose(speed.models["perfect model"][0], np.sqrt(u**2 + v**2).mean(1), rtol=1e-5)
    np.testing.assert_allclose(speed.winds.models["perfect model"], [u.mean(1), v.mean(1)], rtol=1e-5)
    np.testing.assert_allclose(speed.truth, np.hypot(series[1].truth, series[2].truth), rtol=1e-6)


def test_a_table_has_all_variables_with_their_units(weather, water):
    head, *rows = series_table(weather, series_at(weather, 7))
    assert head[:3] == ["lead [h]", "valid", "2 metre temperature [°C] truth"]
    assert len(head) == 2 + 3 * (1 + 2 * 5) == len(rows[0])
    rain = f"Total precipitation in {weather.leads[1]:g} h [mm] truth"
    assert [row[head.index(rain)] == "" for row in rows] == [True, False, False, False, False]
    assert float(rows[2][2]) == pytest.approx(weather.truth[2, 7] - 273.15, rel=1e-5)
    head, *rows = series_table(water, series_at(water, 7))
    winds = series_at(water, 7)[3].winds.truth[:, 2]
    degrees = float(rows[2][head.index("wind from [°] truth")])
    blown = -np.hypot(*winds) * np.array([np.sin(np.deg2rad(degrees)), np.cos(np.deg2rad(degrees))])
    np.testing.assert_allclose(blown, winds, atol=1e-4)


def test_components_of_few_numbers_have_a_series_each():
    tree = {"kind": "rollout", "start": {"name": "testbed", "dynamics": {"name": "lorenz63"}}, "models": [{"name": "perfect"}]}
    prepared = prepare(RolloutSettings.model_validate({**tree, "steps": 3, "members": 2, "starts": 1}), Path())
    view = view_of(prepared, prepared.run())
    (z,) = series_at(view, 2)
    assert (z.name, z.unit) == (view.layout.names[2], "")
    np.testing.assert_array_equal(z.truth, view.truth[:, 2])


def test_points_of_a_map_are_the_middles_of_its_cells():
    layout = Layout("plane", ("t",), ("K",), (2, 3), (0.0, 30.0, 40.0, 60.0), ("longitude [°]", "latitude [°]"))
    points = points_of(layout)
    assert points.latitude.tolist() == [45, 45, 45, 55, 55, 55]
    assert points.longitude.tolist() == [5, 15, 25, 5, 15, 25]


def test_the_european_archive_has_temperature_wind_pressure_and_rain():
    tree = {
        "kind": "rollout",
        "start": {"name": "archive", "dataset": "european", "fields": ["t2m", "u10", "v10", "mslp", "tp"]},
        "models": [{"name": "persistence"}],
        "steps": 3,
        "members": 1,
        "perturbation": {"name": "none"},
        "starts": 1,
    }
    prepared = prepare(RolloutSettings.model_validate(tree), Path())
    view = view_of(prepared, prepared.run())
    drawn = panels(series_at(view, 5000))
    assert [(one.name, one.unit) for one in drawn] == [
        ("2 m temperature", "°C"), ("wind speed", "m/s"), ("Mean sea level pressure", "hPa"),
        ("Total precipitation in 3 h", "mm"),
    ]  # fmt: skip
    temperature, _, pressure, rain = drawn
    assert -40 < temperature.truth.min() < temperature.truth.max() < 40
    assert 900 < pressure.truth.min() < pressure.truth.max() < 1080
    assert rain.amounts
    assert np.isnan(rain.truth[0])
    assert (rain.truth[1:] >= 0).all()
    np.testing.assert_array_equal(rain.models["persistence"][0][1:], 0)  # sums that stay have no rain
    assert str(view.began).startswith("2025-01-1")
