"""Settings as pairs of a dotted key and a text, as an address holds them; and back, keeping whatever is right."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from backends.errors import InputError
from backends.experiments.faults import key_of, sentence
from backends.experiments.sections import Section
from backends.experiments.yaml_text import parse

Pairs = tuple[tuple[str, str], ...]
Model = TypeVar("Model", bound=Section)

#: Levels of keys that a key may have; settings have at most five.
DEEPEST = 8
#: A few of these make a list of millions.
_ALIAS = re.compile(r"[\[{,:\-]\s*\*[^\s*]")


@dataclass(frozen=True)
class Read(Generic[Model]):
    """Settings that pairs describe, and a sentence for each pair that is wrong and does not count.

    `given` are the keys that count.
    """

    settings: Model
    faults: tuple[str, ...]
    given: tuple[str, ...]


def to_pairs(tree: Mapping[str, Any], above: str = "") -> Pairs:
    """Return the values of a tree of settings, such as :meth:`Section.tree`, by their keys with dots between the levels.

    The entries of a list of sections are numbered from 0: ``methods.1.members``. Texts are YAML, lists in one line.
    """
    found: list[tuple[str, str]] = []
    for key, value in tree.items():
        where = f"{above}{key}"
        if isinstance(value, Mapping) and value:
            found += to_pairs(value, f"{where}.")
        elif _holds_sections(value):
            found += to_pairs({str(number): part for number, part in enumerate(value)}, f"{where}.")
        else:
            found.append((where, _text(value)))
    return tuple(found)


def read(pairs: Iterable[tuple[str, str]], model: type[Model]) -> Read[Model]:
    """Return the settings that pairs describe.

    What is wrong is left out and said, so that the rest counts: a key that is given twice or does not exist, a text that is
    no YAML, a value out of range.

    Parameters
    ----------
    pairs
        Keys and texts as of :func:`to_pairs`, in any order.
    model
        What they are settings of.

    Raises
    ------
    InputError
        If what is right does not suffice, as the model has keys that must be given.
    """
    kept, faults = _parsed(pairs)
    while True:
        try:
            settings = model.model_validate(_tree(kept))
        except ValidationError as problem:
            if not kept:
                raise InputError(sentence(problem, model)) from problem
            key = key_of(problem, model)
            place = ".".join(_counted(kept, key.split(".")))
            faults.append(sentence(problem, model).replace(key, place, 1))
            wrong = _at(kept, place) or _together(kept, sentence(problem, model), model)
            kept = {key: value for key, value in kept.items() if key not in wrong}
        else:
            return Read(settings, tuple(faults), tuple(kept))


def _parsed(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, Any], list[str]]:
    """Return the values by key, and what is wrong with the pairs themselves."""
    values: dict[str, Any] = {}
    faults: list[str] = []
    for key, text in pairs:
        try:
            _place(values, key)
            values[key] = _value(text, f"{key:.60}: {text[:40]!r}")
        except InputError as problem:
            faults.append(str(problem))
    return values, faults


def _value(text: str, name: str) -> object:
    if _ALIAS.search(text):
        raise InputError(f"{name} refers to another value by *, which an address cannot")
    return parse(text, name) if text else ""


def _place(values: Mapping[str, Any], key: str) -> None:
    """Refuse a key that cannot stand beside those that there are."""
    steps = key.split(".")
    if not all(steps) or len(steps) > DEEPEST:
        raise InputError(f"{key[:60]!r} is no key; keys are words with dots between them, such as observations.count")
    if key in values:
        raise InputError(f"{key:.60}: is given twice; the first counts")
    above = {".".join(steps[:number]) for number in range(1, len(steps))}
    if above & values.keys() or any(other.startswith(f"{key}.") for other in values):
        raise InputError(f"{key:.60}: cannot stand beside a value of the key above or below it")


def _tree(values: Mapping[str, Any]) -> Any:
    """Return values by dotted keys as a tree, in which keys that are numbers make a list."""
    tree: dict[str, Any] = {}
    for key, value in values.items():
        *steps, last = key.split(".")
        branch = tree
        for step in steps:
            branch = branch.setdefault(step, {})
        branch[last] = value
    return _listed(tree)


def _listed(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    inner = {key: _listed(value) for key, value in tree.items()}
    if inner and all(key.isdecimal() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner


def _at(values: Mapping[str, Any], place: str) -> set[str]:
    """Return the keys at the place of a fault; where there are none, those of the nearest section above it."""
    while place:
        found = {key for key in values if key == place or key.startswith(f"{place}.")}
        if found:
            return found
        place = place.rpartition(".")[0]
    return set()


def _together(values: Mapping[str, Any], fault: str, model: type[Section]) -> set[str]:
    """Return the last key without which settings that do not go together are right, or at least wrong otherwise."""
    rest = {out: _fault({key: value for key, value in values.items() if key != out}, model) for out in reversed(list(values))}
    better = [out for out, left in rest.items() if not left] + [out for out, left in rest.items() if left != fault]
    return set(better[:1] or values)


def _fault(values: Mapping[str, Any], model: type[Section]) -> str:
    try:
        model.model_validate(_tree(values))
    except ValidationError as problem:
        return sentence(problem, model)
    return ""


def _counted(values: Iterable[str], steps: Sequence[str]) -> list[str]:
    """Return steps in which the place in a list is the number that the keys give it: some may have been left out."""
    found: list[str] = []
    for step in steps:
        above = "".join(f"{part}." for part in found)
        beside = {key.removeprefix(above).split(".")[0] for key in values if key.startswith(above)}
        numbers = sorted((number for number in beside if number.isdecimal()), key=int)
        found.append(numbers[int(step)] if step.isdecimal() and int(step) < len(numbers) else step)
    return found


def _holds_sections(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(part, Mapping) and part for part in value)


def _text(value: Any) -> str:
    """Return a value as YAML of one line: words as they are, unless they would be read as something else."""
    if isinstance(value, str) and _is_word(value):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=1000)
def _is_word(text: str) -> bool:
    """Return whether YAML reads a text as itself."""
    try:
        return text == "" or ("\n" not in text and parse(text, "a word") == text)
    except InputError:
        return False
