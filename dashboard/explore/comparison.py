"""The field on the map beside another one, and their difference."""

from html import escape
from typing import Any, NamedTuple

import panel as pn
import panel_material_ui as pmui

from backends.fields.catalogue import Catalogue
from backends.fields.climatology import calendar_months
from backends.fields.compare import Comparison, compare
from backends.fields.dataset import FieldDataset
from backends.fields.field import Axis, Field
from backends.fields.partner import DATASET, MEAN, MONTH, VARIABLE, partner
from backends.fields.picture import pixels
from backends.fields.views import View
from backends.pictures.comparison import DIFFERENCE, both_limits, comparison, comparison_script
from backends.pictures.script import stem
from dashboard.controls import html, notice, one_message, tell
from dashboard.explore.address_keys import ExploreSettings, Report
from dashboard.explore.cuts.view import CutView
from dashboard.explore.export import on_map
from dashboard.explore.options import variable_options
from dashboard.explore.state import ExploreState
from dashboard.export import Snapshot
from dashboard.plots.live import LiveMap
from dashboard.theme import number, style_of, units_label

WORDS = "First the field of the map, then what it is compared with, on its grid and in its unit; below, first minus second."
WIDTH, WIDE = 520, 720


class Pair(NamedTuple):
    """Two fields: `kind` is an axis's name, a mean over one, another variable or another dataset; `choice` says which."""

    dataset: FieldDataset
    catalogue: Catalogue
    variable: str
    at: tuple[tuple[str, int], ...]
    kind: str
    choice: int | str
    view: View | None


