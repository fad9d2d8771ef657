"""The methods that race: a card for each with its knobs, and a list to add more."""

import math
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from backends.experiments.cycling.methods import LocalizationSettings
from dashboard.binding import choice, slider, switch
from dashboard.controls import LiveSlider, html, one_message
from dashboard.cycling.names import METHODS, label, method_name
from dashboard.cycling.scales import has_distances, in_brackets, of_length, of_radius
from dashboard.cycling.sections import MOST_METHODS
from dashboard.cycling.state import CyclingState
from dashboard.plots.race.frame import method_colour
from dashboard.sections import SectionState
from dashboard.trained_runs import TrainedRuns

#: Ends and steps of the sliders; those of a setting that is not here come from what files allow.
RANGES = {
    "members": (2, 100, 1), "inflation": (1.0, 1.5, 0.005), "prior_inflation": (1.0, 1.5, 0.005), "additive": (0.0, 1.0, 0.01),
    "relaxation": (0.0, 1.0, 0.05), "scale": (0.002, 1.0, 0.002), "window": (1, 8, 1), "outer": (1, 10, 1), "inner": (1, 60, 1),
    "model_error_scale": (0.0001, 0.1, 0.0001), "model_error": (0.0, 5.0, 0.05), "lag": (1, 8, 1),
    "static_weight": (0.0, 1.0, 0.05), "ensemble_weight": (0.0, 1.0, 0.05), "regularisation": (0.0, 4.0, 0.1),
    "resample_below": (0.0, 1.0, 0.05), "period": (2, 400, 1),
}  # fmt: skip
#: Inflations of Kalman filters are per unit of time and large.
WIDE = {"kf": {"inflation": (1.0, 200.0, 1.0)}, "ekf": {"inflation": (1.0, 200.0, 1.0)}}
#: Settings that cards do not show: they are for files.
HIDDEN = {"label", "tolerance", "prior_inflation", "inner"}
#: What the networks of methods have been trained for.
NETWORKS = ("ai-particle-filter",)


class MethodControls:
    """Cards of the methods in the order of the race."""

    def __init__(self, state: CyclingState) -> None:
        self.state = state
        #: Heading and card of each section that is shown, by the identity of the section.
        self._cards: dict[int, tuple[pn.pane.HTML, pn.Column]] = {}
        self._runs: dict[int, TrainedRuns] = {}
        self.add = pmui.MenuButton(
            label="Add a method", items=_menu(), variant="outlined", size="small", sizing_mode="stretch_width",
            description=f"Up to {MOST_METHODS} methods race on the same truth and the same observations.",
        )  # fmt: skip
        self.add.param.watch(self._on_add, "value")
        self._list = pn.Column(sizing_mode="stretch_width", margin=0)
        self.pane = pn.Column(self._list, self.add, sizing_mode="stretch_width", margin=0)
        state.param.watch(self._fill, ["methods"])
        state.param.watch(self._on_testbed, ["testbed"])
        self._fill()

    def refresh(self) -> None:
        """Name trained networks as far as their runs are on record."""
        for runs in self._runs.values():
            runs.refresh()

    def _on_testbed(self, *_events: object) -> None:
        """Make all cards anew: distances are in another unit now, or there are none."""
        self._cards = {}
        self._fill()

    def _on_add(self, event: Any) -> None:
        if event.new is not None and event.new.get("method"):
            self.state.add_method(event.new["method"])
            self.add.value = None

    def _fill(self, *_events: object) -> None:
        kept = {id(section): self._cards.get(id(section)) or self._card(section) for section in self.state.methods}
        for place, (section, (heading, _)) in enumerate(zip(self.state.methods, kept.values(), strict=True)):
            heading.object = _title(section, place)
        self._cards = kept
        self._runs = {key: runs for key, runs in self._runs.items() if key in kept}
        with one_message():
            self._list.objects = [card for _, card in kept.values()]
            self.add.disabled = len(kept) >= MOST_METHODS

    def _card(self, section: SectionState) -> tuple[pn.pane.HTML, pn.Column]:
        remove = pmui.IconButton(
            icon="close", size="small", description=f"Take {method_name(section.MODEL.model_fields['name'].default)} out",
            on_click=lambda _: self.state.remove_method(section), margin=0,
        )  # fmt: skip
        heading = html("", margin=(6, 5))
        head = pn.Row(heading, remove, sizing_mode="stretch_width", margin=0)
        name = section.MODEL.model_fields["name"].default
        knobs = [self._knob(section, key, WIDE.get(name, {})) for key in section.KEYS if key not in HIDDEN]
        card = pn.Column(
            head, *[k for k in knobs if k is not None], sizing_mode="stretch_width", margin=(0, 0, 6, 0), css_classes=["method"]
        )
        return heading, card

    def _knob(self, section: SectionState, key: str, wide: dict[str, tuple[float, float, float]]) -> Any:
        if key == "run":
            runs = self._runs[id(section)] = TrainedRuns(section, NETWORKS, "The network that analyses.")
            return runs.pane
        return _knob(section, key, wide, self.state.testbed)


