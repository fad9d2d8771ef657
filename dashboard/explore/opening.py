"""Choosing what to look at: a dataset of the catalogue, a path or an address, or a file of one's own."""

from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.fields.catalogue import Catalogue
from dashboard.controls import DatasetSelect, html, notice, tell
from dashboard.explore.observations.columns import ColumnsPanel
from dashboard.explore.observations.decoding import DecodingNotice
from dashboard.explore.state import ExploreState
from dashboard.explore.uploads import UPLOAD_LIMIT


class OpeningControls:
    """Controls that open something in an :class:`ExploreState`."""

    def __init__(self, state: ExploreState, catalogue: Catalogue) -> None:
        self.state = state
        self.problem, self.reading = notice("problem"), notice("stale")
        self.decoding = DecodingNotice(state.observations, state.cancel)
        self.columns = ColumnsPanel(state.observations, state.cancel)
        self.datasets = DatasetSelect(
            label="Dataset",
            description="Embedded samples, and every readable file, folder of files and Zarr store under the data folder.",
        )
        self.datasets.param.watch(self._on_dataset, "key")
        addresses = "A Zarr store elsewhere opens by its address, https://, s3:// or gs://, without user and password"
        self.path = pmui.TextInput(
            label="Open by path",
            placeholder="folder/file.nc or https://…, then Enter" if catalogue.any_address else "folder/file.nc, then Enter",
            description="Relative to the data folder; files outside it cannot be opened. A folder of files opens as one. "
            f"{addresses}{'.' if catalogue.any_address else ', if the server lists it.'}",
            sizing_mode="stretch_width",
        )
        self.path.param.watch(self._on_path, "value")
        self.upload = pn.widgets.FileDropper(
            max_file_size=f"{UPLOAD_LIMIT // 2**20}MB",
            multiple=False,
            height=110,
            sizing_mode="stretch_width",
            margin=(0, 10),
        )
        self.upload.param.watch(self._on_upload, "value")
        state.param.watch(self._offer, ["entries", "dataset", "opened", "uploads"])
        state.param.watch(lambda event: tell(self.problem, "problem", event.new), "open_problem")
        state.param.watch(self._on_reading, "reading")

    def content(self) -> list[Any]:
        """Return the controls from top to bottom."""
        return [
            self.datasets,
            self.reading,
            self.decoding.pane,
            self.path,
            html('<div class="hint" style="margin: 0 10px">or drop a file of fields or observations here (up to 512 MB)</div>'),
            self.upload,
            self.problem,
            self.columns.button,
        ]

    def _on_dataset(self, event: Event) -> None:
        if event.new not in ("", self.state.dataset):
            self.state.open(event.new)

    def _on_path(self, event: Event) -> None:
        if event.new.strip():
            self.state.open(event.new)

    def _on_upload(self, event: Event) -> None:
        for name, content in event.new.items():
            self.state.upload(name, content if isinstance(content, bytes) else content.encode())
        if event.new:
            self.upload.value = {}  # the content has been kept on disk; it need not stay in memory

    def _on_reading(self, event: Event) -> None:
        tell(self.reading, "stale", f"Opening {event.new} …" if event.new else "")
        if not event.new:
            self._offer()  # back to what is shown, if what was asked for could not be opened

    def _offer(self, *_events: Event) -> None:
        state = self.state
        self.datasets.offer(state.entries, list(state.uploads), state.dataset or state.reading)
