"""How the file that is shown is cut into chunks, and which of them the map and a series read."""

import panel as pn

from dashboard.chunks import ChunkInspector
from dashboard.controls import html
from dashboard.explore.state import ExploreState

WORDS = """
<div class="hint">A file is read chunk by chunk, each one whole: what a map or a series costs depends on how they are cut.</div>
"""
NONE = """
<div class="hint">{format} files have no chunks that could be looked at: open a NetCDF file or a Zarr store.</div>
"""


class ChunksView:
    """A :class:`ChunkInspector` of the file that is shown, at the variable that is shown."""

    def __init__(self, state: ExploreState) -> None:
        self.state = state
        self.inspector = ChunkInspector()
        self._words = html(WORDS)
        self._shown: tuple[object, str] | None = None
        self.pane = pn.Column(self._words, self.inspector.pane, sizing_mode="stretch_width", margin=0)

    def show(self) -> None:
        """Read how the file is cut, unless that is known."""
        dataset, name = self.state.opened, self.state.variable
        if dataset is None or (dataset, name) == self._shown:
            return
        self._shown = (dataset, name)
        cut = dataset.path is not None and dataset.format in ("NetCDF", "Zarr")
        self._words.object = WORDS if cut else NONE.format(format=dataset.format)
        self.inspector.show(dataset if cut else None, name)

    def wait(self) -> None:
        """Block until the file has been read."""
        self.inspector.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self.inspector.close()
