"""The control that suits a setting, by the type and the limits of its field."""

from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event
from pydantic.fields import FieldInfo

from dashboard.binding import bind, choice, slider, switch
from dashboard.sections import SectionState

#: Whole numbers up to here have a slider, and fractions whose default is not below this part of their range.
MOST_STEPS, LEAST_PART = 500, 0.005


@dataclass(frozen=True)
class Kind:
    """What a setting may be: a type, its limits, and whether there may be none."""

    type: Any
    low: float | None
    high: float | None
    nullable: bool


def control(section: SectionState, key: str, name: str) -> Any | None:
    """Return the control of a setting, or nothing for what is set in files alone.

    Parameters
    ----------
    section, key
        What is set.
    name
        What a person calls it.
    """
    kind = kind_of(section.MODEL.model_fields[key])
    if kind.type is bool:
        return switch(section, key, name)
    if get_origin(kind.type) is Literal:
        values = {_word(value): value for value in get_args(kind.type)}
        return choice(section, key, name, values) if len(values) > 1 and not kind.nullable else None
    if get_origin(kind.type) is tuple:
        return _range(section, key, name, kind)
    if kind.type is str:
        return _text(section, key, name, kind)
    if kind.type in (int, float):
        return _slider(section, key, name, kind) or _number(section, key, name, kind)
    return None


def kind_of(field: FieldInfo) -> Kind:
    """Return what a field may hold; its limits may stand with the field or with a type inside its annotation."""
    return _kind(field.annotation, field.metadata)


def _kind(annotation: Any, metadata: Any) -> Kind:
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        found = [limit for part in more for limit in (part.metadata if isinstance(part, FieldInfo) else [part])]
        return _kind(inner, [*metadata, *found])
    if get_origin(annotation) in (Union, UnionType):
        kinds = [part for part in get_args(annotation) if part is not type(None)]
        if len(kinds) == 1:
            inner = _kind(kinds[0], metadata)
            return Kind(inner.type, inner.low, inner.high, len(get_args(annotation)) > 1)
        return Kind(None, None, None, False)
    low = high = None
    for limit in metadata:
        low = next((value for name in ("ge", "gt") if (value := getattr(limit, name, None)) is not None), low)
        high = next((value for name in ("le", "lt") if (value := getattr(limit, name, None)) is not None), high)
    return Kind(annotation, low, high, False)


def _text(section: SectionState, key: str, name: str, kind: Kind) -> Any:
    if kind.nullable:
        return _or_none(section, key, name, kind)
    widget = pmui.TextInput(label=name, size="small", sizing_mode="stretch_width", description=section.param[key].doc)
    return bind(widget, section, key)


def _slider(section: SectionState, key: str, name: str, kind: Kind) -> Any | None:
    if kind.low is None or kind.high is None or kind.nullable:
        return None
    span = kind.high - kind.low
    if kind.type is int:
        return slider(section, key, name, kind.low, kind.high) if span <= MOST_STEPS else None
    value = getattr(section, key)
    if span > MOST_STEPS or value - kind.low < LEAST_PART * span:
        return None
    step = span / 100
    return slider(section, key, name, kind.low + step * (kind.low == 0), kind.high, step)


def _number(section: SectionState, key: str, name: str, kind: Kind) -> Any:
    """Return an input for a number; a text that may be left empty where there may be no value."""
    if kind.nullable:
        return _or_none(section, key, name, kind)
    box = pmui.IntInput if kind.type is int else pmui.FloatInput
    widget = box(
        label=name, value=getattr(section, key), step=_step(getattr(section, key), kind.type), size="small",
        sizing_mode="stretch_width", description=section.param[key].doc, format=None if kind.type is int else "0.[0000000]",
    )  # fmt: skip
    return bind(widget, section, key)


def _or_none(section: SectionState, key: str, name: str, kind: Kind) -> Any:
    def text(value: Any) -> str:
        return "" if value is None else f"{value}"

    widget = pmui.TextInput(
        label=name, value=text(getattr(section, key)), placeholder="none", size="small", sizing_mode="stretch_width",
        description=section.param[key].doc,
    )  # fmt: skip

    def to_section(event: Event) -> None:
        if event.new != text(getattr(section, key)):
            setattr(section, key, _parsed(event.new, kind.type))

    def to_widget(event: Event) -> None:
        if widget.value != text(event.new):
            widget.value = text(event.new)

    widget.param.watch(to_section, "value")
    section.param.watch(to_widget, key)
    return widget


def _parsed(text: str, kind: type) -> Any:
    """Return a number, nothing for an empty text, or the text itself, with which the settings will find fault."""
    try:
        return kind(text.replace(",", "")) if text.strip() else None
    except ValueError:
        return text


def _range(section: SectionState, key: str, name: str, kind: Kind) -> Any | None:
    """Return a control for (low, high): a slider with two handles, or two numbers where the ends lie far apart."""
    parts = get_args(kind.type)
    ends = [_kind(part, []) for part in parts]
    if len(ends) != 2 or any(end.type not in (int, float) for end in ends):
        return None
    whole, low, high = ends[0].type is int, ends[0].low, ends[1].high
    if low is not None and high is not None and high - low <= MOST_STEPS:
        box = pmui.IntRangeSlider if whole else pmui.RangeSlider
        step = 1 if whole else (high - low) / 100
        widget = box(
            label=name, start=low + (0 if whole else step * (low == 0)), end=high, step=step, value=getattr(section, key),
            sizing_mode="stretch_width", description=section.param[key].doc,
        )  # fmt: skip
        widget.param.watch(lambda event: setattr(section, key, tuple(event.new)), "value")
        section.param.watch(lambda event: setattr(widget, "value", tuple(event.new)), key)
        return widget
    return _two_numbers(section, key, name, whole)


def _two_numbers(section: SectionState, key: str, name: str, whole: bool) -> Any:
    box = pmui.IntInput if whole else pmui.FloatInput
    inputs = [
        box(
            label=f"{name} {word}", value=value, step=_step(value, int if whole else float), size="small",
            sizing_mode="stretch_width", description=section.param[key].doc,
        )
        for word, value in zip(("from", "to"), getattr(section, key), strict=True)
    ]  # fmt: skip

    def to_section(_event: Event) -> None:
        values = tuple(box.value for box in inputs)
        if None not in values and values != tuple(getattr(section, key)):
            setattr(section, key, values)

    def to_widgets(event: Event) -> None:
        for box, value in zip(inputs, event.new, strict=True):
            if box.value != value:
                box.value = value

    for each in inputs:
        each.param.watch(to_section, "value")
    section.param.watch(to_widgets, key)
    return pn.Row(*inputs, sizing_mode="stretch_width", margin=0)


def _step(value: Any, kind: type) -> float:
    """Return a step that is a digit of the value."""
    if kind is int:
        return max(1, 10 ** (len(str(abs(int(value or 10)))) - 2))
    return float(f"{abs(value or 1.0) / 10:.0e}")


def _word(value: Any) -> str:
    return str(value).replace("-", " ").capitalize()
