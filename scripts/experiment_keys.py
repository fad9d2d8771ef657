"""Brings the tables and examples of docs/ up to date with the code: ``python -m scripts.experiment_keys``.

What stands between ``<!-- begin NAME -->`` and ``<!-- end -->`` is generated: tables of keys from the settings, and the
example files. Testbeds and methods of cycling experiments have one such part each, in which all that are registered appear.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from backends.experiments.cases import CASES
from backends.experiments.cycling.dynamics import DYNAMICS, DynamicsSection
from backends.experiments.cycling.methods import METHODS, LocalizationSettings, MethodSection
from backends.experiments.cycling.registry import KINDS
from backends.experiments.cycling.settings import CyclingSettings, NetworkSettings
from backends.experiments.rollout.models import MODELS
from backends.experiments.rollout.other_starts import GeneraliseSettings
from backends.experiments.rollout.settings import PERTURBATIONS, STARTS, RolloutSettings
from backends.experiments.sections import Section
from backends.experiments.settings import (
    AnalysisSettings,
    BackgroundErrorSettings,
    MethodSettings,
    ObservationSettings,
)
from scripts import training_keys

ROOT = Path(__file__).parent.parent
DOCUMENT, CYCLING, LEARNING, KEYS, ROLLOUT = (
    ROOT / "docs" / name for name in ("experiments.md", "cycling.md", "learning.md", "training-keys.md", "rollout.md")
)
EXAMPLES = ROOT / "assets" / "experiments"

SECTIONS: dict[str, type[BaseModel]] = {
    **{f"case-{model.model_fields['name'].default}": model for model in CASES},
    "background_error": BackgroundErrorSettings,
    "observations": ObservationSettings,
    "method": MethodSettings,
}
#: Units of the keys whose values are real numbers, and of some that count.
STATE, LENGTH = "of the state", "km; line: fraction"
UNITS = {
    "sigma": STATE,
    "noise": STATE,
    "innovation": STATE,
    "length": LENGTH,
    "radius": LENGTH,
    "correlation_length": LENGTH,
    "places": "as the domain's",
    "length_z": "km",
    "domain_width": "km",
    "domain_height": "km",
    "localisation": "km",
    "width": "km",
    "height_scale": "m",
    "lag": "steps",
    "nmc_lag": "steps",
    "gross_size": "`noise`",
    "huber": "σ_o",
    "background_check": "√(HBHᵀ + R)",
    "window": "h",
    "box": "degrees",
}
#: Real numbers without a unit.
PURE = {"floor", "static_weight", "ensemble_weight", "gross_probability", "tolerance", "withhold"}
IN_DESCRIPTION = re.compile(r", (km|m/s|m²/s|m|s|h|per second)(?=;|$)")
LEVELS = {
    "case-stations": "hPa",
    "case-field": "as in the file",
    "case-ensemble": "as in the file",
    "case-observed-field": "as in the file",
}
#: The same of cycling experiments, by kind of section. Testbeds mostly have no units; where a key has one, it stands in its
#: description after a comma: "width of the plane, km".
TIME = "model time"
CYCLING_UNITS = {
    "cycling": {"cycles": "cycles", "spinup": "cycles"},
    "network": {"every": "steps", "sigma": STATE, "noise": STATE},
    "dynamics": {"dt": TIME, "start_sigma": STATE},
    "methods": {
        "additive": STATE,
        "length": "as distances of the testbed",
        "window": "cycles",
        "lag": "cycles",
        "model_error": f"(of the state)² / {TIME}",
    },
    "localization": {"radius": "as distances of the testbed"},
    "rollout": {"steps": "steps", "every": "steps"},
    "start": {},
    "models": {},
    "perturbation": {"sigma": STATE},
    "generalise": {},
}


def updated(document: Path) -> str:
    """Return the text of a document with every generated part as it should be."""
    made = {CYCLING: _cycling_parts, LEARNING: dict, KEYS: _training_parts, ROLLOUT: _rollout_parts}
    parts = made.get(document, _analysis_parts)()
    parts |= {
        f"example {file.name}": f"```yaml\n{file.read_text(encoding='utf-8')}```"
        for file in sorted(EXAMPLES.glob("*.yaml"))
        if _document_of(file) == document
    }

    return filled(document, parts)


def filled(document: Path, parts: dict[str, str]) -> str:
    """Return the text of a document with its generated parts, by their names, as they are given; all of them must be there."""
    left = dict(parts)

    def replaced(match: re.Match[str]) -> str:
        name = match["name"]
        if name not in left:
            raise SystemExit(f"{document.name} has a part {name!r} that is not known; there are {', '.join(left)}")
        return f"<!-- begin {name} -->\n{left.pop(name)}\n<!-- end -->"

    text = document.read_text(encoding="utf-8")
    result = re.sub(r"<!-- begin (?P<name>[^>]*?) -->\n.*?<!-- end -->", replaced, text, flags=re.DOTALL)
    if left:
        raise SystemExit(f"{document.name} has no place for {', '.join(left)}: add <!-- begin NAME --> and <!-- end -->")
    return result


def _document_of(example: Path) -> Path:
    return {"cycling": CYCLING, "training": LEARNING, "rollout": ROLLOUT}.get(example.name.partition("-")[0], DOCUMENT)


def _training_parts() -> dict[str, str]:
    return {"keys common": training_keys.common(_values, _written), "tasks": training_keys.tasks(_values, _written)}


def _analysis_parts() -> dict[str, str]:
    parts = {f"keys {name}": table(name, model) for name, model in SECTIONS.items()}
    return parts | {"keys experiment": table("experiment", AnalysisSettings, {"kind", "repeat"})}


def _cycling_parts() -> dict[str, str]:
    methods = [model for model in METHODS if model.model_fields["name"].default in KINDS]
    return {
        "keys experiment": table("cycling", CyclingSettings, set(CyclingSettings.model_fields)),
        "keys observations": table("network", NetworkSettings),
        "keys localization": table("localization", LocalizationSettings),
        "testbeds": "\n\n".join(map(_testbed, DYNAMICS)),
        "methods": "\n\n".join(map(_method, methods)),
    }


def _rollout_parts() -> dict[str, str]:
    parts = {"keys experiment": table("rollout", RolloutSettings, set(RolloutSettings.model_fields))}
    parts["keys generalise"] = table("generalise", GeneraliseSettings)
    for section, kinds in (("start", STARTS), ("models", MODELS), ("perturbation", PERTURBATIONS)):
        parts[section] = "\n\n".join(_choice(section, kind) for kind in kinds)
    return parts


def _choice(section: str, model: type[BaseModel]) -> str:
    """Return what the document says of one of the sections that a key may hold."""
    name = model.model_fields["name"].default
    keys = set(model.model_fields) - {"name"}
    return "\n\n".join([f"### `{section}: {{name: {name}}}`", _purpose(model), table(section, model, keys)])


def _testbed(model: type[DynamicsSection]) -> str:
    """Return what the document says of a testbed."""
    kind = model.MODEL
    facts = [f"Time is in {kind.time_unit}."] if kind.time_unit else []
    facts += [f"Components are {', '.join(kind.components)}."] if kind.components else []
    facts += [f"Distances are in {kind.distance_unit}."] if kind.distance_unit else []
    facts += [f"`model` cannot change {', '.join(f'`{key}`' for key in sorted(model.FIXED))}."] if model.FIXED else []
    heading = f"### `dynamics: {{name: {model.model_fields['name'].default}}}`"
    return "\n\n".join([heading, " ".join([_purpose(model), *facts]), table("dynamics", model)])


def _method(model: type[MethodSection]) -> str:
    """Return what the document says of a method."""
    name = model.model_fields["name"].default
    limit = [" It keeps covariances as matrices: for at most 1,000 components."] if KINDS[name].dense else []
    keys = set(model.model_fields) - {"name", "label"}
    return "\n\n".join([f"### `name: {name}`", _purpose(model) + "".join(limit), table("methods", model, keys)])


def _purpose(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split("\n\n", maxsplit=1)[0].split())


def table(section: str, model: type[BaseModel], only: set[str] | None = None) -> str:
    """Return the table of a section's keys."""
    properties = model.model_json_schema()["properties"]
    lines = ["| key | meaning | unit | values | default |", "|---|---|---|---|---|"]
    for name, field in model.model_fields.items():
        if (only is None and name == "name") or (only is not None and name not in only):
            continue
        schema = properties[name]
        default = "must be given" if field.is_required() else f"`{_written(field.get_default(call_default_factory=True))}`"
        meaning = (field.description or _alone(field.default, name)).replace("|", "\\|")
        lines.append(f"| `{name}` | {meaning} | {_unit(section, name, schema)} | {', '.join(_values(schema))} | {default} |")
    return "\n".join(lines) if len(lines) > 2 else "It has no keys of its own."


