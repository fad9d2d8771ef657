"""Brings docs/experiments.md up to date with the settings and the example files: ``python -m scripts.experiment_keys``."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from backends.experiments.cases import CASES
from backends.experiments.settings import (
    AnalysisSettings,
    BackgroundErrorSettings,
    MethodSettings,
    ObservationSettings,
)

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "experiments.md"
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
}
#: Real numbers without a unit.
PURE = {"floor", "static_weight", "ensemble_weight", "gross_probability", "tolerance", "withhold"}
LEVELS = {"case-stations": "hPa", "case-field": "as in the file", "case-ensemble": "as in the file"}


def updated(text: str) -> str:
    """Return the document with every generated part as it should be."""
    parts = {f"keys {name}": table(name, model) for name, model in SECTIONS.items()}
    parts["keys experiment"] = table("experiment", AnalysisSettings, {"kind", "repeat"})
    parts |= {
        f"example {file.name}": f"```yaml\n{file.read_text(encoding='utf-8')}```" for file in sorted(EXAMPLES.glob("*.yaml"))
    }

    def replaced(match: re.Match[str]) -> str:
        name = match["name"]
        if name not in parts:
            raise SystemExit(f"{DOCUMENT.name} has a part {name!r} that is not known; there are {', '.join(parts)}")
        return f"<!-- begin {name} -->\n{parts.pop(name)}\n<!-- end -->"

    result = re.sub(r"<!-- begin (?P<name>[^>]*?) -->\n.*?<!-- end -->", replaced, text, flags=re.DOTALL)
    if parts:
        raise SystemExit(f"{DOCUMENT.name} has no place for {', '.join(parts)}: add <!-- begin NAME --> and <!-- end -->")
    return result


def table(section: str, model: type[BaseModel], only: set[str] | None = None) -> str:
    """Return the table of a section's keys."""
    properties = model.model_json_schema()["properties"]
    lines = ["| key | meaning | unit | values | default |", "|---|---|---|---|---|"]
    for name, field in model.model_fields.items():
        if (only is None and name == "name") or (only is not None and name not in only):
            continue
        schema = properties[name]
        default = "must be given" if field.is_required() else f"`{_written(field.default)}`"
        meaning = (field.description or f"`{field.default}`").replace("|", "\\|")
        lines.append(f"| `{name}` | {meaning} | {_unit(section, name, schema)} | {', '.join(_values(schema))} | {default} |")
    return "\n".join(lines) if len(lines) > 2 else "It has no keys but `name`."


def _unit(section: str, name: str, schema: dict[str, Any]) -> str:
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
        elif kind["type"] == "null":
            yield "`null`"
        elif kind["type"] == "boolean":
            yield "`true`, `false`"
        elif kind["type"] == "array":
            yield "list of lists"
        elif kind["type"] == "string":
            yield "text"
        else:
            yield ("whole number" if kind["type"] == "integer" else "number") + _range(kind)


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
    return f"{value:g}" if isinstance(value, float) else "[]" if value == () else str(value)


def main() -> None:
    """Write the document anew where it is out of date."""
    text = DOCUMENT.read_text(encoding="utf-8")
    new = updated(text)
    if new != text:
        DOCUMENT.write_text(new, encoding="utf-8")
        print(f"{DOCUMENT.name} was out of date and is written anew")


if __name__ == "__main__":
    main()
