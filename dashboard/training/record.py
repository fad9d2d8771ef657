"""Whose runs are looked at: those of this server, or those that another program records in an MLflow store."""

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from dashboard.controls import html
from dashboard.jobs import listed_records
from dashboard.training.state import TrainingState

HERE, OTHER = "This server", "Another record …"
WORDS = """
<div class="hint">Runs that another program writes with MLflow – Lightning, Anemoi, your own – are read here as they grow, and
never changed. Give the address of a tracking server, or the path of an SQLite file or of a folder <code>mlruns</code>.</div>
"""


class RecordControls:
    """A list of records, and a field for the address of another one."""

    def __init__(self, state: TrainingState) -> None:
        self.state = state
        self.chosen = pmui.Select(
            label="Record", options=self._options(), value=state.record, size="small", width=230, margin=(10, 5, 4, 5),
            description="Whose runs are looked at", css_classes=["desk"],
        )  # fmt: skip
        self.address = pmui.TextInput(
            label="Address of an MLflow store", placeholder="http://127.0.0.1:5000 or /data/mlflow.db", size="small", width=420,
            description="Of a tracking server, or the path of an SQLite file or of a folder mlruns; only read, never changed",
        )  # fmt: skip
        self.open = pmui.Button(
            label="Look", icon="search", variant="contained", size="small", on_click=self._on_open,
            description="List the runs of this store",
        )  # fmt: skip
        self._asking = pn.Column(
            html(WORDS), pn.FlexBox(self.address, self.open, gap="8px", align_items="center"),
            sizing_mode="stretch_width", margin=0, visible=False,
        )  # fmt: skip
        self.chosen.param.watch(self._on_chosen, "value")
        self.address.param.watch(self._on_open, "enter_pressed")
        state.param.watch(self._on_record, "record")

    @property
    def asking(self) -> pn.viewable.Viewable:
        """The field for an address, which is there while it is asked for."""
        return self._asking

    def _options(self) -> dict[str, str]:
        known = dict.fromkeys(("", *listed_records(), self.state.record))
        return {address or HERE: address for address in known} | {OTHER: OTHER}

    def _on_chosen(self, event: Event) -> None:
        self._asking.visible = event.new == OTHER
        if event.new not in (OTHER, None, self.state.record):
            self.state.look_at(event.new)

    def _on_open(self, _event: object) -> None:
        if self.address.value.strip():
            self.state.look_at(self.address.value)

    def _on_record(self, _event: Event) -> None:
        self._asking.visible = False
        self.chosen.param.update(options=self._options(), value=self.state.record)
