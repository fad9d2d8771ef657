"""What the members of an ensemble say together: mean, spread, probability, and a small map of each."""

from html import escape
from typing import Any, NamedTuple

import panel as pn
import panel_material_ui as pmui

from backends.fields.dataset import FieldDataset
from backends.fields.ensemble import Ensemble, ensemble
from backends.fields.field import Field, statistics
from backends.fields.picture import pixels
from backends.fields.views import View
from backends.pictures.ensemble import MOST, SHARE, SPREAD, Beyond, members, members_script
from backends.pictures.script import stem
from dashboard.controls import html, one_message
from dashboard.explore.address_keys import ExploreSettings, Report
from dashboard.explore.comparison import WIDTH, box
from dashboard.explore.cuts.view import CutView
from dashboard.explore.export import on_map
from dashboard.explore.state import ExploreState
from dashboard.export import Snapshot
from dashboard.plots.live import LiveMap
from dashboard.theme import limits, number, style_of, units_label

WORDS = "All members at the time and level of the map; the spread is their standard deviation, with m − 1 members below."
#: How wide small maps are.
STAMP = 256


class Members(NamedTuple):
    """An ensemble at one time and level, on one map."""

    dataset: FieldDataset
    variable: str
    at: tuple[tuple[str, int], ...]
    view: View | None


