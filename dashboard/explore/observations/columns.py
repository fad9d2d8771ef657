"""A panel in which a person says what the columns of a CSV file are."""

from collections.abc import Callable
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.errors import InputError
from backends.observations.columns import Columns
from backends.observations.schema import VARIABLES
from dashboard.controls import html, notice, one_message, tell
from dashboard.explore.observations.files import Question
from dashboard.explore.observations.state import ObservationState

WORDS = "Latitude, longitude and one value are needed; all else may stay open. Below are the first rows of the file."
#: No column, and no variable that has a standard name.
NOTHING, OTHER = -1, ""
#: Label and description by what a column can be; values and levels have more to them than a column.
ROLES: dict[str, tuple[str, str]] = {
    "time": ("Time", "When it was observed: ISO 8601, UTC where it has no zone, or yyyymmddhh"),
    "latitude": ("Latitude", "φ, degrees north"),
    "longitude": ("Longitude", "λ, degrees east"),
    "station": ("Station", "Name or number of the station, aircraft, ship or satellite"),
    "height": ("Station height", "Above mean sea level, m"),
    "report_type": ("Report type", "Such as SYNOP or TEMP"),
    "error": ("Error", "Standard deviation σₒ of the observation error, in the unit of the value"),
    "quality": ("Quality", "Texts: passed, suspicious, rejected; all others are unknown"),
    "background": ("Background", "Model equivalent H(xᵇ) before the analysis, in the unit of the value"),
    "analysis": ("Analysis", "Model equivalent H(xᵃ) after the analysis, in the unit of the value"),
    "variable": ("Name of variable", "Only where each row names what it observes; one column then has all values"),
}
KINDS = {"pressure": "pressure level", "height": "height level"}
#: Names of variables by what a person calls them, and the choice for all others.
TITLES = {known.title: name for name, known in VARIABLES.items()} | {"as the column is called": OTHER}


class ValueControls:
    """A column of values, its variable and its unit."""

    def __init__(self, options: dict[str, int], column: int, variable: str, units: str) -> None:
        self.column = pmui.Select(
            label="Value", options=options, value=column, width=210, description="A column with observed values"
        )
        self.variable = pmui.Select(
            label="Variable", options=TITLES, value=variable if variable in VARIABLES else OTHER, width=230, searchable=True,
            description="What was observed; of no effect where each row names its variable",
        )  # fmt: skip
        self.units = pmui.TextInput(
            label="Unit", value=units, placeholder="SI", width=120, description="Such as °C, hPa, kt or %; SI if it is empty"
        )
        self.pane = pn.Row(self.column, self.variable, self.units)


