"""What all cuts have in common: they are asked for when they are looked at, computed on the file thread, and drawn in place."""

from abc import ABC, abstractmethod
from collections.abc import Hashable
from io import StringIO
from typing import Any, Generic, TypeVar

import panel as pn
import panel_material_ui as pmui

from backends.errors import InputError
from backends.fields.field import Axis, Field
from backends.fields.meshes import Mesh
from backends.pictures.explore_script import Source
from dashboard.controls import html, notice, one_message, tell
from dashboard.explore.address_keys import ExploreSettings, Report
from dashboard.explore.export import source_of
from dashboard.explore.state import ExploreState
from dashboard.export import Snapshot
from dashboard.plots.race.frame import ANY_HEIGHT
from dashboard.worker import FILES, LatestWins

Asked = TypeVar("Asked", bound=Hashable)
Found = TypeVar("Found")


class CutView(ABC, Generic[Asked, Found]):
    """A view of which `Asked` says all that it is made of.

    Parameters
    ----------
    state
        Of the page.
    words
        What is seen, one sentence of our own markup.
    filename
        Of its table.
    """

    def __init__(self, state: ExploreState, words: str, filename: str) -> None:
        self.state = state
        self._work: LatestWins[Asked, Found] = LatestWins(FILES, self.compute, self._on_found, self._on_failed)
        self._asked: Asked | None = None
        #: What `found` was asked for with, while something else may be on its way.
        self._drawn: Asked | None = None
        self.found: Found | None = None
        self._problem, self._words = notice("problem"), html(f'<div class="hint">{words}</div>')
        self.csv = pmui.FileDownload(
            callback=self._table, filename=filename, label="CSV", size="small", variant="outlined",
            description="What is drawn, as a table",
        )  # fmt: skip
        self.controls = pn.FlexBox(gap="4px 12px", align_items="center")
        self.body = pn.Column(sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)
        self.pane = pn.Column(
            self._words, self.controls, self._problem, self.body, sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT
        )

    @abstractmethod
    def asked(self, field: Field) -> Asked | str:
        """Return what is to be computed for the field that is shown, or a sentence where nothing can be."""

    @staticmethod
    @abstractmethod
    def compute(asked: Asked) -> Found:
        """Return it; called on the file thread."""

    @abstractmethod
    def draw(self, asked: Asked, found: Found) -> None:
        """Draw it."""

    @abstractmethod
    def table(self, asked: Asked, found: Found) -> str:
        """Return it as text with commas."""

    @abstractmethod
    def snapshot(self, asked: Asked, found: Found) -> Snapshot:
        """Return it with its script, to be kept."""

    @property
    def mesh(self) -> Mesh:
        """The grid of what is chosen on the page, whose picture may be on its way."""
        mesh: Mesh = self.state.opened.variable(self.state.variable).mesh
        return mesh

    @property
    def chosen(self) -> dict[str, Any]:
        """What is chosen here, by the keys of the page's address; empty where it was chosen of another variable or grid."""
        return {}

    @property
    def changed(self) -> dict[str, Any]:
        """The same without what the tab began with by itself."""
        return self.chosen

    def choose(self, wanted: ExploreSettings, report: Report) -> None:
        """Choose what an address says, once `show` has been called; what of it cannot be is told to `report`."""

    def exported(self) -> Snapshot:
        """Return what is drawn, to be kept; refused with a sentence where there is nothing, or not yet."""
        if self._asked is None or self.found is None:
            raise InputError("there is nothing to export yet; it is exported as soon as it is shown")
        if self._drawn != self._asked or not self.state.settled:
            raise InputError("another picture is on its way; wait for it")
        return self.snapshot(self._asked, self.found)

    def source(self, variable: str, at: tuple[tuple[str, int], ...]) -> Source:
        """Return where a variable comes from, at these indices."""
        return source_of(self.state, variable, dict(at))

    @property
    def caption(self) -> str:
        """Of the field on the map: its time, level and member."""
        picture = self.state.picture
        return f" · {picture.field.caption}" if picture is not None and picture.field.caption else ""

    def show(self, *_events: object) -> None:
        """Bring it up to date, unless it is."""
        picture, dataset = self.state.picture, self.state.opened
        if picture is None or dataset is None:
            return
        field = picture.field
        if {**dataset.variables, **dataset.derived}.get(field.variable.name) is not field.variable:
            return  # another file has been opened; its picture is on the way
        asked = self.asked(field)
        if isinstance(asked, str):
            self._asked = None
            self._on_failed(asked)
        elif asked != self._asked:
            self._asked = asked
            self._work.request(asked)

    def _on_found(self, asked: Asked, found: Found) -> None:
        if asked != self._asked:
            return
        with one_message():
            self.found, self._drawn = found, asked
            tell(self._problem, "problem", "")
            self.draw(asked, found)
            self.body.visible, self.csv.disabled = True, False

    def _on_failed(self, problem: str) -> None:
        self._asked = self._drawn = self.found = None
        self.body.visible, self.csv.disabled = False, True
        tell(self._problem, "problem", problem)

    def _table(self) -> StringIO:
        return StringIO("" if self._asked is None or self.found is None else self.table(self._asked, self.found))

    def wait(self) -> None:
        """Block until it is up to date; for programs without a browser."""
        self._work.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self._work.close()
        self._asked = self._drawn = self.found = None


def others(field: Field, along: Axis | None) -> tuple[tuple[str, int], ...]:
    """Return the indices that a field is shown at on all axes but one."""
    return tuple((name, index) for name, index in field.selection.items() if along is None or name != along.name)


def log_pressure(state: ExploreState) -> pmui.Checkbox:
    """Return the choice of a logarithmic pressure axis, which all tabs share."""
    box: pmui.Checkbox = pmui.Checkbox.from_param(
        state.param.log_pressure, label="log p", size="small", visible=False,
        description="Pressure on a logarithmic axis, which is nearly even in height",
    )  # fmt: skip
    return box
