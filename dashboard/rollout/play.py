"""The Play tab: truth and forecasts at one lead after the other, and the series at a point."""

from html import escape
from io import StringIO

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.experiments.rollout.tables import series_table, to_csv
from backends.experiments.rollout.view import RolloutView
from dashboard.controls import Group, html, one_message
from dashboard.plots.race.frame import ANY_HEIGHT
from dashboard.plots.rollout.meteogram import Meteogram
from dashboard.plots.rollout.reel import Reel, Strip
from dashboard.rollout.pictures import LinePictures, MapPictures, PhasePictures, Pictures
from dashboard.rollout.player import Player
from dashboard.rollout.state import RolloutState

EMPTY = """<div class="hint" data-role="empty">Nothing has been forecast yet. Choose in the sidebar where forecasts start and
which models run, and press <b>Run</b>.</div>"""
KINDS: dict[str, type[Pictures]] = {"phase": PhasePictures, "ring": LinePictures, "plane": MapPictures}
#: Rows of the table that are shown; all are in the file.
MOST_ROWS = 60


class PlayView:
    """A player, the picture that suits the states, and a meteogram."""

    def __init__(self, state: RolloutState) -> None:
        self.state = state
        self.reel = Reel()
        self.meteogram = Meteogram()
        self._pictures: Pictures | None = None
        self._view: RolloutView | None = None
        self._strips: list[Strip] = []
        self.start = pmui.Select(
            label="Start", options={"1 of 1": 0}, value=0, size="small", width=120, description="Whose states are shown"
        )
        self.start.param.watch(self._on_start, "value")
        self._own = pn.Row(margin=0)
        self.player = Player(self.reel.clock, [self.start, self._own])
        self._empty = html(EMPTY)
        self._words = html("")
        self._picture = pn.Column(sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)
        self._table = html("")
        self.csv = pmui.FileDownload(
            callback=self._file, filename="series.csv", label="Series as CSV", size="small",
            description="Truth, and mean, quantiles and range of the members of each model, at all leads",
        )  # fmt: skip
        self._series = pn.Column(
            self._words, self.meteogram.pane, pn.FlexBox(self.csv, gap="8px"),
            Group("Table", lambda: [self._table]).pane, sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT,
        )  # fmt: skip
        self._shown = [self.player.pane, self._picture, self._series]
        self.pane = pn.Column(self._empty, *self._shown, sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)
        for part in self._shown:
            part.visible = False
        self.player.clock.param.watch(self._on_lead, "lead")
        state.param.watch(self._on_component, "component")
        state.param.watch(self._on_field, "field")

    def show(self, view: RolloutView | None) -> None:
        """Draw forecasts, or say that there are none."""
        if view is self._view:
            return
        self._view = view
        self._empty.visible = view is None
        for part in self._shown:
            part.visible = view is not None
        if view is None:
            self.reel.clear()
            return
        kind = KINDS[view.layout.kind]
        if type(self._pictures) is not kind:
            self._pictures = kind(self.state, self._draw)
        S = len(view.prepared.starts)
        # A bare number would be taken for the value of another entry.
        numbers = {f"{k + 1} of {S}": k for k in range(S)}
        if numbers != self.start.options:
            # A list that keeps its number in other options goes on showing the name that belonged to it before.
            self.start.options = {}
        self.start.param.update(options=numbers, value=view.start)
        unit = f" {view.time_unit}" if view.time_unit else ""
        labels = [f"lead {lead:.6g}{unit}, valid at {time}" for lead, time in zip(view.leads, view.times, strict=True)]
        self.player.offer(labels)
        self._pictures.configure(view)
        self._draw()
        if self._picture.objects != [self._pictures.pane]:
            self._own.objects = self._pictures.controls
            self._picture.objects = [self._pictures.pane]

    def _draw(self) -> None:
        """Give the browser all frames of what is chosen."""
        view, pictures = self._view, self._pictures
        if view is None or pictures is None:
            return
        with one_message():
            self._strips = pictures.strips(view)
            self._show_series()
            self.reel.load([*self._strips, self.meteogram.strip(view.leads)], self.player.lead)

    def _show_series(self) -> None:
        view, component = self._view, self.state.component
        if view is None or self._pictures is None:
            return
        series, name = view.series(component), view.name_of(component)
        what, unit = view.quantity_of(component), view.unit_of(component)
        self.meteogram.show(view.leads, series.truth, series.models, what, unit, view.time_unit)
        self._pictures.mark(view, component)
        how = "" if view.layout.kind == "phase" else " A click on the picture chooses another place."
        members = view.forecasts[0].members.shape[1]
        band = "Bands hold 80 % of the members (10–90 %), dashes mark the least and the greatest." if members > 1 else ""
        self._words.object = f'<div class="panel-title">{escape(name)}</div><div class="hint">{band}{how}</div>'
        self._table.object = _table(series_table(view, component))

    def _on_lead(self, event: Event) -> None:
        self.reel.go(event.new)

    def _on_component(self, *_events: Event) -> None:
        if self._view is self.state.view:  # newer forecasts have other components; they come when this tab is shown
            with one_message():
                self._show_series()

    def _on_field(self, *_events: Event) -> None:
        if self._view is self.state.view:
            self._draw()

    def _on_start(self, event: Event) -> None:
        if event.new is not None:
            self.state.show_start(event.new)

    def _file(self) -> StringIO:
        return StringIO("" if self._view is None else to_csv(series_table(self._view, self.state.component)))


def _table(rows: list[list[str]]) -> str:
    def line(cells: list[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(_short(cell))}</{tag}>" for cell in cells) + "</tr>"

    stride = -(-len(rows) // MOST_ROWS)
    body = "".join(line(row, "td") for row in rows[1::stride])
    note = f'<div class="hint">Every {stride}. lead; all are in the file.</div>' if stride > 1 else ""
    return f'{note}<div style="overflow-x: auto"><table class="numbers">{line(rows[0], "th")}{body}</table></div>'


def _short(cell: str) -> str:
    try:
        return f"{float(cell):.4g}".replace("-", "−") if len(cell) > 6 else cell
    except ValueError:
        return cell
