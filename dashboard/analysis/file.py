"""The settings as an experiment file: to read, to keep, to hand on, and to take over."""

from io import StringIO

import panel as pn
import panel_material_ui as pmui

from backends.errors import InputError
from dashboard.analysis.state import AnalysisState
from dashboard.controls import html, notice, tell

WORDS = """
<div class="hint">These settings as an experiment file. <code>.venv/bin/python -m backends run analysis.yaml</code> computes the
same numbers without a browser; <code>repeat: 200</code> gives statistics over that many draws of the errors. Change the text,
or paste another file, and apply it. The keys are described in <code>docs/experiments.md</code>.</div>
"""


class FileView:
    """A text with the settings, a button that applies it, and one that downloads it."""

    def __init__(self, state: AnalysisState) -> None:
        self.state = state
        self.text = pmui.TextAreaInput(
            label="Experiment file", value="", rows=18, max_length=200_000, sizing_mode="stretch_width",
            sx={"textarea": {"fontFamily": "monospace", "fontSize": "13px"}},
        )  # fmt: skip
        self.apply = pmui.Button(label="Apply", variant="contained", size="small", on_click=self._on_apply)
        self.download = pmui.FileDownload(
            callback=lambda: StringIO(self.text.value), filename="analysis.yaml", label="Download",
            size="small",
        )  # fmt: skip
        self._problem = notice("problem")
        self.pane = pn.Column(
            html(WORDS), self.text, self._problem, pn.FlexBox(self.apply, self.download, gap="8px"),
            sizing_mode="stretch_width", max_width=860,
        )  # fmt: skip

    def show(self) -> None:
        """Show the settings that the controls have."""
        try:
            self.text.value = self.state.yaml()
        except InputError as problem:
            tell(self._problem, "problem", str(problem))
        else:
            tell(self._problem, "problem", "")

    def _on_apply(self, _event: object) -> None:
        try:
            self.state.take(self.text.value_input or self.text.value)
        except InputError as problem:
            tell(self._problem, "problem", str(problem))
        else:
            tell(self._problem, "problem", "")
