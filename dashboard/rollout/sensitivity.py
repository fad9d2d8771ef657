"""The Sensitivity tab: what in the start a forecast's error in a box depends on, and where."""

from collections.abc import Sequence
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.experiments.rollout.sensitivity import SensitivityView
from backends.experiments.rollout.view import RolloutView
from backends.pictures.coastlines import coastlines
from backends.pictures.sensitivity import titles
from dashboard.controls import html, notice, one_message, show_progress, tell
from dashboard.plots.race.frame import ANY_HEIGHT
from dashboard.plots.rollout.sensitivity import SensitivityLines, SensitivityMaps
from dashboard.rollout.address_keys import Report, RolloutAddressView
from dashboard.rollout.address_sensitivity import of_question, question_of
from dashboard.rollout.asking import MOST_MEMBERS, Asking
from dashboard.rollout.play import EMPTY
from dashboard.rollout.sensitivity_words import facts, table
from dashboard.style import STYLE

ABOUT = """<div class="hint">What would have made this forecast better? The gradient of its root-mean-square error in a box with
respect to the state that it began with, by automatic differentiation: a start that is higher by one unit at a place raises the
error by so much, as long as errors are small. Where it is large, an observation would have helped.</div>"""
#: Stands in the list of members for their mean.
MEAN = -1


