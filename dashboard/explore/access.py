"""What the map and the series that are shown have cost to read, and what both cost afresh."""

from collections.abc import Mapping
from html import escape

import panel as pn
import panel_material_ui as pmui

from backends.fields.access import LONGEST, REPEATS, Access, a_point, access, holds, on_disk
from backends.fields.chunks import Query
from backends.fields.dataset import FieldDataset
from backends.fields.field import Reading
from dashboard.chunks import Found
from dashboard.controls import html, notice, one_message, tell
from dashboard.explore.state import ExploreState
from dashboard.plots.chunks import size_of
from dashboard.worker import FILES, LatestWins

COLUMNS = (
    ("Asked for", "The position along each axis of the file, counted from 0; axes that are not named, whole"),
    ("Chunks read", "Each is read whole"),
    ("In memory", "Bytes of these chunks, as the file keeps its numbers"),
    ("On disk", "Bytes of these chunks, compressed, where the file says so"),
    (
        "Time",
        "Until the values were there, decoding and the way from the process that reads files included; afresh: median of "
        "several times, in that process, of an array that has just been opened, from files that the system has at hand",
    ),
)
TIME_BOTH = "Time both"
NOT_COUNTED = '<div class="hint">It is computed from other variables, or a part of an array.</div>'
PLAIN = '<div class="hint">The array is not compressed: of these chunks, no more need be read than what is asked for.</div>'
#: Of which variable of which dataset what is timed, as a map and as a series.
Request = tuple[FieldDataset, str, Mapping[str, int], Mapping[str, int]]


class AccessTable:
    """The last map and the last series: chunks, bytes and milliseconds; a button reads both afresh."""

    def __init__(self, state: ExploreState) -> None:
        self._state = state
        self._found: Found | None = None
        self._fresh: tuple[Request, Access] | None = None
        self._timing: LatestWins[Request, Access] = LatestWins(
            FILES, lambda request: access(*request), self._on_timed, self._on_failed
        )
        self.time = pmui.Button(
            label=TIME_BOTH, variant="outlined", size="small", on_click=self._on_time,
            description=f"Read the map and a series from the file again, up to {REPEATS} times each or for {LONGEST:g} s; the "
            "series is that of the place picked last, or of the middle of the grid",
        )  # fmt: skip
        self._problem, self._table = notice("problem"), html("")
        self.pane = pn.Column(self._table, self.time, self._problem, sizing_mode="stretch_width", margin=(8, 0), visible=False)

    def show(self, found: Found | None) -> None:
        """Bring the table up to date with the map and the series; `found` says how their file is cut, None hides it."""
        self._found = found
        reading = self._of_map()
        with one_message():
            self.pane.visible = found is not None and reading is not None
            if found is None or reading is None:
                return
            array, last = found[1], self._of_series()
            counted = holds(array, self._state.opened.variable(self._state.variable))
            rows = [self._row("Map", reading, counted)]
            if last is not None:
                rows.append(self._row("Series", last, counted))
            if self._fresh is not None and self._fresh[0][:2] == (self._state.opened, self._state.variable):
                (_, _, one_map, one_point), cost = self._fresh
                for name, query, milliseconds in (
                    ("Map, afresh", one_map, cost.map_ms), ("Series, afresh", one_point, cost.point_ms)
                ):  # fmt: skip
                    rows.append(_line(name, _where(query), [*self._counts(query), _time(milliseconds)]))
            head = "".join(f'<th title="{escape(tip)}">{name}</th>' for name, tip in COLUMNS)
            # Neither cut nor compressed, or by records: then any part can be read alone.
            plain = found[2] is None and array.stored is not None
            why = NOT_COUNTED if not counted else PLAIN if plain else ""
            self._table.object = (
                f'<table class="numbers" data-role="access"><tr><th></th>{head}</tr>{"".join(rows)}</table>{why}'
            )
            self.time.visible = counted

    def wait(self) -> None:
        """Block until everything asked for is there; for programs without a browser."""
        self._timing.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self._timing.close()
        self._found = self._fresh = None

    def _of_map(self) -> Reading | None:
        picture = self._state.picture
        return picture.field.reading if picture is not None and picture.field.variable.name == self._state.variable else None

    def _of_series(self) -> Reading | None:
        series = self._state.series
        return series[-1].reading if series and series[-1].variable.name == self._state.variable else None

    def _row(self, name: str, reading: Reading, counted: bool) -> str:
        if reading.read is None:
            cells = ["none: from memory", "", ""]
        elif counted:
            cells = self._counts(reading.read)
            if not reading.read:
                cells[0] += ": whole, to be kept"
        else:
            cells = ["not known", "", ""]
        return _line(name, _where(reading.asked), [*cells, _time(reading.milliseconds)])

    def _counts(self, query: Query) -> list[str]:
        assert self._found is not None
        _, array, sizes = self._found
        read, stored = array.read(query), on_disk(array, query, sizes)
        return [f"{read.chunks:,} of {read.of:,}", size_of(read.bytes), "" if stored is None else size_of(stored)]

    def _on_time(self, _event: object) -> None:
        reading, series = self._of_map(), self._of_series()
        if reading is None:
            return
        point = a_point(self._state.opened.variable(self._state.variable), reading) if series is None else series.asked
        tell(self._problem, "problem", "")
        self.time.param.update(label="Timing …", disabled=True)
        self._timing.request((self._state.opened, self._state.variable, reading.asked, point))

    def _on_timed(self, request: Request, cost: Access) -> None:
        self._fresh = (request, cost)
        with one_message():
            self.time.param.update(label=TIME_BOTH, disabled=False)
            self.show(self._found)

    def _on_failed(self, problem: str) -> None:
        self.time.param.update(label=TIME_BOTH, disabled=False)
        tell(self._problem, "problem", problem)


def _line(name: str, where: str, cells: list[str]) -> str:
    body = "".join(f"<td>{cell or '–'}</td>" for cell in (escape(where), *cells))
    return f"<tr><th>{name}</th>{body}</tr>"


def _where(query: Query) -> str:
    return ", ".join(f"{dim} {index}" for dim, index in query.items()) or "all"


def _time(milliseconds: float) -> str:
    return f"{milliseconds:.3g} ms"
