"""Pictures of forecasts, for each layout of states."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import panel_material_ui as pmui
from param.parameterized import Event

from backends.experiments.cycling.layout import Layout
from backends.experiments.rollout.shown import shown
from backends.experiments.rollout.view import RolloutView
from backends.pictures.coastlines import coastlines
from backends.pictures.rollout_states import Frame, lead_labels
from dashboard.plots.rollout.film import Film, line_film, map_film, phase_film
from dashboard.plots.rollout.lines import LineFrames, Plume
from dashboard.plots.rollout.maps import MapFrames, Named
from dashboard.plots.rollout.phase import PhaseFrames
from dashboard.plots.rollout.reel import Strip
from dashboard.rollout.state import RolloutState

Frames = dict[str, np.ndarray]
#: What maps are drawn of: layout, name, truth, models, limits, limit of differences, differences, coastlines.
Maps = tuple[
    Layout, Named, np.ndarray | None, Frames, tuple[float, float], float, Frames, np.ndarray | None,
]  # fmt: skip


class Pictures(ABC):
    """Pictures of one layout of states.

    Parameters
    ----------
    state
        Of the page.
    redraw
        Called when something else is to be drawn.
    """

    def __init__(self, state: RolloutState, redraw: Callable[[], None]) -> None:
        self.state, self._redraw = state, redraw
        self._configuring = False
        self.controls: list[Any] = []
        self.pane: Any = None
        self._build()

    @abstractmethod
    def _build(self) -> None:
        """Make figures and controls."""

    def configure(self, view: RolloutView) -> None:
        """Let the controls offer what there is."""
        self._configuring = True
        try:
            self._offer(view)
        finally:
            self._configuring = False

    def _offer(self, view: RolloutView) -> None:
        del view

    @abstractmethod
    def strips(self, view: RolloutView) -> list[Strip]:
        """Draw, and return the frames of all leads."""

    @abstractmethod
    def film(self, view: RolloutView) -> Callable[[int], Film]:
        """Return what makes a film of what is chosen now, for so many pixels across; it may be called on another thread."""

    def frame(self, lead: int) -> Frame:
        """Return what is looked at, at a lead."""
        return Frame(lead)

    @abstractmethod
    def mark(self, view: RolloutView, component: int) -> None:
        """Mark the place whose series is shown."""

    def _changed(self, *_events: Event) -> None:
        if not self._configuring:
            self._redraw()


class LinePictures(Pictures):
    """Curves along a line."""

    def _build(self) -> None:
        self.lines = LineFrames(on_tap=self._on_tap)
        self.pane = self.lines.pane

    def _on_tap(self, point: int) -> None:
        self.state.component = point

    def strips(self, view: RolloutView) -> list[Strip]:
        """Draw the curves."""
        layout = view.layout
        return self.lines.show(view.truth, _plumes(view), layout.names[0], layout.units[0], layout.axes[0])

    def film(self, view: RolloutView) -> Callable[[int], Film]:
        """Return what makes a film of the curves."""
        layout = view.layout
        words = (layout.names[0], layout.units[0], layout.axes[0])
        return lambda pixels: line_film(view.truth, _plumes(view), *words, lead_labels(view), pixels)

    def mark(self, view: RolloutView, component: int) -> None:
        """Mark a point."""
        del view
        self.lines.mark(component)


class PhasePictures(Pictures):
    """Paths through phase space."""

    def _build(self) -> None:
        self.phase = PhaseFrames()
        self.pane = self.phase.pane
        self.plane = pmui.Select(
            label="Drawn", options={"": (0, 1)}, value=(0, 1), size="small", width=110,
            description="Which components; a drag turns the 3D picture",
        )  # fmt: skip
        self.series = pmui.Select(
            label="Series of", options={"": 0}, value=0, size="small", width=110,
            description="The component whose series is shown below",
        )  # fmt: skip
        self.plane.param.watch(self._changed, "value")
        self.series.param.watch(self._on_series, "value")
        self.controls = [self.plane, self.series]

    def _offer(self, view: RolloutView) -> None:
        names = view.layout.names
        planes: dict[str, tuple[int, ...]] = {"3D": (0, 1, 2)} if len(names) > 2 else {}
        planes |= {f"{names[a]}–{names[b]}": (a, b) for a in range(len(names)) for b in range(a + 1, len(names))}
        if planes != self.plane.options:
            self.plane.param.update(options=planes, value=next(iter(planes.values())))
        components = {name: k for k, name in enumerate(names)}
        if components != self.series.options:
            self.series.param.update(options=components, value=min(self.state.component, len(names) - 1))

    def _on_series(self, event: Event) -> None:
        if event.new is not None and not self._configuring:
            self.state.component = event.new

    def strips(self, view: RolloutView) -> list[Strip]:
        """Draw the paths."""
        means = {forecast.label: forecast.mean for forecast in view.forecasts}
        members = {forecast.label: forecast.members for forecast in view.forecasts}
        return self.phase.show(view.layout.names, view.truth, means, members, view.backdrop, self.plane.value)

    def film(self, view: RolloutView) -> Callable[[int], Film]:
        """Return what makes a film of the paths."""
        chosen = list(self.plane.value)
        means = {forecast.label: forecast.mean[:, chosen] for forecast in view.forecasts}
        members = {forecast.label: forecast.members[:, :, chosen] for forecast in view.forecasts}
        names = [view.layout.names[k] for k in chosen]
        truth, backdrop = view.truth[:, chosen], view.backdrop[:, chosen]
        return partial(phase_film, names, truth, means, members, backdrop, lead_labels(view))

    def frame(self, lead: int) -> Frame:
        """Return what is looked at, in the chosen plane."""
        return Frame(lead, plane=tuple(self.plane.value))

    def mark(self, view: RolloutView, component: int) -> None:
        """Name the component."""
        del view
        self.series.value = component


class MapPictures(Pictures):
    """Maps of the truth, the forecasts, and their differences."""

    def _build(self) -> None:
        self.maps = MapFrames(on_tap=self._on_tap)
        self.pane = self.maps.pane
        self._view: RolloutView | None = None
        self.shown = pmui.Select(
            label="Shown", options=["mean"], value="mean", size="small", width=130,
            description="Mean or spread of the members of each model, or one of them",
        )  # fmt: skip
        self.shown.param.watch(self._changed, "value")
        self.field = pmui.Select(
            label="Field", options={"": 0}, value=0, size="small", width=260, visible=False,
            description="What the maps show; the series are of all fields",
        )  # fmt: skip
        self.field.param.watch(self._on_field, "value")
        self.controls = [self.shown, self.field]

    def _offer(self, view: RolloutView) -> None:
        self._view = view
        members = view.forecasts[0].members.shape[1]
        some = ["mean", "spread", *(f"member {k + 1}" for k in range(min(members, 9)))] if members > 1 else ["mean"]
        chosen = self.shown.value if self.shown.value in some else "mean"
        self.shown.param.update(options=some, value=chosen, visible=len(some) > 1)
        fields = {name: k for k, name in enumerate(view.layout.names)}
        if fields != self.field.options:
            # A list that keeps its number in other options goes on showing the name that belonged to it before.
            self.field.options = {}
            self.field.param.update(options=fields, value=min(self.state.field, len(fields) - 1), visible=len(fields) > 1)

    def strips(self, view: RolloutView) -> list[Strip]:
        """Draw the maps."""
        return self.maps.show(*self._maps(view))

    def film(self, view: RolloutView) -> Callable[[int], Film]:
        """Return what makes a film of the maps."""
        alone = view.forecasts[0].members.shape[1] == 1
        what = "" if alone else f"{self.shown.value}{' of the members' if self.shown.value in ('mean', 'spread') else ''}, "
        maps, titles = self._maps(view), [what + label for label in lead_labels(view)]
        return lambda pixels: map_film(*maps, titles, pixels)

    def _maps(self, view: RolloutView) -> Maps:
        """Return what the rows of maps are drawn of."""
        field = shown(view, self.state.field, self.state.per_step)
        models = {f.label: field.chosen(f, self.shown.value) for f in view.forecasts}
        shore = coastlines(*view.layout.edges) if view.on_earth else None
        difference_unit = field.quantity.difference_unit
        if self.shown.value == "spread":
            name = Named(f"spread of {field.name}", difference_unit, difference_unit)
            return view.layout, name, None, models, field.spread_limits(), 1.0, {}, shore
        truth = field.truth
        differences = {label: values - truth for label, values in models.items()}
        name, limits, apart = Named(field.name, field.unit, difference_unit), field.value_limits(), field.difference_limit()
        return view.layout, name, truth, models, limits, apart, differences, shore

    def frame(self, lead: int) -> Frame:
        """Return what is looked at: mean, spread or a member."""
        return Frame(lead, self.state.field, self.shown.value, self.state.per_step)

    def mark(self, view: RolloutView, component: int) -> None:
        """Mark a place on all maps."""
        self.maps.mark(*view.place(component))

    def _on_field(self, event: Event) -> None:
        if event.new is None or self._configuring:
            return
        view = self._view
        if view is not None:  # the same place of the other field
            self.state.component = event.new * view.layout.size + self.state.component % view.layout.size
        self.state.field = event.new

    def _on_tap(self, x: float, y: float) -> None:
        view = self._view
        component = None if view is None else view.component_at(self.state.field, x, y)
        if component is not None:
            self.state.component = component


def _plumes(view: RolloutView) -> dict[str, Plume]:
    return {forecast.label: Plume(forecast.mean, *view.band(forecast)) for forecast in view.forecasts}
