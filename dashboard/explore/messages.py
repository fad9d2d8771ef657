"""The messages of a GRIB file in a table; a click on one shows its field."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import panel as pn
from param.parameterized import Event

from backends.fields.messages import Message
from dashboard.controls import html
from dashboard.explore.state import ExploreState

WORDS = """
<div class="hint">Each message holds one field. A click on a row shows it on the map.</div>
"""
#: Headings, and their widths in pixels.
COLUMNS: dict[str, int] = {
    "no.": 50, "variable": 84, "level": 150, "start (UTC)": 132, "step": 64, "kind": 74, "member": 80, "grid": 180, "kB": 62,
    "packing": 136, "GRIB": 64,
}  # fmt: skip
FILTERED = ("variable", "level", "start (UTC)", "step", "grid")
TABLE = """
.tabulator .tabulator-cell, .tabulator .tabulator-col, .tabulator .tabulator-col input { font-size: 13px !important; }
.tabulator .tabulator-col { font-weight: 500 !important; }
.tabulator .tabulator-row { cursor: pointer; }
"""


class MessagesView:
    """The table, which is filled when it is looked at first; `on_shown` is called after a click."""

    def __init__(self, state: ExploreState, on_shown: Callable[[], None]) -> None:
        self.state, self._on_shown = state, on_shown
        self.table = pn.widgets.Tabulator(
            _frame([]), show_index=False, disabled=True, selectable=1, pagination="local", page_size=10,
            sizing_mode="stretch_width", layout="fit_data_stretch", widths=COLUMNS, theme="simple", stylesheets=[TABLE],
            formatters={name: {"type": "plaintext"} for name in COLUMNS},
            header_filters={name: {"type": "input", "func": "like", "placeholder": "filter"} for name in FILTERED},
        )  # fmt: skip
        self.table.on_click(self._on_click)
        self.pane = pn.Column(html(WORDS), self.table, sizing_mode="stretch_width", margin=0)
        state.param.watch(self._on_messages, "messages")

    def _on_messages(self, event: Event) -> None:
        self.table.value = _frame(event.new)

    def _on_click(self, event: Any) -> None:
        if event.row < len(self.state.messages):
            self.state.show_message(self.state.messages[event.row])
            self._on_shown()


def _frame(messages: list[Message]) -> pd.DataFrame:
    return pd.DataFrame([_row(k, message) for k, message in enumerate(messages, 1)], columns=list(COLUMNS))


def _row(number: int, message: Message) -> dict[str, object]:
    level = "" if message.level is None else f"{message.level:g}"
    return {
        "no.": number,
        "variable": message.short_name or "",
        "level": f"{message.level_type or ''} {level}".strip(),
        "start (UTC)": (message.start or "").replace("T", " "),
        "step": message.step or "",
        "kind": message.step_type or "",
        "member": "" if message.member is None else str(message.member),
        "grid": f"{message.grid or ''}, {message.points:,} points" if message.points is not None else message.grid or "",
        "kB": "" if message.bytes is None else f"{message.bytes / 1000:,.0f}",
        "packing": f"{message.packing or ''}" + ("" if message.bits is None else f", {message.bits} bits"),
        "GRIB": "" if message.edition is None else str(message.edition),
    }
