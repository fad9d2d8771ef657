"""Observations that are there twice, and places that are probably wrong."""

from dataclasses import dataclass

import numpy as np

from backends.observations.table import Table

#: Rows that are looked at once.
PIECE = 2**19
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
    mixture, named = np.empty(len(table), np.uint64), _named(table)
    for part, piece in _pieces(table):
        mixture[part] = _mixture(_columns(piece, named))
    ordered = np.sort(mixture)
    several = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    del ordered
    # Sorting ten million rows by seven columns takes long, by one mixture of them not; few agree, and are compared exactly.
    near = [part.start + np.flatnonzero(_among(mixture[part], several)) for part, _ in _pieces(table)]
    candidates = np.concatenate(near) if len(several) else np.zeros(0, np.intp)
    result = np.zeros(len(table), bool)
    result[candidates] = _alike(_columns(table.take(candidates), named))
    return result


def suspicious_places(table: Table) -> np.ndarray:
    """Return for each row 0, or the number of the first of `REASONS` (from 1) that makes its place suspicious.

    Shape (N,), uint8. Stations that may move (ships, aircraft, satellites) are not asked whether they did.
    """
    reason = np.zeros(len(table), np.uint8)
    named, staying = _named(table), _staying(table)
    moved = _moved(table, named, staying)
    for part, piece in _pieces(table):
        latitude, longitude, of = piece.latitude, piece.longitude, reason[part]
        of[_fixed(piece, named, staying) & moved[piece.station.codes]] = 4
        with np.errstate(invalid="ignore"):
            of[(latitude == longitude) & (latitude != 0)] = 3
            of[(latitude == 0) & (longitude == 0)] = 2
            of[~((np.abs(latitude) <= 90) & (np.abs(longitude) <= 180))] = 1
    return reason


def _pieces(table: Table) -> list[tuple[slice, Table]]:
    """Return a table piece by piece, copying nothing: millions of rows need no copies of as many."""
    parts = [slice(first, min(first + PIECE, len(table))) for first in range(0, len(table), PIECE)]
    return [(part, table.take(part)) for part in parts]


def _moved(table: Table, named: np.ndarray, staying: np.ndarray) -> np.ndarray:
    """Return the stations, (names,), that are fixed and whose places span more than `MOVED` degrees."""
    stations = len(table.station.names)
    moved = np.zeros(stations, bool)
    for name in ("latitude", "longitude"):
        # From the station's first place, so that a station at the dateline does not span the globe.
        first, span = np.zeros(stations), np.zeros(stations)
        pieces = [piece for _, piece in _pieces(table)]
        for piece in reversed(pieces):
            asked = np.flatnonzero(_fixed(piece, named, staying))[::-1]
            first[piece.station.codes[asked]] = getattr(piece, name)[asked]
        for piece in pieces:
            asked = np.flatnonzero(_fixed(piece, named, staying))
            codes = piece.station.codes[asked]
            np.maximum.at(span, codes, np.abs((getattr(piece, name)[asked] - first[codes] + 180) % 360 - 180))
        moved |= span > MOVED
    return moved


def _named(table: Table) -> np.ndarray:
    """Return which of the stations, (names,), have a name: asked once of a table, and not of each of its pieces."""
    return np.array([bool(name) for name in table.station.names], bool)


def _staying(table: Table) -> np.ndarray:
    """Return which of the report types, (names,), come from stations that stay where they are."""
    return np.array([name in FIXED for name in table.report_type.names], bool)


def _fixed(table: Table, named: np.ndarray, staying: np.ndarray) -> np.ndarray:
    """Return the rows of stations that have a name and a place and should stay there."""
    placed = np.isfinite(table.latitude) & np.isfinite(table.longitude)
    return placed & staying[table.report_type.codes] & named[table.station.codes]


def _columns(table: Table, named: np.ndarray) -> list[np.ndarray]:
    """Return what duplicates agree in, as 64-bit integers."""
    has_name = named[table.station.codes]
    return [
        table.station.codes.astype("i8"),
        table.variable.codes.astype("i8"),
        table.level_kind.astype("i8"),
        table.time.astype("i8"),
        _bits(table.level),
        np.where(has_name, 0, _bits(table.latitude)),
        np.where(has_name, 0, _bits(table.longitude)),
    ]


def _bits(column: np.ndarray) -> np.ndarray:
    """Return floating-point numbers as integers, alike where they are alike; so are NaN, and 0 and −0."""
    column = np.where(np.isnan(column), np.nan, column + 0.0).astype("f8")
    return column.view("i8")


def _mixture(columns: list[np.ndarray]) -> np.ndarray:
    """Return for each row a number that is the same for rows that agree in all columns, and hardly ever for others."""
    mixture = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        mixture = (mixture ^ column.view(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mixture ^= mixture >> np.uint64(29)
    return mixture


def _among(numbers: np.ndarray, some: np.ndarray) -> np.ndarray:
    """Return which numbers are among some, which increase."""
    if not len(some):
        return np.zeros(len(numbers), bool)
    return some[np.minimum(np.searchsorted(some, numbers), len(some) - 1)] == numbers


def _alike(columns: list[np.ndarray]) -> np.ndarray:
    """Return which rows agree with another in all columns."""
    order = np.lexsort(columns)
    same = np.ones(max(len(order) - 1, 0), bool)
    for column in columns:
        same &= np.diff(column[order]) == 0
    result = np.zeros(len(order), bool)
    if len(order):
        result[order[np.r_[same, False] | np.r_[False, same]]] = True
    return result
