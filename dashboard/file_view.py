"""The settings as an experiment file: to read, to keep, to hand on, and to take over."""

from collections.abc import Sequence
from io import StringIO
from typing import Any, Protocol

import panel as pn
import panel_material_ui as pmui

from backends.errors import InputError
from dashboard.controls import html, notice, tell


class State(Protocol):
    """A page's state that can be written as an experiment file and read from one."""

    def yaml(self) -> str:
        """Return the settings as a file's text."""

    def take(self, text: str) -> None:
        """Take over the settings of a file's text."""


class FileView:
    """A text with the settings, a button that applies it, and one that downloads it.

    Parameters
    ----------
    state
        Of the page.
    words
        What stands above the text, markup of our own.
    name
        Of the file that is downloaded.
    more
        Other downloads.
    """

    def __init__(self, state: State, words: str, name: str, more: Sequence[Any] = ()) -> None:
        self.state = state
        self.text = pmui.TextAreaInput(
            label="Experiment file", value="", rows=18, max_length=200_000, sizing_mode="stretch_width",
            sx={"textarea": {"fontFamily": "monospace", "fontSize": "13px"}},
            description="YAML; a change counts once it is applied",
        )  # fmt: skip
        self.apply = pmui.Button(
            label="Apply", variant="contained", size="small", on_click=self._on_apply,
            description="Take the settings of the text over to the controls",
        )  # fmt: skip
        self.download = pmui.FileDownload(
            callback=lambda: StringIO(self.text.value), filename=name, label=f"Download {name}", size="small",
            description="Save the text as a file",
        )  # fmt: skip
        self._problem = notice("problem")
        self.pane = pn.Column(
            html(words), self.text, self._problem, pn.FlexBox(self.apply, self.download, *more, gap="8px"),
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