class EnsembleView(CutView[Members, Ensemble]):
    """Three maps, and stamps that share their colours and move together."""

    def __init__(self, state: ExploreState) -> None:
        super().__init__(state, WORDS, "ensemble.csv")
        self.mean = LiveMap(WIDTH, 330)
        self.spread = LiveMap(WIDTH, 330, linked_to=self.mean)
        self.share = LiveMap(WIDTH, 330, linked_to=self.mean)
        self.stamps: list[LiveMap] = []
        self._share_title = html()
        self.threshold = pmui.FloatInput(
            label="Threshold", value=None, width=170, description="Of the probability, in the unit of the variable."
        )
        self.side = pmui.Select(
            label="Probability of", options=["above", "below"], value="above", width=130,
            description="Share of the members above or below the threshold, in percent.",
        )  # fmt: skip
        for control in (self.threshold, self.side):
            control.param.watch(self._redraw, "value")
        self.controls.objects = [self.side, self.threshold, self.csv]
        self._scene: object = None
        self._threshold_for: object = None
        #: The threshold that the tab began with.
        self._begun: float | None = None

    @property
    def chosen(self) -> dict[str, Any]:
        """The threshold, once there is one of the variable, and which side of it counts."""
        known = self._threshold_for == (self.state.opened, self.state.variable)
        return {"probability": self.side.value, "threshold": self.threshold.value if known else None}

    @property
    def changed(self) -> dict[str, Any]:
        """The same without a threshold that nobody has set."""
        chosen = self.chosen
        return chosen | ({"threshold": None} if chosen["threshold"] == self._begun else {})

    def choose(self, wanted: ExploreSettings, report: Report) -> None:
        """Take over what an address says; without a threshold that which the tab begins with."""
        self.side.value = wanted.probability
        if wanted.threshold is not None:
            self._threshold_for = self.state.opened, self.state.variable
            self.threshold.value, self._begun = wanted.threshold, None
        elif self._asked is not None and self.found is not None and self._drawn == self._asked:
            self._begin(self._asked, self.found)
        else:
            self._threshold_for = None

    def _begin(self, asked: Members, found: Ensemble) -> None:
        """Set the threshold that the tab begins with."""
        self._threshold_for = asked.dataset, asked.variable
        self._begun = self.threshold.value = float(f"{statistics(found.mean()).mean:.3g}")

    def asked(self, field: Field) -> Members | str:
        """Return the members at the time and level that the map shows."""
        axis = field.variable.axis("member")
        if axis is None or len(axis) < 2:
            return f"{field.variable.title} has no members"
        at = tuple((name, index) for name, index in field.selection.items() if name != axis.name)
        view = None if self.state.picture is None else self.state.picture.view
        return Members(self.state.opened, field.variable.name, at, view)

    @staticmethod
    def compute(asked: Members) -> Ensemble:
        """Return the members."""
        return ensemble(asked.dataset, asked.variable, dict(asked.at))

    def draw(self, asked: Members, found: Ensemble) -> None:
        """Draw mean, spread, probability and stamps."""
        style, units = style_of(found.variable), units_label(found.variable.units)
        shared, mean, spread = limits(style, statistics(found.members)), found.mean(), found.spread()
        if self._threshold_for != (asked.dataset, asked.variable):
            self._begin(asked, found)
        scene = asked.dataset, asked.variable, None if asked.view is None else asked.view.projection
        count = min(len(found.members), MOST)
        if len(self.stamps) != count:
            self.stamps = [LiveMap(STAMP, 180, linked_to=self.mean) for _ in range(count)]
        with one_message():
            of_spread = limits(SPREAD, statistics(spread))
            drawn = (self.mean, mean, style, shared, found.variable.title), (self.spread, spread, SPREAD, of_spread, "spread")
            stamps = ((m, v, style, shared, found.variable.title) for m, v in zip(self.stamps, found.members, strict=False))
            for on_map, values, colors, ends, name in (*drawn, *stamps):
                raster = pixels(Field(found.variable, values, dict(asked.at)), asked.view)
                on_map.show(scene, raster, colors, ends, name, units, asked.view)
            self._draw_share(asked, found)
            if scene != self._scene:
                self._scene = scene
                self._lay_out(found)

    def _lay_out(self, found: Ensemble) -> None:
        maps = (html("Mean"), self.mean), (html("Spread"), self.spread), (self._share_title, self.share)
        labels = (html(f'<div class="hint">{escape(label)}</div>') for label in found.axis.labels[: len(self.stamps)])
        self.body.objects = [
            pn.FlexBox(
                *(pn.Column(words, shown.pane, margin=0, styles=box(shown)) for words, shown in row),
                gap="0 12px", sizing_mode="stretch_width",
            )
            for row in (maps, zip(labels, self.stamps, strict=True))
        ]  # fmt: skip

    def _redraw(self, *_events: object) -> None:
        asked, found = self._asked, self.found
        if asked is not None and found is not None and self.mean.figure is not None:
            with one_message():
                self._draw_share(asked, found)

    def _draw_share(self, asked: Members, found: Ensemble) -> None:
        threshold = self.threshold.value
        if threshold is None:
            return
        field = Field(found.variable, found.probability(threshold, self.side.value == "above"), dict(asked.at))
        scene = asked.dataset, asked.variable, None if asked.view is None else asked.view.projection
        self.share.show(scene, pixels(field, asked.view), SHARE, (0.0, 100.0), "probability", "%", asked.view)
        units = escape(units_label(found.variable.units))
        self._share_title.object = f"Probability {self.side.value} {number(threshold)} {units}"

    def snapshot(self, asked: Members, found: Ensemble) -> Snapshot:
        """Return the members with their script."""
        picture, source = self.state.picture, self.source(asked.variable, asked.at)
        beyond = Beyond(self.threshold.value or 0.0, self.side.value == "above")
        name = stem("explore", source.dataset, asked.variable, "ensemble")
        script = members_script(source, on_map(self.state), beyond, name)
        return Snapshot(name, lambda: members(found, picture.field, beyond, asked.view), {"py": script})

    def table(self, asked: Members, found: Ensemble) -> str:
        """Return a row for each cell: its place, mean, spread and probability."""
        latitude, longitude = found.variable.mesh.places()
        share = found.probability(self.threshold.value or 0.0, self.side.value == "above")
        columns = zip(latitude, longitude, found.mean().ravel(), found.spread().ravel(), share.ravel(), strict=True)
        rows = (",".join(f"{value:.7g}" for value in row) for row in columns)
        return "\n".join([f"latitude,longitude,mean,spread,probability {self.side.value} {self.threshold.value:g}", *rows, ""])
