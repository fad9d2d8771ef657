"""Duplicates and suspicious places in a table; a click on one shows its report."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import panel as pn
from param.parameterized import Event

from backends.observations.schema import title
from dashboard.controls import html
from dashboard.explore.observations.state import ObservationState
from dashboard.explore.observations.tables import level_text, place_text, report_text, time_text, value_text

COLUMNS = {"why": 350, "report": 190, "time": 185, "place": 150, "variable": 130, "level": 100, "value": 100}


class SuspiciousView:
    """The list, of all variables of the file, which is made when it is looked at first."""

    def __init__(self, state: ObservationState) -> None:
        self._state = state
        self._words = html('<div class="hint">Looking for duplicates and suspicious places …</div>')
        self.table = pn.widgets.Tabulator(
            _frame([]), show_index=False, disabled=True, selectable=1, pagination="local", page_size=10, theme="simple",
            sizing_mode="stretch_width", layout="fit_data_stretch", widths=COLUMNS, visible=False,
            formatters={name: {"type": "plaintext"} for name in COLUMNS},
        )  # fmt: skip
        self.table.on_click(self._on_click)
        self.pane = pn.Column(self._words, self.table, sizing_mode="stretch_width", margin=0)
        state.param.watch(self._show, "suspects")

    def ask(self) -> None:
        """Have the list made."""
        self._state.list_suspects()

    def _show(self, event: Event) -> None:
        found, table = event.new, self._state.table
        if found is None:
            return
        more = f", the first {len(found.rows)} of them here" if len(found.rows) < found.duplicates + found.places else ""
        said = (
            f"{found.places:,} suspicious places and {found.duplicates:,} duplicates among {len(table):,} observations{more}."
        )
        self._words.object = f'<div class="hint">{said} A click on a row shows its report.</div>'
        rows = [
            (why, report_text(table, k), time_text(table, k), place_text(table, k),
             title(table.variable.names[table.variable.codes[k]]), level_text(table, k), value_text(table, k))
            for k, why in zip(found.rows, found.reasons, strict=True)
        ]  # fmt: skip
        self.table.param.update(value=_frame(rows), visible=bool(rows))

    def _on_click(self, event: Any) -> None:
        found = self._state.suspects
        if found is not None and event.row < len(found.rows):
            self._state.show_row(int(found.rows[event.row]))


def _frame(rows: Sequence[tuple[str, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS))
