"""The controls of a field: its variable, its axes with a player for time, and the limits of its colours."""

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.fields.field import Axis
from dashboard.controls import LivePlayer
from dashboard.explore.limits import LimitBoxes
from dashboard.explore.options import variable_options
from dashboard.explore.state import ExploreState

ABOUT_AXES = {
    "level": "Level that the map shows; the keys ↑ and ↓ go through them",
    "member": "Member of the ensemble that the map shows",
}


class FieldControls:
    """Widgets that follow an :class:`ExploreState` and set it; the page lays them out."""

    def __init__(self, state: ExploreState) -> None:
        self._state = state
        self.variables = pmui.Select(
            label="Variable",
            sizing_mode="stretch_width",
            description="What the map shows: variables of the file, and what can be derived from them.",
        )
        self.variables.param.watch(self._on_variable, "value")
        self.player = LivePlayer(
            start=0, end=1, value=0, interval=250, loop_policy="loop", show_value=False, show_loop_controls=False, label="Time",
            description="Valid time of the field, UTC; space plays, ← and → step",
            visible_buttons=["first", "previous", "pause", "play", "next", "last"], visible=False,
            sizing_mode="stretch_width", max_width=1010, margin=(0, 10),
        )  # fmt: skip
        self.player.param.watch(self._on_player, "value")
        #: Lists of the indices of axes that have several, by role.
        self.selects: dict[str, pmui.Select] = {}
        self._listed: list[Axis] = []
        self.axes = pn.Column(sizing_mode="stretch_width")
        self.limits = LimitBoxes(state.set_limits)
        usual = pmui.Button(
            label="All times", variant="outlined", size="small", on_click=lambda _: state.usual_limits(),
            description="Colours span the values of all times and members at this level.",
        )  # fmt: skip
        fit = pmui.Button(
            label="This field", variant="outlined", size="small", on_click=lambda _: state.fit_limits(),
            description="Colours span the values of the field that is shown.",
        )  # fmt: skip
        self.colours = pn.Column(self.limits.pane, pn.Row(usual, fit), sizing_mode="stretch_width", margin=0)
        state.param.watch(self._offer_variables, ["dataset", "opened"])
        state.param.watch(self.offer_axes, ["opened", "variable"])
        state.param.watch(self._on_selection, "selection")

    # From the controls to the state -------------------------------------------------------------------------------

    def _on_variable(self, event: Event) -> None:
        if event.new:
            self._state.choose_variable(event.new)

    def _on_player(self, event: Event) -> None:
        axis = self._state.time_axis
        if axis is not None and event.new < len(axis):
            self._state.choose(axis.name, event.new)

    # From the state to the controls -------------------------------------------------------------------------------

    def _offer_variables(self, *_events: Event) -> None:
        state = self._state
        if state.opened is not None:
            self.variables.param.update(options=variable_options(state.opened), value=state.variable)

    def offer_axes(self, *_events: Event) -> None:
        """Offer the axes of the variable that is shown, whoever chose it, such as an address."""
        state = self._state
        if state.opened is None:
            return
        if state.variable in self.variables.options.values():
            self.variables.value = state.variable
        variable = state.opened.variable(state.variable)
        time = state.time_axis
        self.player.visible = time is not None and len(time) > 1
        if time is not None:
            self.player.param.update(end=len(time) - 1, value=state.selection[time.name])
        self.selects = {}
        self._listed = [axis for axis in variable.axes if axis is not time]
        self.axes.objects = [self._axis_select(axis) for axis in self._listed]

    def _on_selection(self, _event: Event) -> None:
        """Let the controls say what is chosen, whoever chose it."""
        state, time = self._state, self._state.time_axis
        if time is not None:
            self.player.value = state.selection.get(time.name, 0)
        for axis, select in zip(self._listed, self.axes.objects, strict=True):
            select.value = state.selection.get(axis.name, 0)

    def _axis_select(self, axis: Axis) -> pmui.Select:
        label = {"level": "Level", "member": "Member"}.get(axis.role, axis.name)
        select = pmui.Select(
            label=label,
            options={text: k for k, text in enumerate(axis.labels)},
            value=self._state.selection[axis.name],
            sizing_mode="stretch_width",
            description=ABOUT_AXES.get(axis.role, "What the map shows of this dimension of the file"),
        )
        if len(axis) > 1:
            self.selects.setdefault(axis.role, select)
        select.param.watch(lambda event: self._state.choose(axis.name, event.new), "value")
        return select