class SensitivityTab:
    """Controls of the question, and pictures of the answer."""

    def __init__(self) -> None:
        self.asking = asking = Asking()
        self._filling = False
        self._words, self._facts, self._table = html(EMPTY), html(""), html("")
        self._problem = notice("problem")
        self.maps, self.lines = SensitivityMaps(self._on_box), SensitivityLines(self._on_box)
        self._make_controls()
        self._picture = pn.Column(sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)
        self._shown = [self._bar, self._box, self._problem, self.progress, self._facts, self._picture, self._table]
        self.pane = pn.Column(self._words, *self._shown, sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)
        self._set_visible(False)
        asking.param.watch(self._on_answer, "answer")
        asking.param.watch(self._on_running, "running")
        asking.param.watch(lambda event: tell(self._problem, "problem", event.new), "problem")

    def show(self, view: RolloutView | None) -> None:
        """Ask of other forecasts, or say that there are none."""
        if view is self.asking.view:
            return
        self._set_visible(view is not None)
        self._words.object = EMPTY if view is None else ABOUT
        self._facts.object = self._table.object = ""
        self.asking.take(view)
        if view is not None:
            self._offer(view)

    @property
    def chosen(self) -> dict[str, Any]:
        """What is asked, by the keys of the page's address."""
        view, question = self.asking.view, self.asking.question
        return {} if view is None or question is None else of_question(view, question, self.field)

    def choose(self, wanted: RolloutAddressView, report: Report) -> None:
        """Ask of the forecasts that are shown what an address says."""
        view = self.asking.view
        if view is not None:
            question, to = question_of(view, wanted, report)
            self.asking.ask(question)
            self.to.value = to
            self._offer(view)

    def tick(self) -> None:
        """Bring the progress up to date; called some times a second."""
        if self.asking.running:
            show_progress(self.progress, *self.asking.progress)

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self.asking.close()

    def _make_controls(self) -> None:
        small = {"size": "small", "margin": (5, 5)}
        self.model = pmui.Select(
            label="Model", options={"": 0}, value=0, width=220, description="Whose error it is, and whose gradient", **small
        )
        self.member = pmui.Select(
            label="Begins with",
            options={"": None},
            value=None,
            width=150,
            description="Mean of the members, or one of them",
            **small,
        )
        self.lead = pmui.IntSlider(
            label="Lead", start=1, end=2, value=1, show_value=False, width=220, margin=(5, 16),
            description="Lead time at which the error counts",
        )  # fmt: skip
        self.said = pn.pane.HTML("", stylesheets=[STYLE], width=90)
        self.of = pmui.Select(
            label="Error of", options={"": 0}, value=0, width=200, description="The quantity whose error counts", **small
        )
        self.to = pmui.Select(
            label="Sensitivity to", options={"": 0}, value=0, width=200,
            description="The quantity of the start that the gradient is shown of", **small,
        )  # fmt: skip
        self.corners = [
            pmui.FloatInput(
                label=f"{end} bound", value=0, width=130, format="0.[000]", description=f"{end} end of the box", **small
            )
            for end in ("Lower", "Upper", "Lower", "Upper")
        ]
        self.progress = pmui.LinearProgress(value=0, sizing_mode="stretch_width", visible=False, margin=(4, 5))
        self._bar = pn.FlexBox(self.model, self.member, self.lead, self.said, self.of, self.to, align_items="center", gap="4px")
        self._box = pn.FlexBox(*self.corners, align_items="center", gap="4px")
        for control in (self.model, self.member, self.lead, self.of):
            control.param.watch(self._on_control, "value")
        self.lead.param.watch(self._say_lead, "value")
        self.to.param.watch(self._on_to, "value")
        for corner in self.corners:
            corner.param.watch(self._on_corner, "value")

    def _set_visible(self, there: bool) -> None:
        for part in (self._bar, self._box, self._facts, self._picture, self._table):
            part.visible = there

    def _offer(self, view: RolloutView) -> None:
        """Let the controls offer what there is, and show what is asked."""
        question = self.asking.question
        layout, members = view.layout, view.prepared.ensemble.shape[1]
        self._filling = True
        try:
            self._options(self.model, {label: k for k, label in enumerate(view.labels)}, question.model)
            some = {"mean of members": MEAN, **{f"member {k + 1}": k for k in range(min(members, MOST_MEMBERS))}}
            self._options(self.member, some, MEAN if question.member is None else question.member)
            self.member.visible = members > 1
            self.lead.param.update(
                start=1, end=max(2, len(view.leads) - 1), value=question.lead // view.prepared.settings.every,
                disabled=len(view.leads) <= 2,
            )  # fmt: skip
            names = {name: k for k, name in enumerate(layout.names)}
            self._options(self.of, names, question.field)
            self.of.visible = len(names) > 1
            if layout.kind == "plane":
                self._options(self.to, names, min(self.to.value or 0, len(names) - 1))
            self.to.visible = layout.kind == "plane" and len(names) > 1
            self._fill_box()
        finally:
            self._filling = False
        self._say_lead()
        self._picture.objects = [self.maps.pane if layout.kind == "plane" else self.lines.pane]

    def _options(self, control: pmui.Select, options: dict, value: object) -> None:
        if options != control.options:
            control.options = {}  # one that keeps its value in other options goes on showing the old name
        control.param.update(options=options, value=value)

    def _fill_box(self) -> None:
        """Show the bounds of the box in their inputs."""
        view, bounds = self.asking.view, self.asking.bounds
        if view is None:
            return
        filling, self._filling = self._filling, True
        try:
            for k, corner in enumerate(self.corners):
                corner.visible = k // 2 < len(bounds)
                if corner.visible:
                    axis, end = view.layout.axes[k // 2], ("from", "to")[k % 2]
                    corner.param.update(label=f"{axis} {end}", value=round(bounds[k // 2][k % 2], 3))
        finally:
            self._filling = filling

    def _say_lead(self, *_events: Event) -> None:
        view = self.asking.view
        if view is not None:
            unit = f" {view.time_unit}" if view.time_unit else ""
            lead = view.leads[min(self.lead.value, len(view.leads) - 1)]
            self.said.object = f'<div class="hint" data-role="sensitivity-lead">{lead:.6g}{escape(unit)}</div>'

    def _on_control(self, *_events: Event) -> None:
        view, question = self.asking.view, self.asking.question
        if self._filling or view is None or None in (self.model.value, self.member.value, self.of.value):
            return
        every = view.prepared.settings.every
        lead = every * min(self.lead.value, len(view.leads) - 1)
        member = None if self.member.value == MEAN else self.member.value
        self.asking.ask(question, model=self.model.value, member=member, lead=lead, field=self.of.value)

    def _on_corner(self, _event: Event) -> None:
        values = [corner.value for corner in self.corners if corner.visible and corner.value is not None]
        if not self._filling and len(values) == 2 * len(self.asking.bounds):
            self._on_box(tuple(zip(values[::2], values[1::2], strict=True)))

    def _on_box(self, bounds: Sequence[tuple[float, float]]) -> None:
        self.asking.choose(bounds)
        if not self.asking.problem:
            self._fill_box()

    def _on_running(self, event: Event) -> None:
        self.progress.param.update(visible=event.new, value=0)

    def _on_to(self, *_events: Event) -> None:
        if not self._filling:
            self._on_answer()

    def _on_answer(self, *_events: Event) -> None:
        view, answer = self.asking.view, self.asking.answer
        if view is None or answer is None:
            return
        with one_message():
            self._draw(view, answer)

    @property
    def field(self) -> int:
        """Number of the field of the start that the gradient is drawn of."""
        view = self.asking.view
        return (self.to.value or 0) if view is not None and view.layout.kind == "plane" else 0

    def _draw(self, view: RolloutView, answer: SensitivityView) -> None:
        layout, q = view.layout, answer.question
        to = self.field
        lead = f"{view.leads[q.lead // view.prepared.settings.every]:.6g} {view.time_unit}".strip()
        self._facts.object = facts(view, answer, lead)
        self._table.object = table(view, answer, to)
        named = titles(view, q, to)
        places, bounds = answer.places[to], self.asking.bounds
        if layout.kind == "plane":
            shore = coastlines(*layout.edges) if view.on_earth else None
            error, gradient = view.of_field(answer.error, q.field), view.of_field(answer.gradient, to)
            self.maps.show(layout, error, gradient, named, shore)
            self.maps.mark(bounds, [view.place(component) for component in places])
        else:
            self.lines.show(layout, answer.error, answer.gradient, named)
            self.lines.mark(bounds, places)
