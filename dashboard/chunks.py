"""A view of how a file is cut into chunks, and which of them a query reads; any page can show it."""

import math
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.fields.chunk_files import chunks_of, chunks_of_dataset, stored_sizes
from backends.fields.chunks import ChunkedArray, Kind
from backends.fields.dataset import FieldDataset
from dashboard.controls import LiveIntSlider, LiveSlider, html, notice, one_message, tell
from dashboard.plots.chunks import ChunkMap, ChunkPicture, size_of
from dashboard.plots.race.frame import ANY_HEIGHT
from dashboard.worker import FILES, LatestWins

KINDS: dict[str, Kind] = {"A map": "map", "A series at a place": "series", "A region, all times": "region"}
#: A file of our own, or one of a person's that is open.
Source = Path | FieldDataset
#: And one of its arrays; the largest if there is none of that name.
Request = tuple[Source, str]
#: Told what of an address cannot be.
Report = Callable[[str], Any]
#: All arrays, the chosen one, and the bytes of its chunks on disk.
Found = tuple[tuple[ChunkedArray, ...], ChunkedArray, np.ndarray | None]


class ChunksAsked(NamedTuple):
    """What is asked of a file, as an address says it: positions that are not in the middle, axes if others than usual."""

    array: str
    query: Kind
    axes: tuple[str, ...]
    position: dict[str, int]
    region_size: float


