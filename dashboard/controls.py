"""Controls that several pages share."""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any, ClassVar

import panel as pn
import panel_material_ui as pmui
import param
from panel.io import hold
from param.parameterized import Event

from backends.fields.catalogue import Entry
from dashboard.style import STYLE


def number_format(step: float) -> str:
    """Return a format that tells apart values that are a step from each other, with two decimals or more if there are any."""
    return f"0.[{'0' * max(2, math.ceil(-math.log10(step) - 1e-9))}]"


class _Live:
    """For a slider whose steps are acted on at once; Panel otherwise gathers them for 50 ms.

    They do not count as the server being busy, which no page shows. And nothing is done for them that a slider does not need:
    Panel would make all parameters writable and read-only again, and look which of them the browser has to be told of.
    """

    _priority_changes: ClassVar[list[str]] = ["value"]
    _busy__ignore: ClassVar[list[str]] = ["value"]
    _in_process__events: dict[Any, dict[str, Any]]
    value: Any

    def _process_events(self, events: dict[str, Any]) -> None:
        if events.keys() != {"value"} or pn.state.curdoc is None:
            super()._process_events(events)  # type: ignore[misc]  # of the slider
            return
        self._in_process__events[pn.state.curdoc] = events
        try:
            self.value = events["value"]
        finally:
            self._in_process__events.pop(pn.state.curdoc, None)

    def _param_change(self, *events: Event) -> None:
        told = self._in_process__events.get(pn.state.curdoc, {})
        if not (len(events) == 1 and events[0].name == "value" and events[0].new is told.get("value")):
            super()._param_change(*events)  # type: ignore[misc]


class LiveSlider(_Live, pmui.FloatSlider):  # type: ignore[misc]  # Panel's own classes differ
    """A slider whose steps are acted on at once, and seen; Panel otherwise rounds them to 0.01."""

    def __init__(self, **params: Any) -> None:
        super().__init__(**{"format": number_format(params.get("step", 0.1)), **params})


class LiveIntSlider(_Live, pmui.IntSlider):  # type: ignore[misc]  # Panel's own classes differ
    """As LiveSlider, for whole numbers."""


class LivePlayer(pmui.Player):
    """As LiveSlider, for steps that are played."""

    _priority_changes: ClassVar[list[str]] = ["value"]


@contextmanager
def one_message() -> Iterator[None]:
    """Send all changes made inside to the browser in one message, so that it draws them together."""
    document = pn.state.curdoc
    if document is None:
        yield
    else:
        with hold(document):
            yield


class DatasetSelect(pmui.Select):
    """A list of the catalogue's datasets in groups; `key` is the chosen dataset's key.

    The browser identifies grouped options by their titles, so keys are translated here.
    """

    key = param.String(doc="Key of the chosen dataset; empty if none is.")

    def __init__(self, **params: object) -> None:
        super().__init__(groups={}, value=None, searchable=True, sizing_mode="stretch_width", **params)
        self._keys: dict[str, str] = {}
        self.param.watch(self._on_value, "value")

    def offer(self, entries: list[Entry], others: Iterable[str], key: str) -> None:
        """Offer the catalogue's entries and other keys, and choose one, which is added if it is neither."""
        known = {entry.key for entry in entries}.union(others)
        others = [*others, key] if key and key not in known else list(others)
        self._keys = {entry.title: entry.key for entry in entries} | {other: other for other in others}
        groups = {
            "Embedded": [e.title for e in entries if e.origin == "embedded"],
            "In the data folder": [e.title for e in entries if e.origin == "found"],
            "Stores elsewhere": [e.title for e in entries if e.origin == "named"],
            "Observations in the data folder": [e.title for e in entries if e.origin == "observed"],
            "Written on the pages": [e.title for e in entries if e.origin == "written"],
            "Opened by you": others,
        }
        title = next((title for title, known in self._keys.items() if known == key), None)
        self.param.update(groups={name: titles for name, titles in groups.items() if titles}, value=title, key=key)

    def _on_value(self, event: Event) -> None:
        if event.new in self._keys:
            self.key = self._keys[event.new]


