"""The tables of docs/training-keys.md, which list the tasks and their keys, from their settings."""

from collections.abc import Callable, Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from backends.experiments.sections import Section
from backends.experiments.training.registry import TASKS
from backends.experiments.training.settings import TrainingSettings
from backends.experiments.training.single import SingleSettings

#: Keys of every task, which are described once; and sections of the Analysis page, which docs/experiments.md describes.
COMMON = tuple(name for name in TrainingSettings.model_fields if name not in ("kind", "task"))
HEAD = "| key | meaning | values | default |\n|---|---|---|---|"
#: How a schema's values and a default are written.
Values = Callable[[dict[str, Any]], Iterator[str]]
Written = Callable[[object], str]


def common(values: Values, written: Written) -> str:
    """Return the table of the keys that every task has."""
    rows = [_row(name, TrainingSettings, TrainingSettings.model_fields[name], values, written) for name in COMMON]
    return "\n".join([HEAD, *rows])


def tasks(values: Values, written: Written) -> str:
    """Return what the document says of each task: what it is for, its own keys, and other defaults of common ones."""
    return "\n\n".join(_task(name, model, values, written) for name, model in TASKS.items())


def _task(name: str, model: type[TrainingSettings], values: Values, written: Written) -> str:
    purpose = " ".join((model.__doc__ or "").split("\n\n", maxsplit=1)[0].split())
    rows = list(_rows("", model, values, written, issubclass(model, SingleSettings)))
    return "\n\n".join([f"### `task: {name}`", purpose, "\n".join([HEAD, *rows])])


def _rows(above: str, model: type[BaseModel], values: Values, written: Written, single: bool) -> Iterator[str]:
    for key, field in model.model_fields.items():
        base = TrainingSettings.model_fields.get(key)
        if key == "name" or (not above and (key in ("kind", "task") or (base and _default(field) == _default(base)))):
            continue
        sections = _sections(field)
        path = f"{above}{key}"
        if single and sections and key != "network":
            yield f"| `{path}` | as of [an analysis](experiments.md) | keys and values | `{written(_default(field))}` |"
        elif not sections:
            yield _row(path, model, field, values, written)
        else:
            for section in sections:
                name = section.model_fields.get("name")
                label = f"`{path}.name: {name.default}`" if name is not None else ""
                if label:
                    purpose = " ".join((section.__doc__ or "").split())
                    chosen = getattr(_default(field), "name", "") == name.default if name is not None else False
                    yield f"| {label} | {purpose} | | {'the default' if chosen else ''} |"
                yield from _rows(f"{path}.", section, values, written, single)


def _row(path: str, model: type[BaseModel], field: FieldInfo, values: Values, written: Written) -> str:
    key = path.rpartition(".")[2]
    schema = model.model_json_schema()["properties"][key]
    default = "must be given" if field.is_required() else f"`{written(_default(field)) or ' '}`"
    meaning = (field.description or "").replace("|", "\\|")
    return f"| `{path}` | {meaning} | {', '.join(values(schema))} | {default} |"


def _sections(field: FieldInfo) -> list[type[Section]]:
    kinds = get_args(field.annotation) or (field.annotation,)
    return [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Section)]


def _default(field: FieldInfo) -> object:
    return field.get_default(call_default_factory=True)
