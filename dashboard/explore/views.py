"""The views of a field beside its map, each in a tab that is built when it is looked at first."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

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
        """What is chosen on it, by the keys of the page's address; empty where it was chosen of another variable or grid."""
        ...

    @property
    def changed(self) -> dict[str, Any]:
        """The same without what the tab began with by itself."""
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


class Kind(NamedTuple):
    """What makes a view, the keys of the address that are said of it, and whether these mean nothing of another variable."""

    make: Callable[[ExploreState], View]
    keys: tuple[str, ...] = ()
    of_variable: bool = False


#: The tabs beside the map, by what they are called.
VIEWS = {
    "Compare": Kind(ComparisonView, ("compare", "compare_with"), of_variable=True),
    "Ensemble": Kind(EnsembleView, ("probability", "threshold"), of_variable=True),
    "Zonal mean": Kind(ZonalView),
    "Section": Kind(SectionView, ("line",)),
    "Profile": Kind(ProfileView),
    "Hovmöller": Kind(HovmollerView, ("across", "band")),
    "Regions": Kind(RegionsView, ("regions",)),
    "Statistics": Kind(StatisticsView, ("spectrum", "log_counts")),
    "Chunks": Kind(ChunksView, ("array", "query", "axes", "position", "region_size"), of_variable=True),
}
#: By their number, which counts the map as the first.
KINDS = dict(enumerate(VIEWS.values(), MAP + 1))
#: All keys of the address that are said of them; no two have the same.
KEYS = tuple(key for kind in KINDS.values() for key in kind.keys)


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
        #: What an address says of tabs that have not been looked at since, by their numbers, and who is told what cannot be.
        self._awaited: dict[int, tuple[ExploreSettings, Report]] = {}
        self.tabs = empty_tabs(["Map", *VIEWS], self._on_tab)
        self.pane = pn.Column(map_pane, sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)
        state.param.watch(self._forget, ["opened", "variable"])
        state.param.watch(self._on_change, ["picture", "picked", "log_pressure"])

    def chosen(self) -> View | None:
        """Return the view that is looked at, made if it is not there yet; None for the map."""
        number = self.tabs.active
        if number == MAP:
            return None
        if number not in self._made:
            self._made[number] = KINDS[number].make(self._state)
        return self._made[number]

    @property
    def settings(self) -> dict[str, Any]:
        """What is chosen on all tabs, by `KEYS`; of those that are not looked at, what has been changed on them."""
        found: dict[str, Any] = {}
        for number, kind in KINDS.items():
            if number in self._awaited:
                found |= {key: getattr(self._awaited[number][0], key) for key in kind.keys}
            elif number in self._made:
                view = self._made[number]
                found |= view.chosen if number == self.tabs.active else view.changed
        return found

    def choose(self, wanted: ExploreSettings, report: Report) -> None:
        """Choose on all tabs what an address says: at once on that which is looked at, on the others when they are."""
        usual = ExploreSettings()
        self._awaited = {
            number: (wanted, report)
            for number, kind in KINDS.items()
            if number in self._made or any(getattr(wanted, key) != getattr(usual, key) for key in kind.keys)
        }
        self._show()

    def _forget(self, *events: Event) -> None:
        """Let go of what was asked for of another dataset, or of another variable of it."""
        anew = any(event.name == "opened" for event in events)
        self._awaited = {number: asked for number, asked in self._awaited.items() if not (anew or KINDS[number].of_variable)}

    def _show(self) -> None:
        """Bring the view that is looked at up to date, and choose on it what an address has asked for."""
        view = self.chosen()
        if view is not None:
            view.show()  # so that it offers what there is of the field of now
            if self._state.picture is not None and (asked := self._awaited.pop(self.tabs.active, None)) is not None:
                view.choose(*asked)

    def _on_tab(self, _event: Event) -> None:
        with one_message():
            view = self.chosen()
            panes = [self._map, *(made.pane for made in self._made.values())]
            bring_forward(self.pane, panes, self._map if view is None else view.pane)
            self._show()

    def _on_change(self, *_events: Event) -> None:
        if self._state.picture is not None:
            self._show()

    def wait(self) -> None:
        """Block until the view that is looked at is up to date; for programs without a browser."""
        view = self.chosen()
        if view is not None:
            view.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        for view in self._made.values():
            view.close()
