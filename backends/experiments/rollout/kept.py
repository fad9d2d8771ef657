"""A rollout as one file that a page can open again: its settings, and its numbers as tensors without any code."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from torch import Tensor

from backends.errors import InputError
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.rollout.view import RolloutView, view_of
from backends.experiments.run import from_yaml, of_kind, to_yaml
from backends.learning.state import pack, unpack
from backends.rollout.result import Forecast, Rollout
from backends.rollout.rollout import Report

#: What the file is called where a job leaves one.
NAME = "result.safetensors"
#: Attributes that hold tensors by name: of a rollout, and of a forecast.
OF_ROLLOUT, OF_FORECAST = ("quantities", "sizes"), ("quantities",)


def to_bytes(settings: RolloutSettings, result: Rollout) -> bytes:
    """Return settings and result as a file's content; tensors of the forecasts have their number before their names."""
    tensors: dict[str, Tensor] = {}
    facts = {"settings": to_yaml(settings), "result": json.dumps(_parts(result, "", tensors))}
    models = [_parts(forecast, f"{k}.", tensors) for k, forecast in enumerate(result.forecasts)]
    return pack(tensors, facts | {"models": json.dumps(models)})


def opened(content: bytes, folder: Path, report: Report | None = None) -> RolloutView:
    """Return the picture of a rollout that was kept; what it began with is prepared again.

    Raises
    ------
    InputError
        If it is no such file, or what it began with cannot be made any more.
    """
    tensors, facts = unpack(content)
    try:
        settings = of_kind(from_yaml(facts["settings"]), RolloutSettings)
        rest, models = json.loads(facts["result"]), json.loads(facts["models"])
        forecasts = tuple(Forecast(**_below(tensors, f"{k}.", OF_FORECAST), **said) for k, said in enumerate(models))
        own = {name: tensor for name, tensor in tensors.items() if not name[0].isdigit()}
        plain = {key: _tuples(value) for key, value in rest.items()}
        result = Rollout(**_below(own, "", OF_ROLLOUT), **plain, forecasts=forecasts)
    except (KeyError, TypeError, json.JSONDecodeError) as problem:
        raise InputError(f"this file is no rollout that was kept: {problem}") from problem
    return view_of(prepare(settings, folder, report=report), result, result.shown)


def _parts(whole: Rollout | Forecast, above: str, tensors: dict[str, Tensor]) -> dict[str, Any]:
    """Put the tensors of a result among others, by name, and return the rest."""
    rest: dict[str, Any] = {}
    for field in fields(whole):
        value = getattr(whole, field.name)
        if isinstance(value, Tensor):
            tensors[f"{above}{field.name}"] = value.clone()
        elif isinstance(value, dict):
            tensors |= {f"{above}{field.name}/{key}": part.clone() for key, part in value.items()}
        elif field.name != "forecasts":
            rest[field.name] = value
    return rest


def _below(tensors: dict[str, Tensor], above: str, mappings: tuple[str, ...]) -> dict[str, Any]:
    """Return the tensors below a prefix by name, those of a mapping together."""
    found: dict[str, Any] = {name: {} for name in mappings}
    for key, value in tensors.items():
        if key.startswith(above):
            name, _, part = key.removeprefix(above).partition("/")
            if part:
                found[name][part] = value
            else:
                found[name] = value
    return found


def _tuples(value: Any) -> Any:
    """Return tuples in place of the lists that JSON made of them."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