class ToldDirectly:
    """For a component with parameters that change all the time: the browser is told of them, and nothing else is looked at."""

    _direct: ClassVar[frozenset[str]] = frozenset()
    _changing: dict[str, list[str]]
    _models: dict[str, tuple[Any, Any]]

    def _param_change(self, *events: Event) -> None:
        told = {event.name: event for event in events}
        if not told.keys() <= self._direct:
            super()._param_change(*events)  # type: ignore[misc]  # of the component
            return
        for ref, (model, _) in tuple(self._models.items()):  # without the theme, which has no part in them
            self._apply_update(told, {name: event.new for name, event in told.items()}, model, ref)  # type: ignore[attr-defined]

    def _update_model(self, events: dict[str, Event], msg: dict[str, Any], root: Any, model: Any, doc: Any, comm: Any) -> None:
        if msg.keys() <= self._direct:
            self._changing[root.ref["id"]] = list(msg)  # or they would be taken for changes of the browser
            model.data.update(**msg)
            self._changing.pop(root.ref["id"], None)
        else:
            super()._update_model(events, msg, root, model, doc, comm)  # type: ignore[misc]  # of the component


class LinkButton(ToldDirectly, pmui.Button):  # type: ignore[misc]  # Panel's own classes differ
    """A button that opens an address, which follows what a person sets."""

    _direct: ClassVar[frozenset[str]] = frozenset({"href"})


class Markup(pn.pane.HTML):
    """A pane of which only the text is set anew; Panel sets style sheets and layout each time, which takes a millisecond."""

    #: Never chosen for an object that somebody shows.
    priority: ClassVar[float | bool | None] = 0

    def _update(self, ref: str, model: Any) -> None:
        model.text = self._transform_object(self.object)["object"]


def notice(kind: str) -> pn.pane.HTML:
    """Return a pane for one sentence, invisible until it is told one by :func:`tell`; kind is ``problem`` or ``stale``."""
    return Markup("", visible=False, stylesheets=[STYLE], sizing_mode="stretch_width", css_classes=[f"notice-{kind}"])


def tell(pane: pn.pane.HTML, kind: str, text: str) -> None:
    """Show a sentence as plain text, or hide the pane where there is none."""
    first = text.split(" ", 1)[0]
    sentence = text[:1].upper() + text[1:] if first.isalpha() else text  # not the name of a file
    shown = f'<div class="{kind}" role="status">{escape(sentence)}</div>' if text else ""
    if (pane.object, pane.visible) != (shown, bool(text)):
        pane.param.update(object=shown, visible=bool(text))


def html(text: str = "", **layout: object) -> pn.pane.HTML:
    """Return a pane for our own markup, in our own style; everything from files must be escaped before it comes here."""
    return Markup(text, stylesheets=[STYLE], sizing_mode="stretch_width", **layout)


def show_progress(bar: pmui.LinearProgress, done: int, of: int) -> None:
    """Show how much is done; that work goes on while nobody knows how much there is, and `of` is 0."""
    bar.param.update(value=100 * done // of if of else 0, variant="determinate" if of else "indeterminate")


class Group:
    """A heading that opens and closes what is below it; what is below is made when it is opened first."""

    def __init__(self, title: str, make: Any, opened: bool = False) -> None:
        self._make, self._made = make, False
        self.body = pn.Column(sizing_mode="stretch_width", margin=(0, 0, 0, 6), visible=opened)
        self.toggle = pmui.Toggle(
            label=title, value=opened, icon="expand_more" if opened else "chevron_right", variant="text", size="small",
            sizing_mode="stretch_width", sx={"justifyContent": "flex-start"}, description=f"Show or hide {title}",
        )  # fmt: skip
        self.toggle.param.watch(self._on_toggle, "value")
        self.pane = pn.Column(self.toggle, self.body, sizing_mode="stretch_width", margin=0)
        if opened:
            self._fill()

    def _on_toggle(self, event: Event) -> None:
        if event.new:
            self._fill()
        self.toggle.icon = "expand_more" if event.new else "chevron_right"
        self.body.visible = event.new

    def _fill(self) -> None:
        if not self._made:
            self._made = True
            self.body.objects = self._make()
