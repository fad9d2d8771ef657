"""Pictures of the state of a race, for each layout of states."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import panel_material_ui as pmui

from backends.experiments.cycling.layout import Layout
from backends.experiments.cycling.methods import MethodSection
from backends.experiments.cycling.view import RaceView
from backends.pictures.cycling_states import HISTORY, REACH
from dashboard.cycling.state import CyclingState
from dashboard.plots.race.attractor import Attractor
from dashboard.plots.race.cloud import Cloud
from dashboard.plots.race.frame import grid
from dashboard.plots.race.hovmoller import Hovmoller
from dashboard.plots.race.ring import RingProfile

#: How far axes of phase space reach beyond what the truth visits, as a part of that.
BEYOND = 0.08
#: Buttons whose letters stay small: u is no U.
AS_WRITTEN = {"& .MuiToggleButton-root": {"textTransform": "none"}}
#: Methods whose members after the analysis are drawn anew from those before it.
RESAMPLING = ("pf", "lpf")


class StatePictures(ABC):
    """Pictures of one testbed's states.

    Parameters
    ----------
    layout
        Of the states.
    mean, spread
        Of the climate, (n,).
    states
        Some states of the climate, (K, n).
    state
        Of the page.
    """

    #: Newest cycles whose states are wanted.
    history = 0
    #: What an address calls the control, where there is one.
    key = ""

    def __init__(self, layout: Layout, mean: np.ndarray, spread: np.ndarray, states: np.ndarray, state: CyclingState) -> None:
        self.layout, self.state = layout, state
        self.controls: list[Any] = []
        #: What stands above the errors against time, and below.
        self.pane: Any = None
        self.below: list[Any] = []
        self._build(mean, spread, states)

    @abstractmethod
    def _build(self, mean: np.ndarray, spread: np.ndarray, states: np.ndarray) -> None:
        """Make figures and controls."""

    @abstractmethod
    def show(self, view: RaceView) -> None:
        """Draw a moment: what the eye follows."""

    @property
    def number(self) -> int:
        """Number of the field that is shown, where there are several."""
        return 0

    @property
    def offered(self) -> dict[str, Any]:
        """What the control offers, the usual first, by the names that addresses have for it; empty where there is none."""
        options = self.controls[0].options if self.controls else {}
        return {label.replace("–", "-"): value for label, value in options.items()}

    @property
    def chosen(self) -> dict[str, str]:
        """What is chosen by the control, by the key of an address."""
        if not self.controls:
            return {}
        return {self.key: next(name for name, value in self.offered.items() if value == self.controls[0].value)}

    def choose(self, wanted: dict[str, str], report: Callable[[str], Any]) -> None:
        """Choose what an address says, or the usual where it says nothing; what cannot be is told to `report`."""
        offered, name = self.offered, wanted.get(self.key, "")
        for key, asked in wanted.items():
            if asked and (key != self.key or asked not in offered):
                known = f"{self.key} is {' or '.join(offered)}" if offered else "there is nothing to choose"
                report(f"{key}: of states of this testbed {known}; came {asked!r:.60}")
        if self.controls:
            self.controls[0].value = offered.get(name, next(iter(offered.values())))

    def more(self, view: RaceView) -> list[Callable[[], None]]:
        """Return what draws the rest of it, which may come a little later."""
        del view
        return []

    @abstractmethod
    def clear(self) -> None:
        """Take everything away."""

    def _show_cloud(self, cloud: Cloud, view: RaceView) -> None:
        chosen = view.methods[view.chosen]
        observed = dict(zip(view.observed.tolist(), view.values.tolist(), strict=True))
        means = (chosen.background, chosen.analysis)
        linked = _keeps_members(self.state.live.settings.methods[view.chosen])
        cloud.show(chosen.members_background, chosen.members_analysis, view.truth, observed, means, linked)


class PhasePictures(StatePictures):
    """The attractor with trails, and the ensemble close up."""

    history, key = HISTORY["phase"], "drawn"

    def _build(self, mean: np.ndarray, spread: np.ndarray, states: np.ndarray) -> None:
        names = self.layout.names
        low, high = states.min(0), states.max(0)
        beyond = BEYOND * (high - low)
        self._limits = np.array([_rounded(*ends) for ends in zip(low - beyond, high + beyond, strict=True)])
        self._backdrop = states
        planes = {f"{names[a]}–{names[b]}": (a, b) for a in range(len(names)) for b in range(a + 1, len(names))}
        if len(names) > 2:
            planes = {"3D": tuple(range(3)), **planes}  # type: ignore[dict-item]
        self.plane = pmui.Select(
            label="Drawn", options=planes, value=next(iter(planes.values())), size="small", width=110,
            description="Which components; a drag turns the 3D picture",
        )  # fmt: skip
        self.plane.param.watch(lambda event: self._on_plane(event.new), "value")
        if len(planes) > 1:
            self.controls = [self.plane]
        self._on_plane(self.plane.value)

    def _on_plane(self, plane: tuple[int, ...]) -> None:
        """Make both figures anew, which the next moment draws."""
        names = self.layout.names
        self.attractor, self.cloud = Attractor(height=400, trail=40), Cloud(height=400)
        self.attractor.configure(names, limits=self._limits, backdrop=self._backdrop, components=plane)
        self.cloud.configure(names, plane=(plane[0], plane[1]))
        self.pane = grid(self.attractor.pane, self.cloud.pane, least=380)

    def show(self, view: RaceView) -> None:
        """Draw a moment."""
        if view.history is None:
            return
        means = dict(zip(view.labels, view.history.analyses, strict=True))
        chosen = view.methods[view.chosen]
        observed = dict(zip(view.observed.tolist(), view.values.tolist(), strict=True))
        before, after = chosen.members_background, chosen.members_analysis
        self.attractor.show(view.history.truth, means, view.labels[view.chosen], before, after, observed)

    def more(self, view: RaceView) -> list[Callable[[], None]]:
        """Return what draws the ensemble close up."""
        return [lambda: self._show_cloud(self.cloud, view)]

    def clear(self) -> None:
        """Take everything away."""
        self.attractor.clear()
        self.cloud.clear()


class RingPictures(StatePictures):
    """The state round the ring now, and over time as Hovmöller diagrams; the ensemble in the plane of two points."""

    history, key = HISTORY["ring"], "around_mean"

    def _build(self, mean: np.ndarray, spread: np.ndarray, states: np.ndarray) -> None:
        n, name = self.layout.size, self.layout.names[0]
        typical, reach = float(mean.mean()), REACH * float(np.sqrt((spread**2).mean()))
        self.ring, self.hovmoller, self.cloud = RingProfile(height=300), Hovmoller(height=230), Cloud(height=300)
        limits = (typical - reach, typical + reach)
        self.ring.configure(np.arange(n), name, limits=limits)
        self.hovmoller.configure(n, name, limits=limits)
        self.cloud.configure([f"{name} at point {k}" for k in range(n)])
        self.uncertainty = pmui.RadioButtonGroup(
            label="Around the mean",
            options={"Members": "members", "±2 spread": "spread", "Neither": "none"},
            value="members",
            size="small",
            description="Each member of the ensemble, or a band of twice its standard deviation on either side",
            width=330,
            sx=AS_WRITTEN,
        )
        self.uncertainty.param.watch(lambda event: self.ring.set_uncertainty(event.new), "value")
        self.controls = [self.uncertainty]
        self.pane, self.below = grid(self.ring.pane, self.cloud.pane, least=380), [self.hovmoller.pane]

    def show(self, view: RaceView) -> None:
        """Draw a moment."""
        chosen = view.methods[view.chosen]
        self.ring.show(
            view.truth, chosen.background, chosen.analysis, chosen.members_analysis, chosen.spread,
            (view.observed, view.values), view.sigma,
        )  # fmt: skip

    @property
    def offered(self) -> dict[str, Any]:
        """What may be drawn around the mean."""
        return {value: value for value in self.uncertainty.options.values()}

    def more(self, view: RaceView) -> list[Callable[[], None]]:
        """Return what draws the ensemble in a plane, and the Hovmöller diagrams."""
        return [lambda: self._show_cloud(self.cloud, view), lambda: self._show_history(view)]

    def _show_history(self, view: RaceView) -> None:
        history = view.history
        analysis = None if history is None else history.analyses[view.chosen]
        if history is not None and analysis is not None and len(history.cycles):
            self.hovmoller.show(history.cycles, history.truth, analysis)

    def clear(self) -> None:
        """Take everything away."""
        for figure in (self.ring, self.hovmoller, self.cloud):
            figure.clear()


def _keeps_members(settings: MethodSection) -> bool:
    """Return whether each member after the analysis is one of before that has been moved: not rotated, not resampled."""
    return settings.name not in RESAMPLING and not getattr(settings, "rotation", False)


def _rounded(low: float, high: float) -> tuple[float, float]:
    """Return limits that hold both ends, in steps of a fiftieth to a fifth of what lies between."""
    step = 10 ** math.floor(math.log10(max(high - low, 1e-9))) / 5
    return math.floor(low / step) * step, math.ceil(high / step) * step
