"""The controls of real observations over a field: which field, which observations of which file, and what was made of them."""

from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.experiments.cases import ObservedFieldCase
from backends.experiments.field_cases import find_variable
from backends.fields.field import Axis
from backends.observations.comparison import fitting
from backends.observations.schema import QUALITIES, title
from dashboard.analysis.opening import Opened
from dashboard.analysis.state import AnalysisState
from dashboard.binding import choice, slider
from dashboard.controls import DatasetSelect, html

MAX_SEED = 99
#: What belongs to one file of observations, and is let go when another is chosen.
OF_FILE = {"observed": "", "at": None, "levels": None, "box": None, "report_types": ()}
#: What belongs to one dataset.
OF_DATASET = {"variable": "", "time": None, "level": None, "member": None}

ABOUT_AXES = {
    "time": "Valid time of the background x_b, UTC",
    "level": "Level of the background x_b",
    "member": "Member of the ensemble that is the background x_b",
}


class ObservedControls:
    """Widgets of the case ``observed-field``; lists are filled when a case has been opened."""

    def __init__(self, state: AnalysisState) -> None:
        self.state, self._showing = state, False
        section = self.section = state.cases["observed-field"]
        self.datasets = DatasetSelect(label="Background", description="The background x_b is a field of this dataset.")
        self.datasets.param.watch(self._on_dataset, "key")
        self.field = self._select("Field", "What of it is x_b: fields of the unit that is observed, the likeliest first.")
        self.field.param.watch(self._on_field, "value")
        self.axes = pn.Column(sizing_mode="stretch_width", margin=0)
        self.files = self._select("Observations", "A file of observations in the data folder.")
        self.files.param.watch(self._on_file, "value")
        self.observed = self._select("Observed", "What is observed, and how many observations of it the file has.")
        self.observed.param.watch(self._on_observed, "value")
        self.near = self._select("Observations near", "The time that the window is round.")
        self.near.param.watch(lambda event: self._set(at=event.new or None), "value")
        self.qualities = pmui.MultiChoice(
            label="Quality", options=list(QUALITIES), value=list(section.qualities), sizing_mode="stretch_width",
            description="Classes of quality control that are used",
        )  # fmt: skip
        self.qualities.param.watch(self._on_qualities, "value")
        self.notes = html()
        state.param.watch(self._show, "opened")
        state.param.watch(self._offer, "offered")
        self._offer()

    def content(self) -> list[Any]:
        """Return the controls from top to bottom."""
        section = self.section
        return [
            self.datasets, self.field, self.axes, pmui.Divider(), self.files, self.observed, self.near,
            slider(section, "window", "Window ± [h]", 0, 24, 0.5, "Observations at most so long before or after that time"),
            self.qualities,
            choice(
                section, "errors", "Errors σ_o", {"As the file has them": "file", "All alike": "alike"},
                "As the file has them: each keeps its ratio to the control σ_o, their root mean square",
            ),
            slider(section, "limit", "At most", 1, 2000, 1, "More observations than this are drawn from by the seed"),
            slider(section, "seed", "Seed of the draw", 0, MAX_SEED, about="Another choice where there are too many"),
            self.notes,
        ]  # fmt: skip

    @staticmethod
    def _select(label: str, about: str) -> Any:
        return pmui.Select(label=label, options={}, sizing_mode="stretch_width", description=about)

    # From the controls to the state -------------------------------------------------------------------------------

    def _set(self, **values: object) -> None:
        if not self._showing:
            self.section.param.update(**values)

    def _on_dataset(self, event: Event) -> None:
        if event.new and event.new != self.section.path:
            self._set(path=event.new, **OF_DATASET)

    def _on_file(self, event: Event) -> None:
        if event.new and event.new != self.section.observations:
            self._set(observations=event.new, **OF_FILE)

    def _on_field(self, event: Event) -> None:
        if event.new and event.new != self.section.variable:
            self._set(**{**OF_DATASET, "variable": event.new})

    def _on_observed(self, event: Event) -> None:
        if event.new and event.new != self.section.observed:
            self._set(observed=event.new, levels=None, variable="")

    def _on_qualities(self, event: Event) -> None:
        if event.new:  # none would be no observation
            self._set(qualities=tuple(event.new))

    # From the state to the controls -------------------------------------------------------------------------------

    def _offer(self, *_events: Event) -> None:
        offered = self.state.offered
        self._showing = True
        if offered is not None:
            self.datasets.offer(list(offered.entries), [], self.section.path)
            self.files.param.update(options=list(offered.observed), value=self.section.observations or None)
        self._showing = False

    def _show(self, event: Event) -> None:
        opened: Opened | None = event.new
        if opened is None or opened.dataset is None or opened.contents is None:
            return
        settings = opened.prepared.settings
        assert isinstance(settings, ObservedFieldCase)
        self._offer()
        self._showing = True
        counts, units = opened.contents.counts, opened.contents.units
        self.observed.options = {}
        self.observed.param.update(
            options={f"{title(name)} ({n:,})": name for name, n in counts.items()}, value=settings.observed
        )
        variable = find_variable(opened.dataset, settings.variable)
        names = [*dict.fromkeys([*fitting(opened.dataset, settings.observed, units[settings.observed]), variable.name])]
        self.field.options = {}
        self.field.param.update(options={opened.dataset.variable(name).title: name for name in names}, value=variable.name)
        own = settings.at or ""
        times = {"the background's time": ""} | ({own.replace("T", " ") + " UTC": own} if own else {})
        self.near.options = {}
        self.near.param.update(options=times, value=own)
        self.qualities.value = list(settings.qualities)
        field = opened.prepared.field
        assert field is not None
        self.axes.objects = [self._axis(axis, field.selection[axis.name]) for axis in variable.axes]
        self.notes.object = "".join(
            f'<div class="hint" style="margin: 0 10px 6px" data-role="notes">{escape(note)}</div>'
            for note in (*_chosen(settings), *opened.prepared.experiment.case.notes)
        )
        self._showing = False

    def _axis(self, axis: Axis, index: int) -> Any:
        label = {"time": "Background at", "level": "Level", "member": "Member"}.get(axis.role, axis.name)
        kind = pmui.DiscreteSlider if axis.role == "time" and len(axis) > 1 else pmui.Select
        control = kind(
            label=label, options={text: k for k, text in enumerate(axis.labels)}, value=index, sizing_mode="stretch_width",
            description=ABOUT_AXES.get(axis.role, "What of this dimension of the file is x_b"),
        )  # fmt: skip

        def chosen(event: Event) -> None:
            if axis.role == "time":
                self._set(time=event.new if axis.times is None else str(axis.times[event.new].astype("datetime64[s]")))
            elif axis.role == "level":
                self._set(level=axis.values[event.new], levels=None)
            elif axis.role == "member":
                self._set(member=event.new)

        control.param.watch(chosen, "value")
        return control


def _chosen(settings: ObservedFieldCase) -> list[str]:
    """Return what was chosen on the Explore page, and has no control here."""
    said = []
    if settings.levels is not None:
        low, high = settings.levels
        factor, units = {"pressure": (0.01, " hPa"), "height": (1.0, " m")}.get(settings.level_kind, (1.0, ""))
        said.append(f"Observations between {low * factor:g} and {high * factor:g}{units} count as at the level of the field.")
    if settings.box is not None:
        west, east, south, north = settings.box
        said.append(f"Only those between {south:.1f} and {north:.1f}°N, {west:.1f} and {east:.1f}°E.")
    if settings.report_types:
        said.append(f"Only reports of type {', '.join(settings.report_types)}.")
    return said
