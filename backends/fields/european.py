"""A generated European forecast, so that there is always an archive to look at and to learn from.

It is no forecast of any real day and solves no equations: pressure systems are prescribed and move eastward, and the
rest is derived from them by the textbook relations named below. It is labelled as generated wherever it is shown.
"""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from backends.geometry.sphere import EARTH_RADIUS_KM

STEPS, STEP_HOURS = 41, 3
LATITUDE = np.linspace(35.0, 72.0, 121)
LONGITUDE = np.linspace(-15.0, 35.0, 181)
START = np.datetime64("2025-01-10T00:00:00", "ns")
CHUNKS = (1, 60, 60)

OMEGA = 7.2921e-5  # rotation rate of the Earth, s⁻¹
AIR_DENSITY = 1.25  # near the surface, kg m⁻³
#: Surface wind over geostrophic wind, and the angle by which friction turns it towards low pressure (Holton and Hakim,
#: 2013, An Introduction to Dynamic Meteorology, chapter 8, give 0.5–0.8 and 10–45 degrees from sea to land).
SPEED_RATIO, INFLOW_ANGLE = 0.7, np.deg2rad(20.0)


@dataclass(frozen=True)
class System:
    """A low (negative depth) or high: where it starts (degrees), how it moves (degrees a day), size and life."""

    longitude: float
    latitude: float
    eastward: float
    northward: float
    depth: float  # Pa
    radius: float  # km
    peak_hour: float
    life_hours: float


def european_archive(folder: Path, seed: int = 1) -> Path:
    """Return the generated archive under a folder, written there on first use.

    The store appears whole or not at all, so that two processes may ask for it at once.
    """
    target = folder / f"european-forecast-v1-seed{seed}.zarr"
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="european-", dir=folder))
    try:
        dataset = european_forecast(seed)
        encoding = {name: {"chunks": CHUNKS} for name in dataset.data_vars}
        dataset.to_zarr(scratch / "store", encoding=encoding, zarr_format=2, consolidated=True)
        try:
            (scratch / "store").rename(target)
        except OSError:
            if not target.exists():  # otherwise another process was quicker, with the same content
                raise
    finally:
        shutil.rmtree(scratch)
    return target


def european_forecast(seed: int = 1) -> xr.Dataset:
    """Return 41 three-hourly lead times of t2m, u10, v10, mslp and accumulated tp, float32, CF conventions.

    Dimensions (lead_time 41, latitude 121, longitude 181) over 35–72°N, 15°W–35°E.
    """
    rng = np.random.default_rng(seed)
    systems = [_draw_system(rng, low=k % 3 != 2) for k in range(16)]
    texture = _Texture(rng)
    hours = np.arange(STEPS) * float(STEP_HOURS)
    shape = (STEPS, len(LATITUDE), len(LONGITUDE))
    t2m, u10, v10, mslp, tp = (np.empty(shape, np.float32) for _ in range(5))
    fallen = np.zeros(shape[1:])
    for k, hour in enumerate(hours):
        pressure = _pressure(systems, hour)
        u, v = _surface_wind(pressure)
        warm, rain = _fronts(systems, hour, texture)
        if k:
            fallen += rain * STEP_HOURS
        mslp[k], u10[k], v10[k], tp[k] = pressure, u, v, fallen
        t2m[k] = _temperature(hour, warm, texture)
    return _as_dataset({"t2m": t2m, "u10": u10, "v10": v10, "mslp": mslp, "tp": tp}, hours, seed)


def _draw_system(rng: np.random.Generator, low: bool) -> System:
    return System(
        longitude=rng.uniform(-85, 25),
        latitude=rng.uniform(50, 66) if low else rng.uniform(40, 54),
        eastward=rng.uniform(9, 16) if low else rng.uniform(5, 9),
        northward=rng.uniform(-0.5, 1.5),
        depth=-rng.uniform(1500, 3500) if low else rng.uniform(800, 1800),
        radius=rng.uniform(350, 650) if low else rng.uniform(700, 1100),
        peak_hour=rng.uniform(0, 120),
        life_hours=rng.uniform(40, 80),
    )


