"""Observations that are there twice, and places that are probably wrong."""

from dataclasses import dataclass

import numpy as np

from backends.observations.table import Table

#: A station is said to have moved where it reports from places this many degrees apart; fixed ones do not.
MOVED = 0.05
#: Reports of these come from stations that stay where they are.
FIXED = ("SYNOP", "TEMP", "PILOT", "GPSGB", "RADAR")

#: What makes a place suspicious, in the order of the numbers that :func:`suspicious_places` returns from 1.
REASONS = (
    "latitude or longitude missing or not on Earth",
    "at 0°N 0°E, which stands for a missing place",
    "latitude and longitude alike",
    "the station reports from several places",
)


@dataclass(frozen=True, eq=False)
class Suspects:
    """Rows that are there twice, or whose place is probably wrong.

    Attributes
    ----------
    rows
        Numbers of the first of them, places before duplicates.
    reasons
        Why each is listed.
    duplicates, places
        How many there are of both kinds.
    """

    rows: np.ndarray
    reasons: tuple[str, ...]
    duplicates: int
    places: int


def suspects(table: Table, most: int = 300) -> Suspects:
    """Return the rows that a person should look at, at most so many of them."""
    reason, twice = suspicious_places(table), duplicates(table)
    wrong, also = np.flatnonzero(reason), np.flatnonzero(twice & (reason == 0))
    rows = np.r_[wrong, also][:most]
    words = tuple(
        REASONS[reason[k] - 1] if reason[k] else "another has the same station, time, level and variable" for k in rows
    )
    return Suspects(rows, words, int(twice.sum()), len(wrong))


def duplicates(table: Table) -> np.ndarray:
    """Return for each row whether another has the same station, time, level and variable, shape (N,), bool.

    Where the station has no name, its place counts instead.
    """
    named = (
        np.array([bool(name) for name in table.station.names], bool)[table.station.codes] if len(table) else np.zeros(0, bool)
    )
    columns = [
        table.station.codes.astype("i8"),
        table.variable.codes.astype("i8"),
        table.level_kind.astype("i8"),
        table.time.astype("i8"),
        _bits(table.level),
        np.where(named, 0, _bits(table.latitude)),
        np.where(named, 0, _bits(table.longitude)),
    ]
    return _alike(columns)


def suspicious_places(table: Table) -> np.ndarray:
    """Return for each row 0, or the number of the first of `REASONS` (from 1) that makes its place suspicious.

    Shape (N,), uint8. Stations that may move (ships, aircraft, satellites) are not asked whether they did.
    """
    latitude, longitude = table.latitude, table.longitude
    reason = np.zeros(len(table), np.uint8)
    reason[_moved(table)] = 4
    with np.errstate(invalid="ignore"):
        reason[(latitude == longitude) & (latitude != 0)] = 3
        reason[(latitude == 0) & (longitude == 0)] = 2
        reason[~((np.abs(latitude) <= 90) & (np.abs(longitude) <= 180))] = 1
    return reason


def _moved(table: Table) -> np.ndarray:
    """Return the rows of fixed stations whose places span more than `MOVED` degrees."""
    asked = table.report_type.is_in(FIXED) & np.isfinite(table.latitude) & np.isfinite(table.longitude)
    asked &= ~table.station.is_in([""])
    stations, codes = len(table.station.names), table.station.codes[asked]
    moved = np.zeros(stations, bool)
    for degrees in (table.latitude[asked], table.longitude[asked]):
        # From the station's first place, so that a station at the dateline does not span the globe.
        first = np.zeros(stations)
        first[codes[::-1]] = degrees[::-1]
        apart = np.abs((degrees - first[codes] + 180) % 360 - 180)
        span = np.zeros(stations)
        np.maximum.at(span, codes, apart)
        moved |= span > MOVED
    return asked & moved[table.station.codes]


def _bits(column: np.ndarray) -> np.ndarray:
    """Return floating-point numbers as integers, alike where they are alike; so are NaN, and 0 and −0."""
    column = np.where(np.isnan(column), np.nan, column + 0.0).astype("f8")
    return column.view("i8")


def _alike(columns: list[np.ndarray]) -> np.ndarray:
    """Return which rows agree with another in all columns.

    Sorting ten million rows by seven columns takes long; by one mixture of them it does not, and the few rows whose
    mixtures agree are then compared exactly.
    """
    rows = len(columns[0])
    mixture = np.zeros(rows, np.uint64)
    for column in columns:
        mixture = (mixture ^ column.view(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mixture ^= mixture >> np.uint64(29)
    order = np.argsort(mixture)
    near = mixture[order][1:] == mixture[order][:-1]
    candidates = order[np.r_[near, False] | np.r_[False, near]] if rows else order
    exact = [column[candidates] for column in columns]
    candidates_order = np.lexsort(exact)
    same = np.ones(max(len(candidates) - 1, 0), bool)
    for column in exact:
        same &= np.diff(column[candidates_order]) == 0
    result = np.zeros(rows, bool)
    if len(candidates):
        result[candidates[candidates_order[np.r_[same, False] | np.r_[False, same]]]] = True
    return result
