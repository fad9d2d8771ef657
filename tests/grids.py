"""Files of a known field on every kind of grid, as models and their post-processing write them."""

from pathlib import Path

import healpix
import numpy as np
import pyproj
import xarray as xr

DEGREES = {
    "north": {"units": "degrees_north", "standard_name": "latitude"},
    "east": {"units": "degrees_east", "standard_name": "longitude"},
}


def smooth(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Return a field with one value at each pole, which no symmetry of the globe leaves as it is, K."""
    phi, lam = np.deg2rad(latitude), np.deg2rad(longitude)
    return 270 + 25 * np.sin(phi) + 12 * np.cos(phi) * np.cos(lam - 0.4) + 6 * np.cos(phi) * np.sin(2 * lam)


def _field(dims: tuple[str, ...], latitude: np.ndarray, longitude: np.ndarray, **attributes: str) -> xr.Dataset:
    """Return two times of the field, with latitudes and longitudes of the field's own shape."""
    values = smooth(latitude, longitude)
    times = np.datetime64("2020-01-01", "ns") + np.arange(2) * np.timedelta64(6, "h")
    attributes = {"units": "K", "long_name": "Temperature", "standard_name": "air_temperature", **attributes}
    return xr.Dataset(
        {"t": (("time", *dims), np.stack([values, values + 1]), attributes)},
        {"time": times, "lat": (dims, latitude, DEGREES["north"]), "lon": (dims, longitude, DEGREES["east"])},
    )


def _rectilinear(latitude: np.ndarray, longitude: np.ndarray) -> xr.Dataset:
    north, east = np.meshgrid(latitude, longitude, indexing="ij")
    data = _field(("lat", "lon"), north, east).drop_vars(["lat", "lon"])
    return data.assign_coords(lat=("lat", latitude, DEGREES["north"]), lon=("lon", longitude, DEGREES["east"]))


def regular() -> xr.Dataset:
    """A global grid of 1.5 degrees from 0 to 358.5, north to south, poles included."""
    return _rectilinear(np.linspace(90, -90, 121), np.arange(0, 360, 1.5))


def gaussian_latitudes(count: int) -> np.ndarray:
    return np.rad2deg(np.arcsin(np.polynomial.legendre.leggauss(count)[0]))[::-1]


def gaussian() -> xr.Dataset:
    return _rectilinear(gaussian_latitudes(96), np.arange(0, 360, 1.875))


def reduced() -> xr.Dataset:
    """An octahedral reduced grid O48 in one row: 20, 24, 28, ... points."""
    rows = gaussian_latitudes(96)
    count = 20 + 4 * np.r_[np.arange(48), np.arange(48)[::-1]]
    latitude = np.repeat(rows, count)
    longitude = np.concatenate([np.arange(n) * 360 / n for n in count])
    return _field(("values",), latitude, longitude)


def unrotated(rlat: np.ndarray, rlon: np.ndarray, pole: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return latitudes and longitudes of rotated ones, by spherical trigonometry (COSMO documentation, part I, 3.3)."""
    (phi, lam), (pole_phi, pole_lam) = np.deg2rad([rlat, rlon]), np.deg2rad(pole)
    up = np.cos(pole_phi) * np.sin(phi) - np.sin(pole_phi) * np.cos(lam) * np.cos(phi)
    side = np.sin(lam) * np.cos(phi)
    latitude = np.arcsin(np.sin(phi) * np.sin(pole_phi) + np.cos(phi) * np.cos(lam) * np.cos(pole_phi))
    east = np.sin(pole_lam) * up - np.cos(pole_lam) * side
    front = np.cos(pole_lam) * up + np.sin(pole_lam) * side
    return np.rad2deg(latitude), np.rad2deg(np.arctan2(east, front))


def _projected(crs: pyproj.CRS, x: np.ndarray, y: np.ndarray, names: tuple[str, str], keep: bool = True) -> xr.Dataset:
    if names[0] == "rlon":
        latitude, longitude = unrotated(*np.meshgrid(y, x, indexing="ij"), (40.0, -170.0))
    else:
        longitude, latitude = pyproj.Proj(crs)(*np.meshgrid(x, y), inverse=True)
    data = _field(names[::-1], latitude, longitude, grid_mapping="crs")
    rotated = names[0] == "rlon"
    standard = ("grid_longitude", "grid_latitude") if rotated else ("projection_x_coordinate", "projection_y_coordinate")
    units = "degrees" if rotated else "m"
    data = data.assign_coords(
        {n: (n, values, {"standard_name": s, "units": units}) for n, values, s in zip(names, (x, y), standard, strict=True)}
    )
    data["crs"] = ((), 0, {k: v for k, v in crs.to_cf().items() if k != "crs_wkt"})
    return data if keep else data.drop_vars(["lat", "lon"])


def rotated() -> xr.Dataset:
    """Europe as the COSMO model had it: a pole at 40N 170W, no latitudes and longitudes in the file."""
    crs = pyproj.CRS.from_cf(
        {
            "grid_mapping_name": "rotated_latitude_longitude", "grid_north_pole_latitude": 40.0,
            "grid_north_pole_longitude": -170.0, "earth_radius": 6371229.0,
        }
    )  # fmt: skip
    return _projected(crs, np.arange(-18, 23.5, 0.25), np.arange(-20, 21, 0.25), ("rlon", "rlat"), keep=False)


def lambert() -> xr.Dataset:
    crs = pyproj.CRS.from_proj4("+proj=lcc +lat_1=38.5 +lat_2=38.5 +lat_0=38.5 +lon_0=-97.5 +R=6371229 +units=m")
    return _projected(crs, np.arange(-2.6e6, 2.61e6, 26e3), np.arange(-1.5e6, 1.51e6, 25e3), ("x", "y"))


def polar() -> xr.Dataset:
    """The Arctic, pole and dateline inside, rows from the top."""
    crs = pyproj.CRS.from_proj4("+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +R=6371229 +units=m")
    return _projected(crs, np.arange(-3e6, 3.01e6, 40e3), np.arange(3e6, -3.01e6, -40e3), ("x", "y"))


def curvilinear() -> xr.Dataset:
    """Japan to Hawaii over the dateline, turned by 25 degrees, two coordinates and nothing said of a projection."""
    a, b = np.meshgrid(np.arange(-25, 25.1, 0.5), np.arange(-15, 15.1, 0.4))
    turn = np.deg2rad(25)
    latitude, longitude = 25 + np.cos(turn) * b + np.sin(turn) * a, 178 + (np.cos(turn) * a - np.sin(turn) * b) * 1.1
    return _field(("y", "x"), latitude, (longitude + 180) % 360 - 180)


def _healpix(nest: bool) -> xr.Dataset:
    nside = 32
    longitude, latitude = healpix.pix2ang(nside, np.arange(12 * nside**2), nest=nest, lonlat=True)
    data = _field(("cell",), latitude, longitude, grid_mapping="crs").drop_vars(["lat", "lon"])
    data["crs"] = (
        (), 0, {"grid_mapping_name": "healpix", "healpix_nside": nside, "healpix_order": "nest" if nest else "ring"}
    )  # fmt: skip
    return data


def healpix_ring() -> xr.Dataset:
    return _healpix(False)


def healpix_nested() -> xr.Dataset:
    return _healpix(True)


def icosahedral(divisions: int) -> np.ndarray:
    """Return the triangles (n, 3, 3), as unit vectors, of an icosahedron cut into quarters again and again."""
    golden = (1 + 5**0.5) / 2
    corners = np.array([[s * 1.0, t * golden, 0.0] for s in (-1, 1) for t in (-1, 1)])
    corners = np.concatenate([np.roll(corners, k, axis=1) for k in range(3)]) / np.hypot(1, golden)
    near = np.isclose(corners @ corners.T, 1 / 5**0.5)
    triangles = np.array(
        [corners[[i, j, k]] for i in range(12) for j in range(i) for k in range(j) if near[i, j] and near[j, k] and near[i, k]]
    )
    for _ in range(divisions):
        a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
        ab, bc, ca = (m / np.linalg.norm(m, axis=1, keepdims=True) for m in (a + b, b + c, c + a))
        triangles = np.concatenate([np.stack(t, axis=1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
    return triangles


def icon() -> xr.Dataset:
    """20,480 triangles with centres and corners in radians, as ICON writes them."""
    triangles = icosahedral(5)
    # Tilted, so that no corner lies exactly on a pole or the dateline.
    tilt = np.array([[1, 0, 0], [0, np.cos(0.3), -np.sin(0.3)], [0, np.sin(0.3), np.cos(0.3)]])
    triangles = triangles @ tilt.T
    centres = triangles.sum(1) / np.linalg.norm(triangles.sum(1), axis=1, keepdims=True)

    def angles(v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.arcsin(v[..., 2].clip(-1, 1)), np.arctan2(v[..., 1], v[..., 0])

    latitude, longitude = angles(centres)
    corner_latitude, corner_longitude = angles(triangles)
    data = _field(("ncells",), np.rad2deg(latitude), np.rad2deg(longitude)).drop_vars(["lat", "lon"])
    data["t"].attrs["coordinates"] = "clat clon"
    data["clat"] = ("ncells", latitude, {"units": "radian", "standard_name": "latitude", "bounds": "clat_vertices"})
    data["clon"] = ("ncells", longitude, {"units": "radian", "standard_name": "longitude", "bounds": "clon_vertices"})
    data["clat_vertices"] = (("ncells", "nv"), corner_latitude, {"units": "radian"})
    data["clon_vertices"] = (("ncells", "nv"), corner_longitude, {"units": "radian"})
    return data


def points() -> xr.Dataset:
    """20,000 places along a spiral, as even as a spiral makes them."""
    k = np.arange(20_000) + 0.5
    latitude = np.rad2deg(np.arcsin(1 - 2 * k / len(k)))
    return _field(("point",), latitude, (k * 180 * (3 - 5**0.5)) % 360)


#: Each grid, what it is called once it is read, and how far apart its points are at most (degrees).
GRIDS = {
    "regular": (regular, "regular latitude-longitude", 1.5),
    "gaussian": (gaussian, "rectilinear latitude-longitude", 1.9),
    "reduced": (reduced, "reduced Gaussian", 3.0),
    "rotated": (rotated, "rotated pole", 0.25),
    "lambert": (lambert, "Lambert conformal", 0.3),
    "polar": (polar, "polar stereographic", 0.4),
    "curvilinear": (curvilinear, "curvilinear", 0.55),
    "healpix-ring": (healpix_ring, "HEALPix, ring", 2.5),
    "healpix-nested": (healpix_nested, "HEALPix, nested", 2.5),
    "icon": (icon, "triangles", 2.5),
    "points": (points, "points", 2.0),
}


def write_all(folder: Path) -> None:
    """Write a file of every grid."""
    for name, (make, _, _) in GRIDS.items():
        make().to_netcdf(folder / f"{name}.nc")


#: A Lambert grid over North America.
LAMBERT = {
    "gridType": "lambert", "Nx": 20, "Ny": 15, "LaDInDegrees": 38.5, "LoVInDegrees": 262.5, "Latin1InDegrees": 38.5,
    "Latin2InDegrees": 38.5, "DxInMetres": 26_000, "DyInMetres": 25_000, "latitudeOfFirstGridPointInDegrees": 30,
    "longitudeOfFirstGridPointInDegrees": 255, "shapeOfTheEarth": 6, "jScansPositively": 1,
}  # fmt: skip
#: A polar stereographic grid round the pole.
POLAR = {
    "Nx": 41, "Ny": 41, "DxInMetres": 150_000, "DyInMetres": 150_000, "orientationOfTheGridInDegrees": 0, "shapeOfTheEarth": 6,
    "LaDInDegrees": 60, "latitudeOfFirstGridPointInDegrees": 50, "longitudeOfFirstGridPointInDegrees": 315,
    "jScansPositively": 1,
}  # fmt: skip
#: GRIB messages of other grids: ecCodes' sample, what is changed in it, what the grid is called, and its shape.
GRIB_GRIDS = {
    "reduced": ("reduced_gg_sfc_grib2", {}, "reduced Gaussian", (6114,)),
    "gaussian": ("regular_gg_sfc_grib2", {}, "rectilinear latitude-longitude", (64, 128)),
    "rotated": ("rotated_ll_sfc_grib2", {}, "rotated pole", (31, 16)),
    "polar": ("polar_stereographic_sfc_grib2", POLAR, "polar stereographic", (41, 41)),
    "lambert": ("regular_ll_sfc_grib2", LAMBERT, "Lambert conformal", (15, 20)),
}


def grib(path: Path, name: str) -> Path:
    """Write a GRIB message on a grid; values are the numbers of its cells in the file's order."""
    import eccodes

    sample, keys, _, shape = GRIB_GRIDS[name]
    message = eccodes.codes_grib_new_from_samples(sample)
    for key, value in keys.items():
        eccodes.codes_set(message, key, value)
    eccodes.codes_set(message, "bitsPerValue", 16)
    eccodes.codes_set_values(message, np.arange(np.prod(shape), dtype=np.float64))
    with path.open("wb") as file:
        eccodes.codes_write(message, file)
    eccodes.codes_release(message)
    return path


#: A rotated grid of GRIB whose pole is that of `rotated`, rows from the south: what is changed in ecCodes' sample.
ROTATED = {
    "Ni": 41, "Nj": 31, "latitudeOfFirstGridPointInDegrees": -15, "longitudeOfFirstGridPointInDegrees": 340,
    "latitudeOfLastGridPointInDegrees": 15, "longitudeOfLastGridPointInDegrees": 20, "jScansPositively": 1,
    "iDirectionIncrementInDegrees": 1, "jDirectionIncrementInDegrees": 1, "latitudeOfSouthernPoleInDegrees": -40,
    "longitudeOfSouthernPoleInDegrees": 10,
}  # fmt: skip


def wind_grib(path: Path, sample: str, keys: dict[str, object], u: np.ndarray, v: np.ndarray, along_grid: bool) -> Path:
    """Write wind 10 m above ground as two GRIB messages, (rows, columns) in the file's order, along the grid or not."""
    import eccodes

    with path.open("wb") as file:
        for name, values in (("10u", u), ("10v", v)):
            message = eccodes.codes_grib_new_from_samples(sample)
            for key, value in {**keys, "shortName": name, "bitsPerValue": 24}.items():
                eccodes.codes_set(message, key, value)
            flags = eccodes.codes_get(message, "resolutionAndComponentFlags")
            eccodes.codes_set(message, "resolutionAndComponentFlags", flags & ~8 | 8 * along_grid)
            eccodes.codes_set_values(message, np.asarray(values, "f8").ravel())
            eccodes.codes_write(message, file)
            eccodes.codes_release(message)
    return path
