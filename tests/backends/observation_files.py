"""Small files of observations with known content, written by the standard libraries."""

from pathlib import Path

import eccodes
import netCDF4
import numpy as np
import pytest

from backends.observations.table import Table, build

#: What looks at long columns piece by piece.
IN_PIECES = (
    "coded", "density", "one_variable", "overview", "parquet", "projected", "selection", "statistics", "suspicious",
)  # fmt: skip


def take_pieces(monkeypatch: pytest.MonkeyPatch, rows: int = 37) -> None:
    """Let everything that looks at columns piece by piece take so many rows at once."""
    for name in IN_PIECES:
        monkeypatch.setattr(f"backends.observations.{name}.PIECE", rows)


def cut(source: Path, path: Path, messages: int) -> Path:
    """Write the first messages of a BUFR file."""
    with source.open("rb") as file, path.open("wb") as out:
        for _ in range(messages):
            handle = eccodes.codes_bufr_new_from_file(file)
            eccodes.codes_write(handle, out)
            eccodes.codes_release(handle)
    return path


def message(file, category: int, template: list[int], values: dict[str, object]) -> None:
    """Write one BUFR message of one report; what is not named is missing."""
    handle = eccodes.codes_bufr_new_from_samples("BUFR4")
    eccodes.codes_set(handle, "masterTablesVersionNumber", 28)
    eccodes.codes_set(handle, "dataCategory", category)
    eccodes.codes_set_array(handle, "unexpandedDescriptors", template)
    for key, value in {"year": 2021, "month": 5, "day": 16, "hour": 12, "minute": 30, **values}.items():
        eccodes.codes_set(handle, key, value)
    eccodes.codes_set(handle, "pack", 1)
    eccodes.codes_write(handle, file)
    eccodes.codes_release(handle)


def mixed_bufr(path: Path) -> Path:
    """Write one aircraft report and one of two satellite channels, the second without a value."""
    with path.open("wb") as file:
        template = [1008, 301011, 301013, 301021, 7010, 12101, 11001, 11002]
        aircraft = {
            "aircraftRegistrationNumberOrOtherIdentification": "EU0001",
            "flightLevel": 10000.0,
            "airTemperature": 220.5,
        }
        place = {"second": 0, "latitude": 50.0, "longitude": 10.0, "windSpeed": 20.0, "windDirection": 270}
        message(file, 4, template, {**aircraft, **place})
        template = [1007, 301011, 301013, 301021, 5042, 12063, 5042, 12063]
        place = {"satelliteIdentifier": 4, "second": 0, "latitude": -30.0, "longitude": 20.0}
        message(file, 21, template, {**place, "#1#channelNumber": 7, "#1#brightnessTemperature": 251.5, "#2#channelNumber": 8})
    return path


def table(rows: int = 6, **columns: object) -> Table:
    """Return temperatures of one station an hour apart at 850 hPa, with other columns in the place of some."""
    usual = {
        "time": np.datetime64("2020-01-01T00", "s") + np.arange(rows) * np.timedelta64(3600, "s"),
        "latitude": 50.0,
        "longitude": 10.0,
        "level": 85_000.0,
        "level_kind": 1,
        "variable": "air_temperature",
        "value": 280.0 + np.arange(rows),
        "report_type": "TEMP",
        "station": "10393",
        "report": np.arange(rows),
    }
    return build("a file", "none", **{**usual, **columns})