def _offsets(system: System, hour: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the distances east and north of the system's centre (km, on the grid), and its amplitude, 0 to 1."""
    longitude = system.longitude + system.eastward * hour / 24
    latitude = system.latitude + system.northward * hour / 24
    km = np.pi * EARTH_RADIUS_KM / 180
    east = (LONGITUDE - longitude)[None, :] * km * np.cos(np.deg2rad(LATITUDE))[:, None]
    north = np.broadcast_to((LATITUDE - latitude)[:, None] * km, east.shape)
    return east, north, float(np.exp(-(((hour - system.peak_hour) / system.life_hours) ** 2)))


def _pressure(systems: list[System], hour: float) -> np.ndarray:
    """Sea-level pressure, Pa: a westerly basic flow (pressure falling northward) and the systems on it."""
    pressure = 101_800 - 1_500 * (1 + np.tanh((LATITUDE - 55) / 12))[:, None] + np.zeros((1, len(LONGITUDE)))
    for system in systems:
        east, north, amplitude = _offsets(system, hour)
        pressure = pressure + system.depth * amplitude * np.exp(-(east**2 + north**2) / (2 * system.radius**2))
    return pressure


def _surface_wind(pressure: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Wind, m s⁻¹: geostrophic, u = −p_y / ρf and v = p_x / ρf, then slowed and turned by friction."""
    metres = np.deg2rad(1.0) * EARTH_RADIUS_KM * 1000
    coriolis = (2 * OMEGA * np.sin(np.deg2rad(LATITUDE)))[:, None]
    p_y = np.gradient(pressure, LATITUDE, axis=0) / metres
    p_x = np.gradient(pressure, LONGITUDE, axis=1) / (metres * np.cos(np.deg2rad(LATITUDE))[:, None])
    u, v = -p_y / (AIR_DENSITY * coriolis), p_x / (AIR_DENSITY * coriolis)
    cos, sin = np.cos(INFLOW_ANGLE), np.sin(INFLOW_ANGLE)
    return SPEED_RATIO * (u * cos - v * sin), SPEED_RATIO * (u * sin + v * cos)


def _fronts(systems: list[System], hour: float, texture: "_Texture") -> tuple[np.ndarray, np.ndarray]:
    """Return the warm-sector anomaly (K) and the rain rate (kg m⁻² h⁻¹) of the lows' trailing cold fronts."""
    warm = np.zeros((len(LATITUDE), len(LONGITUDE)))
    rain = np.zeros_like(warm)
    for system in systems:
        if system.depth >= 0:
            continue
        east, north, amplitude = _offsets(system, hour)
        strength = amplitude * -system.depth / 3000
        r = system.radius
        # The front leaves the centre southward and bends back to the west.
        ahead = east - 0.25 * r + 0.35 * np.minimum(north, 0) ** 2 / r
        band = np.exp(-((north + 0.8 * r) ** 2) / (2 * (0.8 * r) ** 2))
        warm += strength * 5 * np.tanh(ahead / 120) * band * np.exp(-(ahead**2) / (2 * (1.3 * r) ** 2))
        rain += strength * 2.2 * np.exp(-(ahead**2) / (2 * 90.0**2)) * band
        rain += strength * 1.2 * np.exp(-((east + 0.2 * r) ** 2 + north**2) / (2 * (0.45 * r) ** 2))
    showers = np.clip(texture.moving(hour, eastward=9.0) - 0.6, 0, None)
    return warm, rain * (0.6 + 0.8 * showers) + 0.05 * showers


def _temperature(hour: float, warm: np.ndarray, texture: "_Texture") -> np.ndarray:
    """2 m temperature, K: colder northward and inland, a daily cycle with its maximum at 14 h local solar time."""
    local = hour + LONGITUDE / 15
    cycle = 2.5 * np.cos(2 * np.pi * (local - 14) / 24)[None, :] * np.cos(np.deg2rad(LATITUDE))[:, None]
    base = 287.0 - 0.45 * (LATITUDE - 35)[:, None] - 0.12 * (LONGITUDE + 15)[None, :]
    return base + cycle + warm + 1.2 * texture.fixed + 0.8 * texture.moving(hour, eastward=11.0)


class _Texture:
    """Small-scale structure: a sum of plane waves with random directions and phases, of unit variance."""

    def __init__(self, rng: np.random.Generator, waves: int = 40) -> None:
        length = rng.uniform(3.0, 14.0, waves)  # degrees of latitude
        angle = rng.uniform(0, 2 * np.pi, waves)
        self._kx, self._ky = 2 * np.pi * np.cos(angle) / length, 2 * np.pi * np.sin(angle) / length
        self._phase = rng.uniform(0, 2 * np.pi, waves)
        self._size = length / np.sqrt(0.5 * (length**2).sum())
        self.fixed = self.moving(-1000.0, eastward=7.3)

    def moving(self, hour: float, eastward: float) -> np.ndarray:
        """Return the structure displaced by `eastward` degrees a day."""
        x, y = LONGITUDE - eastward * hour / 24, LATITUDE
        # cos(a + b) as products of one-dimensional factors.
        a, b = np.outer(self._kx, x) + self._phase[:, None], np.outer(self._ky, y)
        return np.einsum("k,ky,kx->yx", self._size, np.cos(b), np.cos(a)) - np.einsum(
            "k,ky,kx->yx", self._size, np.sin(b), np.sin(a)
        )


ATTRIBUTES = {
    "t2m": ("2 metre temperature", "air_temperature", "K", "lead_time: point"),
    "u10": ("10 metre eastward wind", "eastward_wind", "m s-1", "lead_time: point"),
    "v10": ("10 metre northward wind", "northward_wind", "m s-1", "lead_time: point"),
    "mslp": ("Mean sea level pressure", "air_pressure_at_mean_sea_level", "Pa", "lead_time: point"),
    "tp": ("Total precipitation since the start", "precipitation_amount", "kg m-2", "lead_time: sum"),
}


def _as_dataset(fields: dict[str, np.ndarray], hours: np.ndarray, seed: int) -> xr.Dataset:
    lead = hours.astype("timedelta64[h]").astype("timedelta64[ns]")
    dims = ("lead_time", "latitude", "longitude")
    variables = {
        name: (dims, fields[name], {"long_name": long, "standard_name": standard, "units": units, "cell_methods": cell})
        for name, (long, standard, units, cell) in ATTRIBUTES.items()
    }
    coordinates = {
        "lead_time": ("lead_time", lead, {"standard_name": "forecast_period", "long_name": "lead time"}),
        "init_time": ((), START, {"standard_name": "forecast_reference_time", "long_name": "start of the forecast"}),
        "valid_time": ("lead_time", START + lead, {"standard_name": "time", "long_name": "valid time"}),
        "latitude": ("latitude", LATITUDE, {"standard_name": "latitude", "units": "degrees_north", "axis": "Y"}),
        "longitude": ("longitude", LONGITUDE, {"standard_name": "longitude", "units": "degrees_east", "axis": "X"}),
    }
    attributes = {
        "Conventions": "CF-1.11",
        "title": "Generated European forecast: no real weather",
        "source": f"assimilab backends.fields.european, seed {seed}",
    }
    return xr.Dataset(variables, coordinates, attributes)
