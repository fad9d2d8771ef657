"""The models that forecast side by side: a card for each, and a list to add more."""

from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from dashboard.binding import bind
from dashboard.controls import LiveSlider, html, notice, one_message, tell
from dashboard.fields import control
from dashboard.names import key_label
from dashboard.plots.race.frame import method_colour
from dashboard.rollout.chosen import KINDS, MOST_MODELS, TESTBEDS
from dashboard.rollout.names import key_of, model_name
from dashboard.rollout.state import RolloutState
from dashboard.sections import SectionState
from dashboard.trained_runs import TrainedRuns

#: The trainings whose networks forecast a testbed or an archive.
NETWORKS = {
    "advection-1d": ("advection-1d-emulator",),
    "lorenz63": ("lorenz63-rhs",),
    "emulator": ("advection-1d-emulator", "lorenz63-rhs"),
    "era5": ("field-emulator-era5",),
    "european": ("field-emulator-european",),
}
#: How far from the truth sliders of a wrong model reach, in parts of the true value.
REACH = 0.5


class ModelControls:
    """Cards of the models in the order of the colours."""

    def __init__(self, state: RolloutState) -> None:
        self.state = state
        self._cards: dict[tuple[int, str], tuple[pn.pane.HTML, pn.Column]] = {}
        self._runs: dict[int, TrainedRuns] = {}
        self.add = pmui.MenuButton(
            label="Add a model", items=self._menu(), variant="outlined", size="small", sizing_mode="stretch_width",
            description=f"Up to {MOST_MODELS} models forecast from the same starts.",
        )  # fmt: skip
        self.add.param.watch(self._on_add, "value")
        self._list = pn.Column(sizing_mode="stretch_width", margin=0)
        self.pane = pn.Column(self._list, self.add, sizing_mode="stretch_width", margin=0)
        state.param.watch(self._fill, ["models"])
        self._fill()

    def refresh(self) -> None:
        """Name trained networks as far as their runs are on record."""
        for runs in self._runs.values():
            runs.refresh()

    def say(self, fault: str) -> bool:
        """Put a sentence about one of the models on its card, and return whether it is about one."""
        found = False
        for place, (_, card) in enumerate(self._cards.values()):
            if card.objects and "fault" in card.objects[-1].tags:
                card.objects = card.objects[:-1]
            key = f"models.{place}"
            if fault.startswith((f"{key}.", f"{key}:")):
                pane = notice("problem")
                pane.tags = ["fault"]
                tell(pane, "problem", fault.removeprefix(key).lstrip(".: "))
                card.append(pane)
                found = True
        return found

    def _menu(self) -> list[dict[str, Any]]:
        state = self.state
        return [
            {"label": model_name(name), "model": name}
            for name, kind in KINDS.items()
            if kind.NEEDS in ("", state.world) and (name != "network" or state.subject in NETWORKS)
        ]

    def _on_add(self, event: Event) -> None:
        if event.new is not None and event.new.get("model"):
            self.state.add_model(event.new["model"])
            self.add.value = None

    def _fill(self, *_events: object) -> None:
        # The sliders of a wrong model are those of the testbed, and networks have learned one subject.
        bound = {"model", "run"}
        keys = [
            (id(section), f"{self.state.kind} {self.state.subject}" if bound & set(section.KEYS) else "")
            for section in self.state.models
        ]
        kept = {key: self._cards.get(key) or self._card(section) for key, section in zip(keys, self.state.models, strict=True)}
        for place, (section, (heading, _)) in enumerate(zip(self.state.models, kept.values(), strict=True)):
            heading.object = _title(section, place)
        self._cards = kept
        self._runs = {key: runs for key, runs in self._runs.items() if key in {which for which, _ in kept}}
        with one_message():
            self._list.objects = [card for _, card in kept.values()]
            self.add.items = self._menu()
            self.add.disabled = len(kept) >= MOST_MODELS

    def _card(self, section: SectionState) -> tuple[pn.pane.HTML, pn.Column]:
        remove = pmui.IconButton(
            icon="close", size="small", description="Take this model away", margin=0,
            on_click=lambda _: self.state.remove_model(section),
        )  # fmt: skip
        heading = html("", margin=(6, 5))
        knobs: list[Any] = []
        if "model" in section.KEYS:
            knobs = [self._wrong(section, key) for key in self._uncertain(section)]
            if not knobs:
                knobs = [html('<div class="hint">This testbed has no constants to be wrong in.</div>')]
        if "run" in section.KEYS:
            tasks = NETWORKS.get(self.state.subject, ())
            runs = self._runs[id(section)] = TrainedRuns(section, tasks, "The network that forecasts.")
            knobs = [runs.pane]
        if "eofs" in section.KEYS:
            knobs = [control(section, "eofs", key_label("eofs"))]
        label = pmui.TextInput(
            label="Called", placeholder="what it is", size="small", sizing_mode="stretch_width",
            description=section.param["label"].doc, max_length=60,
        )  # fmt: skip
        if knobs:
            knobs.append(bind(label, section, "label"))
        card = pn.Column(
            pn.Row(heading, remove, sizing_mode="stretch_width", margin=0), *knobs,
            sizing_mode="stretch_width", margin=(0, 0, 6, 0), css_classes=["method"],
        )  # fmt: skip
        return heading, card

    def _uncertain(self, section: Any) -> tuple[str, ...]:
        """Return what a wrong model is usually wrong in, and what else this one is, where it is a number."""
        usual = TESTBEDS[self.state.subject].UNCERTAIN if self.state.subject in TESTBEDS else ()
        more = [key for key, value in section.model.items() if isinstance(value, float) and key not in (*usual, "dt")]
        return (*usual, *more)

    def _wrong(self, section: Any, key: str) -> LiveSlider:
        """Return a slider of what the wrong model takes a constant to be."""
        dynamics = self.state.dynamics
        true = float(getattr(dynamics, key))
        reach = REACH * abs(true) or 1.0
        value = float(section.model.get(key, true))
        widget = LiveSlider(
            label=key_of(key), start=min(true - reach, value), end=max(true + reach, value), step=reach / 50, value=value,
            sizing_mode="stretch_width", description=f"What this model takes it to be; the truth has {true:g}.",
        )  # fmt: skip

        def to_section(event: Event) -> None:
            others = {name: kept for name, kept in section.model.items() if name != key}
            wanted = others if event.new == getattr(dynamics, key) else {**others, key: event.new}
            if wanted != section.model:
                section.model = wanted

        def to_widget(*_events: Event) -> None:
            value = float(section.model.get(key, getattr(dynamics, key)))
            if value != widget.value:
                widget.param.update(start=min(widget.start, value), end=max(widget.end, value), value=value)

        widget.param.watch(to_section, "value")
        section.param.watch(to_widget, "model")
        return widget


def _title(section: Any, place: int) -> str:
    name = section.label or model_name(section.MODEL.model_fields["name"].default)
    swatch = f'<span class="swatch" style="background:{method_colour(place)}"></span>'
    return f'<div class="panel-title">{swatch}{escape(name)}</div>'