def feedback(path: Path, **changes: np.ndarray) -> Path:
    """Write a DWD feedback file: a radiosonde with three values, a SYNOP with one, a radiance with one; room for one more.

    The body is not in the order of the reports. Model equivalents are those of an analysis, a spread, and two first
    guesses, of which the deterministic one is the last.
    """
    header = {
        "i_body": [3, 1, 2], "l_body": [3, 1, 1], "lat": [50.0, -20.0, 10.0], "lon": [10.0, 200.0, -30.0],
        "time": [-90, 0, 30], "obstype": [5, 1, 10], "z_station": [100, 20, 0],
    }  # fmt: skip
    body = {
        "varno": [39, 119, 2, 3, 91], "obs": [290.0, 250.0, 280.0, 5.0, 7.0], "e_o": [1.0, 0.5, 1.5, 2.0, 0.1],
        "level": [np.nan, 7.0, 85_000.0, 85_000.0, 3000.0], "level_typ": [0, 0, 251, 251, 156],
        "state": [1, 5, 7, 1, 11], "flags": [0, 0, 1 << 16, 1 << 18, 0],
    }  # fmt: skip
    body |= changes
    equivalents = np.stack([np.array(body["obs"]) - departure for departure in (0.25, 100.0, 1.0, 0.5)])
    runs = {"veri_run_type": [3, 1, 1, 1], "veri_ens_member": [-1, -2, 0, -1], "veri_forecast_time": [0, 100, 100, 100]}
    with netCDF4.Dataset(path, "w", format="NETCDF3_64BIT_OFFSET") as file:
        file.verification_ref_date, file.verification_ref_time = np.int32(20200101), np.int32(1200)
        file.n_hdr, file.n_body = np.int32(3), np.int32(5)
        for name, size in (("d_hdr", 4), ("d_body", 6), ("d_veri", 4), ("char10", 10)):
            file.createDimension(name, size)
        for values, dimension in ((header, "d_hdr"), (body, "d_body"), (runs, "d_veri")):
            for name, given in values.items():
                kind = "f4" if np.asarray(given).dtype.kind == "f" else "i4"
                variable = file.createVariable(name, kind, (dimension,), fill_value=-999 if kind == "i4" else 9.96921e36)
                variable[: len(given)] = np.ma.masked_invalid(np.asarray(given, kind))
        names = np.zeros((4, 10), "S1")
        for row, text in enumerate(("10393     ", "Q10       ", "METOP-1   ")):
            names[row] = list(text)
        file.createVariable("statid", "S1", ("d_hdr", "char10"))[:] = names
        file.createVariable("veri_data", "f4", ("d_veri", "d_body"), fill_value=9.96921e36)[:, :5] = equivalents
    return path


def decoded_synop(path: Path) -> Path:
    """Write three surface reports as DWD's NetCDF of decoded BUFR: packed temperatures, the last one missing, a bad date."""
    fill = 9.96920996838687e36
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("BUFR_records", 3)
        file.createDimension("YSOSN_strlen", 20)
        values = {
            "MLAH": [54.1, 48.2, 47.4], "MLOH": [7.9, 11.5, 10.98], "MHOSNN": [4.4, 515.0, 2964.0],
            "MPPPP": [99_970.0, 101_000.0, fill], "NFNFN": [10.0, 5.0, 0.0],
        }  # fmt: skip
        for name, given in values.items():
            file.createVariable(name, "f8", ("BUFR_records",), fill_value=fill)[:] = given
        numbers = {
            "MII": [10, 10, -2147483647], "NIII": [15, 865, -2147483647], "MJJJ": [2021] * 3, "MMM": [5, 5, 4],
            "MYY": [16, 16, 31], "MGG": [12, 11, 12], "NGG": [0, 30, 0], "NDNDN": [270, 0, -2147483647],
            "section1_data_category": [0, 1, 0],
            "MUUU": [80, -2147483647, 100],
        }  # fmt: skip
        for name, given in numbers.items():
            file.createVariable(name, "i4", ("BUFR_records",), fill_value=-2147483647)[:] = given
        packed = file.createVariable("MTDBT", "i2", ("BUFR_records",), fill_value=-32768)
        packed.scale_factor, packed.add_offset, packed.units = 0.01, 273.15, "K"
        packed[:] = np.ma.array([285.65, 290.15, 0.0], mask=[0, 0, 1])
        names = np.array([list(f"{text:20}") for text in ("HELGOLAND", "MUENCHEN", "ZUGSPITZE")], "S1")
        file.createVariable("YSOSN", "S1", ("BUFR_records", "YSOSN_strlen"))[:] = names
    return path


