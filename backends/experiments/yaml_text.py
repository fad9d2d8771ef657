"""Reading YAML as people mean it: numbers, words and times as they are written, every key once."""

import re
from pathlib import Path
from typing import Any

import yaml

from backends.errors import InputError

#: An experiment file is a page of text.
LARGEST_FILE = 200_000


class _Loader(yaml.SafeLoader):
    """Plain values only. `no` is a word and 2019-03-16 a text, as in YAML 1.2; a key that occurs twice is a fault."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key.value!r} occurs twice", key.start_mark)
            seen.add(str(key.value))
        return mapping


_REPLACED = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:float", "tag:yaml.org,2002:int")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _REPLACED]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|false|False)$"), list("tTfF"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf)|\.(?:nan|NaN))$"),
    list("-+.0123456789"),
)


def load(path: Path) -> object:
    """Return what a YAML file holds.

    Raises
    ------
    InputError
        If it cannot be read, is larger than an experiment file is, or no YAML.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"{path.name} has {path.stat().st_size} bytes; an experiment file has at most {LARGEST_FILE}")
        text = path.read_text(encoding="utf-8")
    except OSError as problem:
        raise InputError(f"{str(path)!r} cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise InputError(f"{path.name} is no text in UTF-8, as an experiment file must be") from problem
    return parse(text, path.name)


def parse(text: str, name: str) -> object:
    """Return what a YAML text holds; `name` is what a fault calls it.

    Raises
    ------
    InputError
        If it is no YAML, or nested too deep.
    """
    try:
        return yaml.load(text, _Loader)  # noqa: S506, a SafeLoader
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark is not None else ""
        reason = getattr(problem, "problem", None) or getattr(problem, "reason", None) or "it cannot be parsed"
        raise InputError(f"{name} is not YAML{where}: {reason}") from problem
    except RecursionError as problem:
        raise InputError(f"{name} is nested too deep; an experiment file has sections and keys") from problem
    except ValueError as problem:
        raise InputError(f"{name} has a number that cannot be read: {problem}") from problem