class ComparisonView(CutView[Pair, Comparison]):
    """Three maps that pan and zoom together."""

    def __init__(self, state: ExploreState) -> None:
        super().__init__(state, WORDS, "difference.csv")
        self.first = LiveMap(WIDTH, 330)
        self.second = LiveMap(WIDTH, 330, linked_to=self.first)
        self.difference = LiveMap(WIDE, 420, linked_to=self.first)
        self._titles = [html(), html(), html()]
        self._offered: object = None
        self._offered_field: Field | None = None
        self._choosing = False
        #: Whether somebody has said what to compare with.
        self._said = False
        self._scene: object = None
        self.kind = pmui.Select(
            label="Compare with", options={}, width=230,
            description="What the second field is: another time, level or member, a mean, the mean of all times of the file in "
            "the same calendar month, another variable or another dataset.",
        )  # fmt: skip
        self.choice = pmui.Select(
            label="which", options={}, width=300, searchable=True,
            description="Of another dataset: its variable of the same kind, at the same time, level and member.",
        )  # fmt: skip
        self.kind.param.watch(self._on_kind, "value")
        self.choice.param.watch(self._on_choice, "value")
        self.controls.objects = [self.kind, self.choice, self.csv]
        self._waiting = notice("stale")
        self.pane.insert(self.pane.index(self.body), self._waiting)

    @property
    def chosen(self) -> dict[str, Any]:
        """What the second field is, and which: the label of a time, level or member, else the name or key."""
        if self._offered != (self.state.opened, self.state.variable):
            return {}
        kind, choice = self.kind.value or "", self.choice.value
        if choice is None or kind.startswith((MEAN, MONTH)):
            choice = ""
        elif not isinstance(choice, str):
            choice = next(label for label, k in self.choice.options.items() if k == choice)
        return {"compare": kind, "compare_with": choice}

    @property
    def changed(self) -> dict[str, Any]:
        """The same, if somebody has said it."""
        return self.chosen if self._said else {}

    def choose(self, wanted: ExploreSettings, report: Report) -> None:
        """Choose what an address says, or what is offered first."""
        kind, choice = wanted.compare, str(wanted.compare_with)
        if self._said and not (kind or choice) and self._offered_field is not None:
            self._offer(self._offered_field)
            self.show()
        if kind and kind not in self.kind.options.values():
            report(f"compare: there is {', '.join(self.kind.options.values())}; came {kind!r:.60}")
            return
        if kind:
            self.kind.value = kind
        if choice:
            options = self.choice.options
            if choice not in (*options.values(), *options):
                report(f"compare_with: nothing to compare with is called {choice!r:.60}")
            else:
                self.choice.value = options.get(choice, choice)

    @property
    def _maps(self) -> tuple[LiveMap, LiveMap, LiveMap]:
        return self.first, self.second, self.difference

    def asked(self, field: Field) -> Pair | str:
        """Return the pair that is chosen."""
        dataset, picture = self.state.opened, self.state.picture
        if (dataset, field.variable.name) != self._offered:
            self._offered = dataset, field.variable.name
            self._offer(field)
        if self.kind.value is None or self.choice.value is None:
            return "there is nothing to compare this field with"
        at = tuple(field.selection.items())
        return Pair(dataset, self.state.catalogue, field.variable.name, at, self.kind.value, self.choice.value, picture.view)

    def _offer(self, field: Field) -> None:
        several = [axis for axis in field.variable.axes if len(axis) > 1]
        named = {axis.name: axis.name if axis.role == "other" else axis.role for axis in several}
        kinds = {f"another {what}": name for name, what in named.items()}
        kinds |= {f"mean over all {what}s": f"{MEAN} {name}" for name, what in named.items()}
        dated = next((axis.name for axis in several if len(_months(axis)) > 1), None)
        if dated is not None:
            kinds["mean of its calendar month"] = f"{MONTH} {dated}"
        kinds |= {"another variable": VARIABLE, "another dataset": DATASET}
        self._offered_field, self._said = field, False
        self._choosing = True
        self.kind.options = {}
        self.kind.param.update(options=kinds, value=next(iter(kinds.values())))
        self._choosing = False
        self._offer_choice()

    def show(self, *_events: object) -> None:
        """Bring it up to date; what is drawn of another pair goes at once, as its names are no longer those of the controls."""
        super().show()
        asked, drawn = self._asked, self._drawn
        if asked is not None and drawn is not None and asked._replace(at=(), view=None) != drawn._replace(at=(), view=None):
            with one_message():
                self._drawn = self.found = None
                self.body.visible, self.csv.disabled = False, True
                tell(self._waiting, "stale", "comparing …")

    def _on_failed(self, problem: str) -> None:
        tell(self._waiting, "stale", "")
        super()._on_failed(problem)

    def _on_kind(self, *_events: object) -> None:
        if not self._choosing:
            self._said = True
            self._offer_choice()
            self.show()

    def _on_choice(self, *_events: object) -> None:
        if not self._choosing:
            self._said = True
            self.show()

    def _offer_choice(self) -> None:
        field, kind = self._offered_field, self.kind.value
        if kind is None or field is None or self.state.opened is None:
            return
        axis = next((a for a in field.variable.axes if a.name == kind), None)
        options: dict[str, int | str] = {}
        if axis is not None:
            options = {label: k for k, label in enumerate(axis.labels)}
        elif kind == VARIABLE:
            options = {
                label: name for label, name in variable_options(self.state.opened).items() if name != field.variable.name
            }
        elif kind == DATASET:
            options = {entry.title: entry.key for entry in self.state.entries if entry.key != self.state.dataset}
        else:
            options = {"all of them": kind}
        values = list(options.values())
        here = field.selection.get(kind, -1)
        start = None if not values else values[here - 1] if axis is not None and here > 0 else values[-1 if here == 0 else 0]
        self._choosing = True
        self.choice.options = {}
        self.choice.param.update(options=options, value=start, visible=not kind.startswith((MEAN, MONTH)))
        self._choosing = False

    @staticmethod
    def compute(asked: Pair) -> Comparison:
        """Return both fields and their difference."""
        dataset = asked.dataset
        first = dataset.field(asked.variable, dict(asked.at))
        return compare(first, partner(dataset, first, asked.kind, asked.choice, asked.catalogue))

    def draw(self, asked: Pair, found: Comparison) -> None:
        """Draw the three maps: the first two share their colours, the third's lie evenly about zero."""
        tell(self._waiting, "stale", "")
        variable = found.first.variable
        style, units = style_of(variable), units_label(variable.units)
        shared, apart = both_limits(found)
        drawn = (
            (self.first, found.first.values, style, shared, found.first.caption),
            (self.second, found.values, style, shared, f"{found.second.variable.title} · {found.second.caption}"),
            (self.difference, found.difference, DIFFERENCE, apart, _words(found, units)),
        )
        scene = (asked.dataset, asked.variable, asked.kind, None if asked.view is None else asked.view.projection)
        with one_message():
            for (on_map, values, colors, ends, words), title in zip(drawn, self._titles, strict=True):
                raster = pixels(Field(variable, values, found.first.selection), asked.view)
                on_map.show(scene, raster, colors, ends, variable.title, units, asked.view)
                title.object = escape(words)
            if scene != self._scene:
                self._scene = scene
                boxes = [pn.Column(t, m.pane, margin=0, styles=box(m)) for t, m in zip(self._titles, self._maps, strict=True)]
                self.body.objects = [pn.FlexBox(*boxes, gap="0 12px", sizing_mode="stretch_width")]

    def snapshot(self, asked: Pair, found: Comparison) -> Snapshot:
        """Return the comparison with its script."""
        source = self.source(asked.variable, asked.at)
        name = stem("explore", source.dataset, asked.variable, "compared")
        script = comparison_script(source, on_map(self.state), asked.kind, asked.choice, name)
        return Snapshot(name, lambda: comparison(found, asked.view), {"py": script})

    def table(self, asked: Pair, found: Comparison) -> str:
        """Return a row for each cell: its place, both values and the difference."""
        latitude, longitude = found.first.variable.mesh.places()
        columns = zip(
            latitude, longitude, found.first.values.ravel(), found.values.ravel(), found.difference.ravel(), strict=True
        )
        rows = (",".join(f"{value:.7g}" for value in row) for row in columns)
        return "\n".join(["latitude,longitude,first,second,difference", *rows, ""])


def box(on_map: LiveMap) -> dict[str, str]:
    """Return the styles of a map's box in a flexible row, which is made when the figure is there: it had no width otherwise."""
    return {"flex": f"1 1 {min(380, on_map.width)}px", "min-width": "0", "max-width": f"{on_map.width}px"}


def _months(axis: Axis) -> set[int]:
    """Return the calendar months that an axis has times in."""
    return set(calendar_months(axis).tolist()) - {0}


def _words(found: Comparison, units: str) -> str:
    return f"mean {number(found.bias)} {units}, RMS {number(found.rmse)} {units}, {found.how}"