def ioda(path: Path) -> Path:
    """Write two places of IODA: temperatures in °C with departures and flags, and radiances of two channels."""
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("Location", 2)
        file.createDimension("Channel", 2)
        file.createVariable("Channel", "i4", ("Channel",))[:] = [5, 9]
        about = file.createGroup("MetaData")
        for name, given, units in (
            ("latitude", [50.0, -40.0], "degrees_north"), ("longitude", [10.0, 190.0], "degrees_east"),
            ("pressure", [850.0, 500.0], "hPa"),
        ):  # fmt: skip
            variable = about.createVariable(name, "f4", ("Location",))
            variable[:], variable.units = given, units
        when = about.createVariable("dateTime", "i8", ("Location",), fill_value=-9223372036854775807)
        when[:], when.units = np.ma.array([3600, 0], mask=[0, 1]), "seconds since 2020-01-01T00:00:00Z"
        stations = about.createVariable("stationIdentification", str, ("Location",))
        stations[0], stations[1] = "10393", "94610"
        values = {
            "ObsValue": [10.0, 20.0],
            "ObsError": [1.5, 2.0],
            "ombg": [0.5, -1.0],
            "oman": [0.1, -0.2],
            "EffectiveQC": [0, 19],
        }
        for group, given in values.items():
            variable = file.createGroup(group).createVariable("airTemperature", "f4", ("Location",), fill_value=-3.3687953e38)
            variable[:], variable.units = given, "degC"
        for group, given in (("ObsValue", [[250.0, 260.0], [251.0, np.nan]]), ("hofx0", [[249.0, 261.0], [250.0, 250.0]])):
            made = file.groups[group] if group in file.groups else file.createGroup(group)
            variable = made.createVariable("brightnessTemperature", "f4", ("Location", "Channel"), fill_value=-3.3687953e38)
            variable[:], variable.units = np.ma.masked_invalid(given), "K"
    return path


CSV = """Station ID;Date;Lat;Lon;Elevation (m);T [°C];Wind_kt;RH (%);Remark
10393;2021-05-16T12:00:00Z;52.2;14.1;115;12.5;10;80;fine
10015;2021-05-16 13:00;54.2;7.9;4;;20;NA;"no; thermometer"
"""


def odb(path: Path) -> Path:
    """Write a radiosonde with two values and a radiance as ODB-2."""
    import pandas as pd
    import pyodc

    columns = {
        "seqno@hdr": [1, 1, 2], "date@hdr": [20200101] * 3, "time@hdr": [120000, 120000, 33015],
        "statid@hdr": ["10393", "10393", "4"],
        "lat@hdr": [50.0, 50.0, -10.0], "lon@hdr": [10.0, 10.0, 20.0], "obstype@hdr": [5, 5, 7], "varno@body": [2, 3, 119],
        "vertco_type@body": [1, 1, 3], "vertco_reference_1@body": [85_000.0, 85_000.0, 6.0],
        "obsvalue@body": [280.0, 5.0, 250.0],
        "fg_depar@body": [1.0, -2.0, np.nan], "an_depar@body": [0.5, -1.0, np.nan], "obs_error@errstat": [1.0, 2.0, 0.5],
        "datum_status@body": [1, 4, 0],
    }  # fmt: skip
    pyodc.encode_odb(pd.DataFrame(columns), str(path))
    return path


def random_table(rows: int, seed: int = 0) -> Table:
    """Return rows with random content in all columns."""
    rng = np.random.default_rng(seed)
    return build(
        "random", "none", {"odd": "m"},
        time=np.datetime64("2020-01-01", "s") + rng.integers(0, 86_400, rows) * np.timedelta64(1, "s"),
        latitude=rng.uniform(-90, 90, rows), longitude=rng.uniform(-180, 180, rows), height=rng.normal(size=rows),
        level=np.where(rng.random(rows) < 0.3, np.nan, rng.uniform(1e3, 1e5, rows)), level_kind=rng.integers(0, 3, rows),
        variable=rng.choice(["air_temperature", "odd"], rows), value=rng.normal(280, 10, rows), error=1.5,
        report_type=rng.choice(["TEMP", "SYNOP"], rows), station=rng.choice(["a", "b", "c"], rows), report=np.arange(rows),
        quality=rng.integers(0, 4, rows), background=rng.normal(280, 10, rows), analysis=rng.normal(280, 10, rows),
    )  # fmt: skip


def surface_bufr(path: Path, reports: list[tuple[float, float, float]]) -> Path:
    """Write SYNOPs of latitude, longitude and temperature 2 m above ground, K, at noon of 2021-05-16."""
    template = [1001, 1002, 301011, 301012, 301021, 7030, 7032, 12101]
    with path.open("wb") as file:
        for number, (latitude, longitude, temperature) in enumerate(reports):
            values = {
                "minute": 0, "blockNumber": 10, "stationNumber": 100 + number, "latitude": latitude, "longitude": longitude,
                "heightOfStationGroundAboveMeanSeaLevel": 50.0, "airTemperature": temperature,
                "heightOfSensorAboveLocalGroundOrDeckOfMarinePlatform": 2.0,
            }  # fmt: skip
            message(file, 0, template, values)
    return path
