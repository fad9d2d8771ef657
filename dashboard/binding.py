"""Widgets that show and set one setting of a section."""

from typing import Any

import panel_material_ui as pmui
from param.parameterized import Event

from dashboard.controls import LiveIntSlider, LiveSlider
from dashboard.sections import SectionState


def bind(widget: Any, section: SectionState, name: str) -> Any:
    """Let a widget set a setting and follow it; a slider grows when a value beyond its ends comes. Return the widget."""
    following = False

    def to_section(event: Event) -> None:
        if not following and event.new is not None and event.new != getattr(section, name):
            setattr(section, name, event.new)

    def to_widget(*_events: Event) -> None:
        nonlocal following
        value = getattr(section, name)
        if value is None or value == widget.value:
            return
        following = True  # a list that has no such entry yet would answer with another
        try:
            put(value)
        finally:
            following = False

    def put(value: Any) -> None:
        if isinstance(widget, pmui.DiscreteSlider):  # which is an IntSlider too, whose ends are fixed
            if value not in widget.values:
                known = {**widget.options, f"{value:.2g}": value}
                widget.options = dict(sorted(known.items(), key=lambda entry: entry[1]))
            widget.value = value
        elif isinstance(widget, pmui.FloatSlider | pmui.IntSlider):
            widget.param.update(start=min(widget.start, value), end=max(widget.end, value), value=value)
        else:
            widget.value = value

    widget.param.watch(to_section, "value")
    section.param.watch(to_widget, name)
    to_widget()
    return widget


def slider(section: SectionState, name: str, label: str, start: float, end: float, step: float = 1, about: str = "") -> Any:
    """Return a live slider for a setting that is a number, whole or not."""
    value = getattr(section, name)
    kind = LiveIntSlider if section.MODEL.model_fields[name].annotation is int else LiveSlider
    widget = kind(
        label=label, start=start, end=end, step=step, value=start if value is None else value, sizing_mode="stretch_width",
        description=about or section.param[name].doc,
    )  # fmt: skip
    return bind(widget, section, name)


def choice(section: SectionState, name: str, label: str, options: dict[str, Any], about: str = "") -> Any:
    """Return a list to choose from; options are what a person reads, and the setting."""
    return _one_of(pmui.Select, section, name, label, options, about)


def buttons(section: SectionState, name: str, label: str, options: dict[str, Any], about: str = "") -> Any:
    """Return buttons, one of which is on."""
    widget = pmui.RadioButtonGroup(
        label=label, options=options, value=getattr(section, name), size="small", sizing_mode="stretch_width",
        description=about or section.param[name].doc,
    )  # fmt: skip
    return bind(widget, section, name)


def steps(section: SectionState, name: str, label: str, values: dict[str, float], about: str = "") -> Any:
    """Return a slider over a few values that are far apart, such as powers of ten."""
    return _one_of(pmui.DiscreteSlider, section, name, label, values, about)


def switch(section: SectionState, name: str, label: str, about: str = "") -> Any:
    """Return a switch."""
    widget = pmui.Switch(label=label, value=bool(getattr(section, name)), description=about or section.param[name].doc)
    return bind(widget, section, name)


def _one_of(kind: Any, section: SectionState, name: str, label: str, options: dict[str, Any], about: str) -> Any:
    value = getattr(section, name)
    widget = kind(
        label=label, options=options, value=value if value in options.values() else next(iter(options.values())),
        sizing_mode="stretch_width", description=about or section.param[name].doc,
    )  # fmt: skip
    return bind(widget, section, name)