def _title(section: Any, place: int) -> str:
    name = section.label or method_name(section.MODEL.model_fields["name"].default)
    return (
        f'<div class="panel-title"><span class="swatch" style="background:{method_colour(place)}"></span>{escape(name)}</div>'
    )


def _knob(section: SectionState, key: str, wide: dict[str, tuple[float, float, float]], testbed: str) -> Any:
    if key == "localization":
        return _radius(section, testbed)
    if key == "length":
        return _length(section, testbed)
    annotation = section.MODEL.model_fields[key].annotation
    if annotation is bool:
        return switch(section, key, label(key))
    choices = getattr(annotation, "__args__", ())
    if choices and all(isinstance(choice, str) for choice in choices):
        return choice(section, key, label(key), {text.replace("-", " ").capitalize(): text for text in choices})
    start, end, step = wide.get(key) or RANGES.get(key, (0.0, 1.0, 0.01))
    return slider(section, key, label(key), start, end, step)


def _radius(section: Any, testbed: str) -> LiveSlider | None:
    """Return a slider of the localisation radius; its right end means no localisation.

    Where components have no distances there is none, unless the settings have a radius that somebody must be able to take away.
    """
    taper = section.localization
    if taper is None and not has_distances(testbed):
        return None
    start, most, step = of_radius(testbed)
    if taper is not None:
        start = min(start, taper.radius)
        if taper.radius >= most:  # of a file: the end beyond it is what means none
            most = (math.floor(taper.radius / step) + 1) * step
    widget = LiveSlider(
        label=f"Radius r{in_brackets(testbed)} ({most:g}: none)", start=start, end=most, step=step,
        value=most if taper is None else taper.radius, sizing_mode="stretch_width",
        description="Localisation: Gaspari–Cohn with half-support 1.82 r, in the testbed's unit of distance.",
    )  # fmt: skip

    def to_section(event: Any) -> None:
        section.localization = None if event.new >= most else LocalizationSettings(radius=event.new)

    widget.param.watch(to_section, "value")
    return widget


def _length(section: Any, testbed: str) -> LiveSlider | None:
    """Return a slider of the length of the static B; its left end means the covariance of the climate.

    Where components have no distances there is none, unless the settings have a length that somebody must be able to take away.
    """
    if section.length is None and not has_distances(testbed):
        return None
    start, most, step = of_length(testbed)
    widget = LiveSlider(
        label=f"{label('length')}{in_brackets(testbed)} (0: climate)", start=start, end=max(most, section.length or 0.0),
        step=step, value=section.length or 0.0, sizing_mode="stretch_width",
        description="B with the variances of the climate and a Gaussian correlation of this length, in the testbed's unit of "
        "distance. At 0 its correlations are those of the climate, too.",
    )  # fmt: skip

    def to_section(event: Any) -> None:
        section.length = event.new or None

    widget.param.watch(to_section, "value")
    return widget


def _menu() -> list[dict[str, Any]]:
    from backends.experiments.cycling.registry import KINDS

    items: list[dict[str, Any]] = []
    for methods in METHODS.values():
        offered = [{"label": text, "method": name} for name, text in methods.items() if name in KINDS]
        items += [*([None] if items and offered else []), *offered]  # type: ignore[list-item]
    return items
