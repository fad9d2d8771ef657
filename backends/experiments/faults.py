"""Sentences for what is wrong with the settings of a file or a page."""

import re
import reprlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from backends.errors import InputError
from backends.experiments.sections import LEAST

Model = TypeVar("Model", bound=BaseModel)
#: Where a value stands: the keys as a file has them, the section they end in, and what the last one may hold.
_Place = tuple[list[str], type[BaseModel] | None, object]

#: Quotes what came, and never more of it than fits a line.
_QUOTE = reprlib.Repr()
_QUOTE.maxlevel, _QUOTE.maxstring, _QUOTE.maxother = 2, 60, 60
#: A sentence that begins with the key that it is about.
_KEYED = re.compile(r"[a-z_]+(\.[a-z_0-9]+)*: ")

#: What was expected, by pydantic's name of the fault; ``{gt}`` and the like are the limits of the field.
_EXPECTED = {
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number of fewer digits",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be a text",
    "tuple_type": "must be a list",
    "too_short": "must have at least {min_length}",
    "too_long": "must have at most {max_length}",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "model_type": "must hold keys and values of its own",
    "model_attributes_type": "must hold keys and values of its own",
    "dict_type": "must hold keys and values of its own",
    "invalid_key": "keys must be words",
}


def validated(model: type[Model], values: Mapping[str, Any]) -> Model:
    """Return settings with values by their keys.

    Raises
    ------
    InputError
        If a key is unknown or a value out of range; the sentence names it, what came, and what was expected.
    """
    try:
        return model.model_validate(values)
    except ValidationError as problem:
        raise InputError(sentence(problem, model)) from problem


def sentence(problem: ValidationError, root: type[BaseModel]) -> str:
    """Return the first fault of a validation as one sentence: the key as a file has it, what was expected, what came.

    Parameters
    ----------
    problem
        What pydantic found.
    root
        The section that was validated.
    """
    faults = problem.errors(include_url=False)
    fault = faults[0]
    steps, section, kinds = _place(root, fault["loc"])
    where, kind = ".".join(steps), fault["type"]
    if kind == "value_error":
        message = fault["msg"].removeprefix("Value error, ")
        return f"{where}: {message}" if steps else message
    if kind == "truth_value":
        return ".".join([*steps, fault["msg"]])
    if kind == "extra_forbidden":
        return f"there is no key {where!r}{_hint(steps, section, root)}"
    if kind == "missing":
        return f"{where} is missing; it must be given"
    if kind.startswith("union_tag"):
        return _which(fault, where, list(_named_sections(kinds)))
    # Each kind of value that a key may have adds a fault of its own; they are named together.
    same = [other for other in faults if _place(root, other["loc"])[0] == steps]
    expected = " or ".join(dict.fromkeys(_expected(other) for other in same)).replace(" or must be ", ", or ")
    return f"{where}: {expected}; came {_quoted(fault['input'])}{_meant(fault)}"


def key_of(problem: ValidationError, root: type[BaseModel]) -> str:
    """Return the key that the first fault of a validation is about, with dots; empty where it is about several."""
    return ".".join(_place(root, problem.errors(include_url=False)[0]["loc"])[0])


@contextmanager
def under(key: str) -> Iterator[None]:
    """Let what is wrong with the data that a key asks for begin with this key, unless it names a key already."""
    try:
        yield
    except InputError as problem:
        if _KEYED.match(str(problem)):
            raise
        raise InputError(f"{key}: {problem}") from problem


def _expected(fault: Mapping[str, Any]) -> str:
    context = {name: f"{value:g}" if isinstance(value, float) else value for name, value in fault.get("ctx", {}).items()}
    if context.get("ge") == f"{LEAST:g}":
        return f"must be positive, at least {LEAST:g}"
    form = _EXPECTED.get(fault["type"])
    return form.format(**context) if form else f"{fault['msg'][:1].lower()}{fault['msg'][1:]}"


def _quoted(value: object) -> str:
    text = _QUOTE.repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _meant(fault: Mapping[str, Any]) -> str:
    """Return a word of a closed list that is like the one that came."""
    if fault["type"] != "literal_error" or not isinstance(fault["input"], str):
        return ""
    close = get_close_matches(fault["input"], fault["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", "), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _which(fault: Mapping[str, Any], where: str, names: Sequence[str]) -> str:
    listed = f"must be one of {', '.join(names)}"
    given = fault["input"].get("name") if isinstance(fault["input"], Mapping) else None
    if given is None:
        return f"{where}.name is missing; it {listed}"
    close = get_close_matches(str(given), names, n=1)
    return f"{where}.name: {listed}; came {_quoted(given)}" + (f"; did you mean {close[0]!r}?" if close else "")


def _hint(steps: Sequence[str], section: type[BaseModel] | None, root: type[BaseModel]) -> str:
    """Return what key may be meant by an unknown one: one like it beside it, or the same one elsewhere."""
    close = get_close_matches(steps[-1], list(section.model_fields) if section else [], n=1)
    if close:
        return f"; did you mean {'.'.join([*steps[:-1], close[0]])!r}?"
    sections = {name: _section(field.annotation) for name, field in root.model_fields.items()}
    places = [f"{name}.{steps[-1]}" for name, model in sections.items() if model and steps[-1] in model.model_fields]
    return f"; did you mean {' or '.join(map(repr, places))}?" if places else ""


def _place(root: type[BaseModel], location: Sequence[str | int]) -> _Place:
    """Follow a location of pydantic through the sections; names of unions and of kinds of value it tried are no keys."""
    steps: list[str] = []
    section: type[BaseModel] | None = None
    kinds: object = root
    for step in location:
        if isinstance(step, int):
            steps.append(str(step))
            kinds = next(iter(get_args(kinds)), None)
        elif step in (named := _named_sections(kinds)):
            kinds = named[step]
        elif inner := _section(kinds):
            steps.append(step)
            section = inner
            field = inner.model_fields.get(step)
            kinds = field.annotation if field else None
    return steps, section, kinds


def _named_sections(kinds: object) -> dict[str, type[BaseModel]]:
    """Return the sections that a key may hold one of, by their names."""
    if get_origin(kinds) is Annotated:
        kinds = get_args(kinds)[0]
    models = [model for model in map(_section, get_args(kinds)) if model is not None and "name" in model.model_fields]
    return {model.model_fields["name"].default: model for model in models}


def _section(annotation: object) -> type[BaseModel] | None:
    kinds = [kind for kind in get_args(annotation) or (annotation,) if kind is not type(None)]
    only = kinds[0] if len(kinds) == 1 else None
    return only if isinstance(only, type) and issubclass(only, BaseModel) else None
