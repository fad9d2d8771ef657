"""The views of a field beside its map, each in a tab that is built when it is looked at first."""

from collections.abc import Callable
from typing import Any, Protocol

import panel as pn
from panel.viewable import Viewable
from param.parameterized import Event

from dashboard.controls import one_message
from dashboard.explore.address_keys import ExploreSettings, Report
from dashboard.explore.chunks import ChunksView
from dashboard.explore.comparison import ComparisonView
from dashboard.explore.cuts.hovmoller import HovmollerView
from dashboard.explore.cuts.profile import ProfileView
from dashboard.explore.cuts.regions import RegionsView
from dashboard.explore.cuts.section import SectionView
from dashboard.explore.cuts.zonal import ZonalView
from dashboard.explore.ensemble import EnsembleView
from dashboard.explore.state import ExploreState
from dashboard.explore.statistics import StatisticsView
from dashboard.plots.race.frame import ANY_HEIGHT
from dashboard.tabs import bring_forward, empty_tabs

MAP = 0


class View(Protocol):
    """What a tab holds."""

    @property
    def pane(self) -> Viewable:
        """All of it."""
        ...

    @property
    def chosen(self) -> dict[str, Any]:
        """What is chosen on it, by the keys of the page's address."""
        ...

    def choose(self, wanted: ExploreSettings, report: Report) -> None:
        """Choose what an address says, once `show` has been called; what of it cannot be is told to `report`."""
        ...

    def show(self) -> None:
        """Bring it up to date with the state: when it is looked at, and while it is, after every new picture."""
        ...

    def wait(self) -> None:
        """Block until everything asked for is there; for programs without a browser."""
        ...

    def close(self) -> None:
        """Let go of everything when the session ends."""
        ...


#: What each tab beside the map is called, and what makes it.
VIEWS: dict[str, Callable[[ExploreState], View]] = {
    "Compare": ComparisonView,
    "Ensemble": EnsembleView,
    "Zonal mean": ZonalView,
    "Section": SectionView,
    "Profile": ProfileView,
    "Hovmöller": HovmollerView,
    "Regions": RegionsView,
    "Statistics": StatisticsView,
    "Chunks": ChunksView,
}


class ExploreViews:
    """The tabs and what lies below them; `pane` begins with the map.

    Parameters
    ----------
    state
        Of the page.
    map_pane
        What the first tab shows.
    """

    def __init__(self, state: ExploreState, map_pane: Viewable) -> None:
        self._state, self._map = state, map_pane
        self._made: dict[int, View] = {}
        self.tabs = empty_tabs(["Map", *VIEWS], self._on_tab)
        self.pane = pn.Column(map_pane, sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)
        state.param.watch(self._on_change, ["picture", "picked"])

    def chosen(self) -> View | None:
        """Return the view that is looked at, made if it is not there yet; None for the map."""
        number = self.tabs.active
        if number == MAP:
            return None
        if number not in self._made:
            self._made[number] = list(VIEWS.values())[number - 1](self._state)
        return self._made[number]

    def _on_tab(self, _event: Event) -> None:
        with one_message():
            view = self.chosen()
            panes = [self._map, *(made.pane for made in self._made.values())]
            bring_forward(self.pane, panes, self._map if view is None else view.pane)
            if view is not None:
                view.show()

    def _on_change(self, *_events: Event) -> None:
        view = self.chosen()
        if view is not None and self._state.picture is not None:
            view.show()

    def wait(self) -> None:
        """Block until the view that is looked at is up to date; for programs without a browser."""
        view = self.chosen()
        if view is not None:
            view.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        for view in self._made.values():
            view.close()
