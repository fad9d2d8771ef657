"""How the file that is shown is cut into chunks, and which of them the map and a series read."""

from html import escape
from typing import Any

import panel as pn
from param.parameterized import Event

from backends.fields.dataset import FieldDataset
from backends.fields.readers import folder, netcdf, zarr
from dashboard.chunks import ChunkInspector, ChunksAsked, Found
from dashboard.controls import html
from dashboard.explore.access import AccessTable
from dashboard.explore.address_keys import ExploreSettings, Report
from dashboard.explore.state import ExploreState
from dashboard.plots.race.frame import ANY_HEIGHT

WORDS = """
<div class="hint">A file is read chunk by chunk, each one whole: what a map or a series costs depends on how they are cut.</div>
"""
NONE = "{format} files have no chunks that could be looked at: open a NetCDF file or a Zarr store."
FOLDER = "Each file of a folder is cut on its own: open one of them, where they are NetCDF files, to look at its chunks."
ELSEWHERE = "{label} is not a file on this server: only files and stores of its data folder can be looked at."


class ChunksView:
    """A :class:`ChunkInspector` of the file that is shown, at the variable that is shown, and what reading that has cost."""

    def __init__(self, state: ExploreState) -> None:
        self.state = state
        self.access = AccessTable(state)
        self.inspector = ChunkInspector(self._on_found)
        self._words = html(WORDS)
        self._shown: tuple[object, str] | None = None
        #: How the variable that is shown is cut; the inspector may look at another array.
        self._found: Found | None = None
        state.param.watch(self._on_series, "series")
        self.pane = pn.Column(
            self._words, self.access.pane, self.inspector.pane, sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT
        )

    def show(self) -> None:
        """Read how the file is cut, unless that is known."""
        dataset, name = self.state.opened, self.state.variable
        if dataset is None:
            return
        if (dataset, name) != self._shown:
            self._shown, self._found = (dataset, name), None
            why = _why_not(dataset)
            self._words.object = WORDS if not why else f'<div class="hint">{escape(why)}</div>'
            self.inspector.show(None if why else dataset, name)
        self.access.show(self._found)

    @property
    def chosen(self) -> dict[str, Any]:
        """What is asked of which array."""
        asked = self.inspector.chosen
        if asked is None or self._shown != (self.state.opened, self.state.variable):
            return {}
        return asked._asdict() | ({"array": ""} if asked.array == self.state.variable else {})

    @property
    def changed(self) -> dict[str, Any]:
        """The same: what is usual goes without saying."""
        return self.chosen

    def choose(self, wanted: ExploreSettings, report: Report) -> None:
        """Ask what an address says, as soon as the file has been read."""
        asked = ChunksAsked(wanted.array, wanted.query, wanted.axes, wanted.position, wanted.region_size)
        self.inspector.choose(asked, self.state.variable, report)

    def wait(self) -> None:
        """Block until the file has been read."""
        self.inspector.wait()
        self.access.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self.inspector.close()
        self.access.close()

    def _on_found(self, name: str, found: Found) -> None:
        if self._shown is not None and name == self._shown[1]:
            self._found = found
            self.access.show(found)

    def _on_series(self, _event: Event) -> None:
        self.access.show(self._found)


def _why_not(dataset: FieldDataset) -> str:
    """Return why the chunks of a dataset cannot be looked at, or nothing where they can."""
    if dataset.format == folder.FORMAT:
        return FOLDER
    if dataset.format not in (netcdf.FORMAT, zarr.FORMAT):
        return NONE.format(format=dataset.format)
    return ELSEWHERE.format(label=dataset.label) if dataset.path is None else ""
