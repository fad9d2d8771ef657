"""Feedback files of the German Weather Service (DWD): observations with what an assimilation made of them.

A report (dimension ``d_hdr``) has a stretch of the body (``d_body``): ``l_body`` observations from number ``i_body`` on,
counted from one. ``veri_data`` holds the model equivalents, one row for each run or member. Source: COSMO, *Feedback File
Definition*.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from backends.errors import InputError
from backends.observations.coded import Coded
from backends.observations.readers.netcdf import mentions, numbers, opened, texts, whole
from backends.observations.readers.progress import Progress
from backends.observations.schema import CHANNEL, HEIGHT, NO_LEVEL, OTHER, PASSED, PRESSURE, REJECTED, SUSPICIOUS, UNKNOWN
from backends.observations.table import Table, build
from backends.observations.varno import report_type, units_of_others, variable_name

FORMAT = "DWD feedback file"

#: States of an observation: accepted, active, merged and passive ones passed; rejected, passive rejected and dismissed not.
_PASSED, _REJECTED = (0, 1, 3, 5), (7, 9, 13)
#: Checks (numbers of bits) that make one suspicious although it was kept: place, flight track, gross error, first guess.
_SUSPICIOUS = sum(1 << bit for bit in (2, 11, 16, 18))
#: Level types are numbers of variables; a number, 0, is a channel where the report is of radiances.
_LEVEL_KINDS = {251: PRESSURE, 156: HEIGHT}
_RADIANCES = 10
#: Run types in the order in which they are taken: the first guess, else a forecast; the analysis and what comes near it.
_BACKGROUNDS, _ANALYSES = (1, 0), (3, 5, 2, 4)
#: Members in the order in which they are taken: the deterministic run, the mean, others; below −1 are spreads and the like.
_MEMBERS = {-1: 0, 0: 1}


def claims(path: Path, head: bytes) -> bool:
    """Return whether the file has the variables that tie reports to their observations."""
    return mentions(path, head, "i_body", "l_body", "varno")


def read(path: Path, progress: Progress) -> Table:
    """Read a feedback file; progress is counted in parts of it.

    Raises
    ------
    InputError
        If the file is damaged, or a report points outside the body.
    """
    with opened(path) as file:
        progress(0, 3)
        reports, size = _count(file, "n_hdr", "d_hdr"), _count(file, "n_body", "d_body")
        first, count = (whole(numbers(file, name)[:reports]) for name in ("i_body", "l_body"))
        body, report = _body(first, count, size, path.name)
        header = {name: numbers(file, name, rows=reports)[report] for name in ("lat", "lon", "time", "obstype", "z_station")}
        station = Coded.of(texts(file.variables["statid"])[:reports]).take(report) if "statid" in file.variables else ""
        progress(1, 3)
        wanted = ("obs", "varno", "level", "level_typ", "state", "flags", "e_o")
        column = {name: numbers(file, name, rows=size)[body] for name in wanted}
        progress(2, 3)
        background, analysis = (_equivalent(file, types, size)[body] for types in (_BACKGROUNDS, _ANALYSES))
        varno, kinds = whole(column["varno"]), whole(header["obstype"])
        return build(
            path.name,
            FORMAT,
            units_of_others(set(np.unique(varno).tolist())),
            time=_times(file, header["time"]),
            latitude=header["lat"],
            longitude=header["lon"],
            height=header["z_station"],
            level=column["level"],
            level_kind=_level_kind(column["level"], whole(column["level_typ"]), kinds),
            variable=named(varno, variable_name),
            value=column["obs"],
            error=column["e_o"],
            report_type=named(kinds, report_type),
            station=station,
            report=report,
            quality=_quality(whole(column["state"]), whole(column["flags"])),
            background=background,
            analysis=analysis,
        )


def named(codes: np.ndarray, name: Callable[[int], str]) -> Coded:
    """Return a column of numbers as their names; several numbers may have the same."""
    different, inverse = np.unique(codes, return_inverse=True)
    coded = Coded.of([name(int(code)) for code in different])
    return Coded(coded.codes[inverse], coded.names)


def _count(file: Any, attribute: str, dimension: str) -> int:
    """Return how many entries of a dimension are used: files may be larger than what was written into them."""
    size = len(file.dimensions[dimension])
    return max(0, min(int(getattr(file, attribute, size)), size))


def _body(first: np.ndarray, count: np.ndarray, size: int, source: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the observations that belong to reports, from 0, and the report of each."""
    wrong = (count < 0) | ((count > 0) & ((first < 1) | (first - 1 + count > size)))
    if wrong.any():
        k = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"report {k + 1} of {source} must have its observations in the body, 1 to {size}; "
            f"it has {count[k]} from {first[k]} on"
        )
    if count.sum() > size:
        raise InputError(f"the reports of {source} must share {size} observations; they claim {count.sum()}")
    report = np.repeat(np.arange(len(count)), count)
    within = np.arange(len(report)) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(first - 1, count) + within, report


def _times(file: Any, minutes: np.ndarray) -> np.ndarray:
    """Return times from minutes after the reference time of the file (yyyymmdd, hhmm)."""
    date, clock = int(file.verification_ref_date), int(file.verification_ref_time)
    day = f"{date // 10_000:04d}-{date // 100 % 100:02d}-{date % 100:02d}"
    reference = np.datetime64(f"{day}T{clock // 100:02d}:{clock % 100:02d}", "s")
    fine = np.abs(minutes) < 1e9
    return np.where(fine, reference + np.where(fine, minutes * 60, 0).astype("timedelta64[s]"), np.datetime64("NaT", "s"))


def _level_kind(level: np.ndarray, level_type: np.ndarray, obstype: np.ndarray) -> np.ndarray:
    kind = np.full(len(level), OTHER)
    for number, of in _LEVEL_KINDS.items():
        kind[level_type == number] = of
    kind[(level_type == 0) & (obstype == _RADIANCES)] = CHANNEL
    kind[~np.isfinite(level)] = NO_LEVEL
    return kind


def _quality(state: np.ndarray, flags: np.ndarray) -> np.ndarray:
    quality = np.full(len(state), UNKNOWN)
    quality[np.isin(state, _PASSED)] = PASSED
    quality[np.isin(state, _PASSED) & (flags > 0) & (flags & _SUSPICIOUS != 0)] = SUSPICIOUS
    quality[np.isin(state, _REJECTED)] = REJECTED
    return quality


def _equivalent(file: Any, run_types: tuple[int, ...], size: int) -> np.ndarray:
    """Return the model equivalents of the first of several run types that the file has, all NaN if it has none."""
    if "veri_data" not in file.variables or "veri_run_type" not in file.variables:
        return np.full(size, np.nan)
    rows = len(file.variables["veri_data"])
    runs = whole(numbers(file, "veri_run_type", rows=rows)).tolist()
    members = whole(numbers(file, "veri_ens_member", rows=rows)).tolist()
    leads = np.nan_to_num(numbers(file, "veri_forecast_time", rows=rows)).tolist()
    fit = [k for k in range(rows) if runs[k] in run_types and members[k] >= -1]
    if not fit:
        return np.full(size, np.nan)
    best = min(fit, key=lambda k: (run_types.index(runs[k]), _MEMBERS.get(members[k], 2), leads[k], k))
    return np.ma.filled(np.ma.asarray(file.variables["veri_data"][best, :size]).astype("f8"), np.nan)
