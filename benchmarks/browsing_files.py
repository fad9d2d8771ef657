"""Files as large as people have: a field of 2 GB cut for maps, and ten million reports; made once, kept for the next time."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import xarray as xr

from benchmarks.observations import generated

LATITUDES, LONGITUDES = 721, 1440
#: Opened one after the other: each opening is the first of its store.
STORES = 5
REPORTS = "reports.csv"


def files(times: int, reports: int) -> Path:
    """Return the folder that holds stores of so many times, ``field-0.zarr`` and on, and a table of so many reports."""
    folder = Path(tempfile.gettempdir()) / f"assimilab-browsing-{times}-{reports}"
    if not folder.exists():
        unfinished = Path(tempfile.mkdtemp(dir=folder.parent))
        _write_field(unfinished / store(0), times)
        for number in range(1, STORES):  # folders of their own round the same chunks
            shutil.copytree(unfinished / store(0), unfinished / store(number), copy_function=_link)
        _write_reports(unfinished / REPORTS, reports)
        unfinished.replace(folder)
    return folder


def store(number: int) -> str:
    """Return the name of a store."""
    return f"field-{number}.zarr"


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _write_field(path: Path, times: int) -> None:
    """Write waves that wander over a noise which no coding makes small, one chunk for each time."""
    hours = np.datetime64("2020-01-01", "ns") + np.arange(times) * np.timedelta64(6, "h")
    latitude, longitude = np.linspace(90, -90, LATITUDES), np.arange(LONGITUDES) * 0.25
    coordinates = {"time": hours, "latitude": latitude, "longitude": longitude}
    zonal = (250 + 40 * np.cos(np.deg2rad(latitude)))[:, None]
    noise = np.random.default_rng(0).standard_normal((LATITUDES, LONGITUDES), "f4")
    for k in range(times):
        wave = np.cos(np.deg2rad(4 * longitude - 3.0 * k))[None, :] * np.cos(np.deg2rad(latitude))[:, None]
        values = (zonal + 8 * wave + np.roll(noise, 7 * k, axis=1)).astype("f4")[None]
        if k == 0:
            import dask.array

            shape, chunks = (times, LATITUDES, LONGITUDES), (1, LATITUDES, LONGITUDES)
            whole = dask.array.zeros(shape, "f4", chunks=chunks)
            attributes = {"units": "K", "standard_name": "air_temperature", "long_name": "Temperature"}
            dataset = xr.Dataset({"t": (("time", "latitude", "longitude"), whole, attributes)}, coordinates)
            dataset.to_zarr(path, compute=False, consolidated=True)
        part = xr.Dataset({"t": (("time", "latitude", "longitude"), values)})
        part.to_zarr(path, region={"time": slice(k, k + 1)})


def _write_reports(path: Path, rows: int) -> None:
    """Write temperatures with departures and quality as the text that a database hands out."""
    import pyarrow as pa
    from pyarrow import csv

    table = generated(rows)
    columns = {
        "time": pa.array(table.time),
        "latitude": pa.array(table.latitude.round(3)),
        "longitude": pa.array(table.longitude.round(3)),
        "station": pa.DictionaryArray.from_arrays(table.station.codes, list(table.station.names)).cast(pa.string()),
        "report type": pa.DictionaryArray.from_arrays(table.report_type.codes, list(table.report_type.names)).cast(pa.string()),
        "level [hPa]": pa.array(table.level / 100),
        "air_temperature [K]": pa.array(table.value.astype("f8").round(2)),
        "background [K]": pa.array(table.background.astype("f8").round(2)),
        "analysis [K]": pa.array(table.analysis.astype("f8").round(2)),
        "quality": pa.array(np.array(["unknown", "passed", "suspicious", "rejected"])[table.quality]),
    }
    csv.write_csv(pa.table(columns), path)
