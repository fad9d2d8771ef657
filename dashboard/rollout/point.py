"""What is forecast at one point: a town to choose, a meteogram, and its values as a table and as a file."""

from html import escape
from io import StringIO

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.experiments.rollout.layout import points_of
from backends.experiments.rollout.point import panels, series_at
from backends.experiments.rollout.series import Series
from backends.experiments.rollout.tables import series_table, to_csv
from backends.experiments.rollout.view import RolloutView
from backends.geometry.sphere import nearest
from backends.geometry.towns import Town, within
from dashboard.controls import Group, html
from dashboard.plots.race.frame import ANY_HEIGHT
from dashboard.plots.rollout.meteogram import Meteogram
from dashboard.rollout.state import RolloutState
from dashboard.rollout.values import values_table

#: What is chosen while no town is.
NOWHERE = "–"


class PointView:
    """The forecasts at a point of :class:`RolloutState`; a town moves the point, and another point lets go of the town."""

    def __init__(self, state: RolloutState) -> None:
        self.state = state
        self.meteogram = Meteogram()
        self._view: RolloutView | None = None
        self._series: tuple[Series, ...] = ()
        self._towns: dict[str, tuple[Town, int, float]] = {}
        self.town = pmui.Select(
            label="Town", options=[NOWHERE], value=NOWHERE, searchable=True, size="small", width=220, visible=False,
            description="Shows the series of the grid point nearest to a town; a click on a map chooses another point",
        )  # fmt: skip
        self.town.param.watch(self._on_town, "value")
        self.words, self.table = html(""), html("")
        self.csv = pmui.FileDownload(
            callback=self.file, filename="series.csv", label="Series as CSV", size="small", variant="outlined",
            description="All variables at the point: truth, and mean, quantiles and range of the members of each model, at "
            "all leads",
        )  # fmt: skip
        self.pane = pn.Column(
            pn.FlexBox(self.town, self.csv, gap="8px", align_items="center"), self.words, self.meteogram.pane,
            Group("Table", lambda: [self.table]).pane, sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT,
        )  # fmt: skip

    def show(self, view: RolloutView) -> None:
        """Draw the series at the point; other forecasts are shown at the town that was chosen, if they hold it."""
        old, self._view = self._view, view
        if old is None or old.layout != view.layout or old.on_earth != view.on_earth:
            self._offer(view)
        component = self.state.component
        self._forget_town()
        self._series = series_at(view, component, self.state.per_step)
        self.meteogram.show(view.leads, view.times, panels(self._series), view.time_unit, view.began)
        self.words.object = self._said(view, component)
        self.table.object = values_table(view, self._series)

    def file(self) -> StringIO:
        """Return all series as comma-separated values."""
        return StringIO("" if self._view is None else to_csv(series_table(self._view, self._series)))

    def _offer(self, view: RolloutView) -> None:
        chosen = self.town.value
        self._towns = _towns(view)
        names = [NOWHERE, *self._towns]
        self.town.param.update(options=names, value=chosen if chosen in names else NOWHERE, visible=len(names) > 1)
        self._go()

    def _said(self, view: RolloutView, component: int) -> str:
        how = "" if view.layout.kind == "phase" else " A click on the picture chooses another place."
        members = view.forecasts[0].members.shape[1]
        band = "Bands hold 80 % of the members (10–90 %), dashes mark the least and the greatest." if members > 1 else ""
        if self.town.value in self._towns:
            town, _, km = self._towns[self.town.value]
            longitude, latitude = view.place(component)
            where = f"{town.name} {_degrees(town.latitude, town.longitude, 2)}: grid point "
            name = f"{where}{_degrees(latitude, longitude, 1)}, {km:.0f} km"
        else:
            name = view.name_of(component)
            if len(self._series) > 1:  # the point of all of them
                name = name.removeprefix(f"{view.quantity_of(component)} at ").capitalize()
        return f'<div class="panel-title" data-role="place">{escape(name)}</div><div class="hint">{band}{how}</div>'

    def _go(self) -> None:
        """Let the state follow the town."""
        view = self._view
        if view is not None and self.town.value in self._towns:
            self.state.component = self.state.field * view.layout.size + self._towns[self.town.value][1]

    def _forget_town(self) -> None:
        view = self._view
        if view is not None and self.town.value in self._towns:
            _, point, _ = self._towns[self.town.value]
            if self.state.component % view.layout.size != point:
                self.town.value = NOWHERE

    def _on_town(self, event: Event) -> None:
        before = self.state.component
        self._go()
        if self.state.component == before and event.new in self._towns and self._view is not None:
            self.words.object = self._said(self._view, before)  # nothing else is another


def _towns(view: RolloutView) -> dict[str, tuple[Town, int, float]]:
    """Return the towns that a map holds by what they are called, each with the nearest point and its distance, km."""
    if not view.on_earth:
        return {}
    west, east, south, north = view.layout.edges
    points = points_of(view.layout)
    return {
        f"{town.name}, {town.country}": (town, *nearest(points, town.latitude, town.longitude))
        for town in within(south, north, west, east)
    }


def _degrees(latitude: float, longitude: float, digits: int) -> str:
    longitude = (longitude + 180) % 360 - 180
    north, east = "N" if latitude >= 0 else "S", "E" if longitude >= 0 else "W"
    return f"{abs(latitude):.{digits}f}°{north} {abs(longitude):.{digits}f}°{east}"