class ChunkInspector:
    """An array, a query, and a picture of the chunks that it reads.

    Parameters
    ----------
    on_found
        Called with the name of the array that was asked for and what has been read of its file, before it is shown.
    """

    def __init__(self, on_found: Callable[[str, Found], None] | None = None) -> None:
        self._on_found = on_found
        self._source: Source | None = None
        self._array: ChunkedArray | None = None
        self._sizes: np.ndarray | None = None
        self._changing = False
        #: What an address asks for, the array that it means, and who is told what of it there is not, until the file is read.
        self._awaited: tuple[ChunksAsked, str, Report] | None = None
        self._reading: LatestWins[Request, Found] = LatestWins(FILES, _read, self._on_read, self._on_failed)
        self.picture = ChunkPicture(on_tap=self._on_tap)
        self.array = pmui.Select(
            label="Array", options=[""], value="", size="small", width=200, description="Of the file, the largest first"
        )
        self.kind = pmui.Select(
            label="Query", options=list(KINDS), value="A map", size="small", width=190,
            description="What is read: all places at one time, all times at one place, or all times of a part of the map",
        )  # fmt: skip
        self.across = pmui.Select(
            label="Across", options=[""], value="", size="small", width=150, description="Axis drawn across"
        )
        self.up = pmui.Select(label="Up", options=[""], value="", size="small", width=150, description="Axis drawn upwards")
        self.part = LiveSlider(
            label="Size of the region", start=0.02, end=1.0, step=0.02, value=0.26, width=200, visible=False,
            description="Part of the width and of the height of the map",
        )  # fmt: skip
        self.array.param.watch(self._on_array, "value")
        self.kind.param.watch(self._on_kind, "value")
        for control in (self.across, self.up, self.part):
            control.param.watch(self._on_control, "value")
        self.sliders: dict[str, LiveIntSlider] = {}
        self._sliders = pn.FlexBox(gap="0 18px", align_items="center")
        self._problem, self._words = notice("problem"), html("")
        self._body = pn.Column(
            pn.FlexBox(self.array, self.kind, self.across, self.up, self.part, gap="4px", align_items="center"),
            self._sliders, self._words, pn.pane.Bokeh(self.picture.figure, sizing_mode="stretch_width", margin=0),
            sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT, visible=False,
        )  # fmt: skip
        self.pane = pn.Column(self._problem, self._body, sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)

    def show(self, source: Source | None, name: str = "") -> None:
        """Inspect a Zarr store or a NetCDF file, read anew, from one of its arrays on; None: nothing."""
        self._source, self._awaited, self._array = source, None, None
        if source is None:
            self._body.visible = False
            tell(self._problem, "problem", "")
        else:
            self._reading.request((source, name))

    @property
    def chosen(self) -> ChunksAsked | None:
        """What is asked; None before a file has been read."""
        array, kind = self._array, KINDS[self.kind.value]
        if array is None:
            return None
        axes = tuple(select.value for select in (self.across, self.up) if select.value)
        position = {dim: slider.value for dim, slider in self.sliders.items() if slider.value != _middle(slider)}
        return ChunksAsked(array.name, kind, () if axes == tuple(array.telling(kind))[:2] else axes, position, self.part.value)

    @property
    def awaited(self) -> bool:
        """Whether what an address asks for is still on its way."""
        return self._awaited is not None

    def choose(self, asked: ChunksAsked, usual: str, report: Report) -> None:
        """Ask something else, of the array `usual` where none is named; what cannot be is told to `report` when it is known."""
        if self._source is not None:
            self._awaited = asked, asked.array or usual, report
            self._reading.request((self._source, asked.array or usual))

    def wait(self) -> None:
        """Block until the file is read; for programs without a browser."""
        self._reading.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self._reading.close()

    def _on_read(self, request: Request, found: Found) -> None:
        if request[0] != self._source:
            return
        arrays, self._array, self._sizes = found
        with one_message():
            if self._on_found is not None:
                self._on_found(request[1], found)
            self._changing = True
            names = [array.name for array in arrays]
            if names != self.array.options:
                self.array.options = []  # or a name that stays shows what it was called before
            self.array.param.update(options=names, value=self._array.name)
            self._changing = False
            tell(self._problem, "problem", "")
            self._offer()
            if self._awaited is not None and self._awaited[1] == request[1]:
                asked, _, report = self._awaited
                self._awaited = None
                self._ask(asked, names, report)
            self._body.visible = True

    def _on_failed(self, problem: str) -> None:
        self._awaited = None
        self._body.visible = False
        tell(self._problem, "problem", problem)

    def _ask(self, asked: ChunksAsked, names: list[str], report: Report) -> None:
        array = self._array
        assert array is not None
        if asked.array not in ("", *names):
            report(f"array: the file has {', '.join(names[:6])}; came {asked.array!r:.60}")
        self.kind.value = next(label for label, kind in KINDS.items() if kind == asked.query)
        self._choose_axes()
        self._changing = True
        self.part.value = asked.region_size
        for slider in self.sliders.values():
            slider.value = _middle(slider)
        for dim, at in asked.position.items():
            moved = self.sliders.get(dim)
            if moved is not None and 0 <= at <= moved.end:
                moved.value = at
            else:
                known = ", ".join(f"{name} up to {slider.end}" for name, slider in self.sliders.items())
                report(f"position: the array has {known}; came {at} on {dim:.60}")
        if set(asked.axes) <= set(array.dims):
            for select, axis in zip((self.across, self.up), asked.axes, strict=False):
                select.value = axis
        else:
            report(f"axes: the array has {', '.join(array.dims)}; came {', '.join(asked.axes):.60}")
        self._changing = False
        self._draw()

    def _on_array(self, event: Event) -> None:
        if not self._changing and self._source is not None and event.new:
            self._reading.request((self._source, event.new))

    def _offer(self) -> None:
        """Offer the axes of another array."""
        array = self._array
        assert array is not None
        old = {dim: slider.value for dim, slider in self.sliders.items() if slider.end == _last(array, dim)}
        self.sliders = {
            dim: LiveIntSlider(
                label=dim, start=0, end=n - 1, value=old.get(dim, n // 2), width=170, description=f"Position along {dim}"
            )
            for dim, n in zip(array.dims, array.shape, strict=True)
            if n > 1
        }
        for slider in self.sliders.values():
            slider.param.watch(self._on_control, "value")
        self._sliders.objects = list(self.sliders.values())
        self._choose_axes()

    def _on_kind(self, _event: Event) -> None:
        if self._array is not None:
            with one_message():
                self._choose_axes()

    def _choose_axes(self) -> None:
        array = self._array
        assert array is not None
        across, up = [*array.telling(KINDS[self.kind.value]), "", ""][:2]
        self._changing = True
        for select, value in ((self.across, across), (self.up, up)):
            if list(array.dims) != select.options:
                select.options = []
            select.param.update(options=list(array.dims), value=value or None, visible=bool(value))
        self._changing = False
        self._draw()

    def _on_control(self, _event: Event) -> None:
        if not self._changing and self._array is not None:
            with one_message():
                self._draw()

    def _on_tap(self, across: int, up: int) -> None:
        with one_message():
            self._changing = True
            for select, position in ((self.across, across), (self.up, up)):
                if select.value in self.sliders:
                    self.sliders[select.value].value = position
            self._changing = False
            self._draw()

    def _draw(self) -> None:
        array, kind = self._array, KINDS[self.kind.value]
        if array is None or not array.dims:
            self._words.object = '<div class="hint">A single number: there is nothing to cut.</div>'
            self.picture.clear()
            return
        query = array.query(kind, {dim: slider.value for dim, slider in self.sliders.items()}, self.part.value)
        touched, read, ends = array.touched(query), array.read(query), array.ends(query)
        across, up = self.across.value, self.up.value or ""
        if up == across:
            up = ""
        at = [array.dims.index(dim) for dim in (across, up) if dim]
        lengths, chunk = ([*(of[k] for k in at), 1][:2] for of in (array.shape, array.chunks))
        sizes = None if self._sizes is None else array.over(self._sizes, across, up)
        merged = self.picture.show(
            ChunkMap(
                (across, up), (lengths[0], lengths[1]), (chunk[0], chunk[1]), array.over(touched.astype(int), across, up),
                array.over(np.ones(array.grid, dtype=int), across, up), sizes, (ends[across], ends[up] if up else (0, 0)),
            )
        )  # fmt: skip
        for dim, slider in self.sliders.items():
            slider.disabled = dim not in query
        self.part.visible = kind == "region"
        on_disk = None if self._sizes is None else int(self._sizes[touched].sum())
        facts = [
            (
                "chunk",
                " × ".join(map(str, array.chunks)),
                f"of {' × '.join(array.dims)}, {size_of(array.chunk_bytes)} in memory",
            ),
            ("array", f"{math.prod(array.grid):,} chunks", "" if array.stored is None else f"{size_of(array.stored)} on disk"),
            ("reads", f"{read.chunks:,} of {read.of:,}", "" if on_disk is None else f"{size_of(on_disk)} on disk"),
            (
                "wants",
                size_of(read.wanted),
                f"of the {size_of(read.bytes)} that they hold, {100 * read.wanted / read.bytes:.3g} %",
            ),
        ]
        said = f"Each square stands for {merged[0]} × {merged[1]} chunks. " if max(merged) > 1 else ""
        self._words.object = _facts(facts) + (
            f'<div class="hint">{said}Filled: chunks that are read, the darker the more of those behind each other; orange: '
            "what is asked for. A click on the picture asks for another place.</div>"
        )


def _read(request: Request) -> Found:
    source, name = request
    if isinstance(source, FieldDataset):
        return chunks_of_dataset(source, name)
    arrays = chunks_of(source)
    array = next((array for array in arrays if array.name == name), arrays[0])
    return arrays, array, stored_sizes(source, array)


def _middle(slider: LiveIntSlider) -> int:
    return int(slider.end + 1) // 2


def _last(array: ChunkedArray, dim: str) -> int:
    return array.shape[array.dims.index(dim)] - 1 if dim in array.dims else -1


def _facts(facts: list[tuple[str, str, str]]) -> str:
    parts: Any = (
        f'<span><span class="name">{name}</span><b>{escape(value)}</b> {escape(more)}</span>' for name, value, more in facts
    )
    return f'<div class="facts" data-role="chunks">{"".join(parts)}</div>'
