"""Ten million observations: opening, a map of a window, counts of everything, and the memory that they take."""

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import psutil

from backends.fields.raster import Window
from backends.observations.coded import Coded
from backends.observations.linked import Linked
from backends.observations.one_variable import OneVariable, one_variable
from backends.observations.overview import overview
from backends.observations.picture import Colour, picture
from backends.observations.selection import Selection
from backends.observations.table import Table, build
from benchmarks.statistics import summary

ROWS = 10_000_000
#: Pixels of the map on the screen.
SIZE = (640, 340)
MOVES = 20


def measure() -> dict[str, object]:
    """Draw and count observations all over the Earth, and on windows of it that a person would look at."""
    before = _memory()
    table = generated(ROWS)
    start = time.perf_counter()
    of = one_variable(table, "air_temperature")
    figures: dict[str, object] = {"rows": ROWS, "put_on_a_map_s": round(time.perf_counter() - start, 2)}
    chosen = Linked(of.table, Selection()).rows()
    windows = [Window(west, west + 120.0, -40.0, 50.0) for west in np.linspace(-180, 60, MOVES)]
    colours: tuple[Colour, ...] = ("number", "background")
    for colour in colours:
        figures[f"map_of_{colour}"] = {
            "all": _times(_drawing(of, chosen, colour), [of.area] * MOVES),
            "panned": _times(_drawing(of, chosen, colour), windows),
        }
    box = Linked(of.table, Selection(box=(-30.0, 60.0, 20.0, 80.0)))
    figures["counts_s"] = {
        "all": round(_seconds(lambda: overview(of.table, Linked(of.table, Selection()))), 2),
        "in a box": round(_seconds(lambda: overview(of.table, box)), 2),
    }
    figures["memory_mib"] = round(_memory() - before)
    return figures


def generated(rows: int) -> Table:
    """Return temperatures of three types of reports on eight levels, with departures and classes of quality."""
    random = np.random.default_rng(0)
    latitude = np.degrees(np.arcsin(random.uniform(-1, 1, rows)))
    truth = (250 + 30 * np.cos(np.radians(latitude))).astype("f4")
    error = random.standard_normal(rows, "f4")
    names = tuple(f"station {k}" for k in range(5000))
    return build(
        "generated", "none", value=truth + error, background=truth, analysis=truth + 0.6 * error, latitude=latitude,
        longitude=random.uniform(-180, 180, rows), level=random.choice([1e5, 8.5e4, 7e4, 5e4, 3e4, 2.5e4, 2e4, 1e4], rows),
        level_kind=1, quality=random.choice([1, 1, 1, 2, 3], rows), variable=Coded.alike("air_temperature", rows),
        time=np.datetime64("2021-05-16", "s") + random.integers(0, 86400, rows).astype("m8[s]"), report=np.arange(rows),
        report_type=Coded(random.integers(0, 3, rows).astype("i4"), ("TEMP", "AIREP", "SATOB")),
        station=Coded(random.integers(0, 5000, rows).astype("i4"), names),
    )  # fmt: skip


def _drawing(of: OneVariable, chosen: np.ndarray, colour: Colour) -> Callable[[Window], object]:
    return lambda window: picture(of.table, of.where, chosen, colour, window, SIZE)


def _times(draw: Callable[[Window], object], windows: list[Window]) -> dict[str, float]:
    return summary([_seconds(partial(draw, window)) for window in windows])


def _seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _memory() -> float:
    return psutil.Process().memory_info().rss / 2**20