class ColumnsPanel:
    """The panel, there while the state has a question, and the button that asks for it; `on_close` ends it unanswered."""

    def __init__(self, state: ObservationState, on_close: Callable[[], None]) -> None:
        self.state, self._on_close = state, on_close
        self._header: tuple[str, ...] = ()
        self._options: dict[str, int] = {}
        self.button = pmui.Button(
            label="Columns…", icon="view_column", variant="text", size="small", visible=False, on_click=lambda _: state.ask(),
            description="Say what the columns of this CSV file are",
        )  # fmt: skip
        self.table, self._problem = html(), notice("problem")
        self.roles = {
            role: pmui.Select(label=label, options={}, width=210, description=description)
            for role, (label, description) in ROLES.items()
        }
        self.level = pmui.Select(label="Level", options={}, width=210, description="Pressure or height of the observation")
        self.kind = pmui.Select(
            label="Kind of level", options=KINDS, value="pressure level", width=150, description="What it is"
        )
        self.level_units = pmui.TextInput(
            label="Unit of level", placeholder="hPa or m", width=150, description="hPa, or m for heights, if it is empty"
        )
        self.values: list[ValueControls] = []
        self._values = pn.Column(margin=0)
        self.add = pmui.Button(
            label="Another value", icon="add", variant="text", size="small", on_click=lambda _: self._add(NOTHING, OTHER, ""),
            description="Another column with values, of a variable of its own",
        )  # fmt: skip
        self.read = pmui.Button(
            label="Read", variant="contained", on_click=lambda _: self._read(), description="Read the file with these columns"
        )
        self.cancel = pmui.Button(
            label="Cancel", variant="outlined", on_click=lambda _: on_close(), description="Leave the file; what is shown stays"
        )
        self._heading = html()
        #: Filled at the first question, so that pages without one need not draw it.
        self.pane = pn.Column(visible=False, sizing_mode="stretch_width", margin=(6, 14))
        state.param.watch(self._on_question, "question")
        state.param.watch(self._on_opening, "opening")
        state.param.watch(self._on_text_file, "text_file")

    def _content(self) -> list[Any]:
        return [
            self._heading,
            html(f'<div class="hint">{WORDS}</div>'),
            self.table,
            pn.FlexBox(*self.roles.values(), gap="0", sizing_mode="stretch_width"),
            pn.FlexBox(self.level, self.kind, self.level_units, gap="0", sizing_mode="stretch_width"),
            self._values,
            self.add,
            self._problem,
            pn.Row(self.read, self.cancel),
            pmui.Divider(),
        ]

    # From the state to what is shown ------------------------------------------------------------------------------

    def _on_question(self, event: Event) -> None:
        with one_message():
            if event.new is not None:
                self._show(event.new)
            self.pane.visible = event.new is not None

    def _show(self, question: Question) -> None:
        if not self.pane.objects:
            self.pane.objects = self._content()
        self._header = header = question.preview.header
        # Columns of the same name cannot be told apart: the first is read.
        self._options = {"–": NOTHING} | {name or f"column {k + 1}, without a name": k for k, name in _first(header)}
        self._heading.object = f'<div class="heading"><h2>Columns of {escape(question.file.label)}</h2></div>'
        self.table.object = _table(question)
        columns = question.columns
        for role, select in self.roles.items():
            self._preset(select, columns.roles.get(role))
        kind = next((role for role in KINDS.values() if role in columns.roles), "pressure level")
        self._preset(self.level, columns.roles.get(kind))
        self.kind.value, self.level_units.value = kind, columns.units.get(columns.roles.get(kind, ""), "")
        values = columns.variables or ({columns.roles["value"]: OTHER} if "value" in columns.roles else {})
        self.values.clear()
        for name, variable in values.items():
            self._add(header.index(name) if name in header else NOTHING, variable, columns.units.get(name, ""))
        if not values:
            self._add(NOTHING, OTHER, "")
        self._say(question.problem)

    def _preset(self, select: pmui.Select, name: str | None) -> None:
        select.options = {}  # a select that keeps its value would go on to show the name that this had before
        select.param.update(options=self._options, value=self._header.index(name) if name in self._header else NOTHING)

    def _add(self, column: int, variable: str, units: str) -> None:
        self.values.append(ValueControls(self._options, column, variable, units))
        self._values.objects = [value.pane for value in self.values]

    def _say(self, problem: str) -> None:
        tell(self._problem, "problem", problem)

    def _on_opening(self, event: Event) -> None:
        self.read.loading = bool(event.new) and self.pane.visible

    def _on_text_file(self, event: Event) -> None:
        self.button.visible = event.new is not None

    # From the controls to the state -------------------------------------------------------------------------------

    def _read(self) -> None:
        self._say("")
        try:
            columns = self.columns()
            columns.check(self._header)
            columns.check_units()
        except InputError as problem:
            self._say(str(problem))
            return
        self.state.answer(columns)

    def columns(self) -> Columns:
        """Return what has been chosen.

        Raises
        ------
        InputError
            If a column is to hold two values, or several columns the values of rows that name their variables.
        """
        roles = {role: self._header[select.value] for role, select in self.roles.items() if select.value != NOTHING}
        units = {}
        if self.level.value != NOTHING:
            roles[self.kind.value] = name = self._header[self.level.value]
            units[name] = self.level_units.value.strip()
        variables: dict[str, str] = {}
        for value in (value for value in self.values if value.column.value != NOTHING):
            name = self._header[value.column.value]
            if name in variables:
                raise InputError(f"a column can be chosen for one value only; came {name} for two")
            variables[name] = value.variable.value or name
            units[name] = value.units.value.strip()
        if "variable" in roles:
            if len(variables) != 1:
                raise InputError(f"where each row names its variable, one column must have all values; came {len(variables)}")
            roles["value"], variables = next(iter(variables)), {}
        return Columns(roles, variables, {name: text for name, text in units.items() if text})


def _first(header: tuple[str, ...]) -> list[tuple[int, str]]:
    return [(k, name) for k, name in enumerate(header) if header.index(name) == k]


def _table(question: Question) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in question.preview.header)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in question.preview.rows)
    return f'<div style="overflow-x: auto; margin-bottom: 10px"><table class="numbers"><tr>{head}</tr>{rows}</table></div>'