def _alone(default: object, name: str) -> str:
    """Return what stands for a missing description: the one value there is, or where a section is described."""
    return f"`{default}`" if isinstance(default, str) else f"see [{name}](#{name})"


def _unit(section: str, name: str, schema: dict[str, Any]) -> str:
    if section in CYCLING_UNITS:
        said = IN_DESCRIPTION.search(schema.get("description", ""))
        return said[1].replace("per second", "1/s") if said else CYCLING_UNITS[section].get(name, "–")
    if name == "level":
        return LEVELS[section]
    if name in UNITS:
        return UNITS[name]
    if name not in PURE and any(kind.get("type") == "number" for kind in _kinds(schema)):
        raise SystemExit(f"{section}.{name} is a number, but no unit is given for it in {Path(__file__).name}")
    return "–"


def _kinds(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return schema.get("anyOf", [schema])


def _values(schema: dict[str, Any]) -> Iterator[str]:
    """Yield what kinds of value a key may have."""
    for kind in _kinds(schema):
        if "enum" in kind or "const" in kind:
            yield from (f"`{value}`" for value in kind.get("enum", [kind.get("const")]))
        elif "$ref" in kind or "oneOf" in kind or kind["type"] == "object":
            yield "keys and values"
        elif kind["type"] == "null":
            yield "`null`"
        elif kind["type"] == "boolean":
            yield "`true`, `false`"
        elif kind["type"] == "array":
            # A list of fixed length says of each place what it holds.
            held = kind["items"] if "items" in kind else kind["prefixItems"][0]
            number = f"{len(kind['prefixItems'])} " if "prefixItems" in kind else ""
            yield f"list of {number}{_ITEMS.get(held.get('type', 'object'), 'lists')}"
        elif kind["type"] == "string":
            yield "text" + (f" of at most {kind['maxLength']} characters" if "maxLength" in kind else "")
        else:
            yield ("whole number" if kind["type"] == "integer" else "number") + _range(kind)


#: What lists may hold, by the name it has in a schema.
_ITEMS = {"integer": "whole numbers", "number": "numbers", "object": "sections", "string": "words"}


def _range(kind: dict[str, Any]) -> str:
    low = kind.get("minimum", kind.get("exclusiveMinimum"))
    high = kind.get("maximum", kind.get("exclusiveMaximum"))
    low_text = "" if low is None else f" {'from' if 'minimum' in kind else 'above'} {_number(low)}"
    high_text = "" if high is None else f" {'to' if 'maximum' in kind else 'to below'} {_number(high)}"
    return low_text + high_text


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}".replace("e+", "e").replace("e0", "e")


def _written(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Section):
        tree = value.named_tree() if "name" in type(value).model_fields else value.tree()
        return yaml.safe_dump(tree, default_flow_style=True, sort_keys=False, width=1000).strip()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_written, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def main() -> None:
    """Write the documents anew where they are out of date."""
    for document in (DOCUMENT, CYCLING, LEARNING, KEYS, ROLLOUT):
        new = updated(document)
        if new != document.read_text(encoding="utf-8"):
            document.write_text(new, encoding="utf-8")
            print(f"{document.name} was out of date and is written anew")


if __name__ == "__main__":
    main()
