"""What all experiment files share: sections that are frozen and validated, and the ranges of their numbers."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
#: Numbers whose squares, and the ratios of whose squares, are still numbers.
LEAST, GREATEST = 1e-12, 1e12
Positive = Annotated[float, Field(ge=LEAST, le=GREATEST)]
NotNegative = Annotated[float, Field(ge=0, le=GREATEST)]


class Section(BaseModel):
    """A part of an experiment file: no unknown keys, no NaN, nothing changes once it is made."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _no_truth_as_number(cls, values: object) -> object:
        """Refuse true and false where a number belongs, for which they would count as 1 and 0."""
        for name, value in values.items() if isinstance(values, Mapping) else ():
            field = cls.model_fields.get(name) if isinstance(name, str) else None
            if isinstance(value, bool) and field is not None and field.annotation is not bool:
                came = {"key": name, "value": str(value).lower()}
                raise PydanticCustomError("truth_value", "{key}: must not be true or false; came {value}", came)
        return values

    def tree(self) -> dict[str, Any]:
        """Return what a file needs to say: values that differ from the defaults, and names where there is a choice."""
        kept: dict[str, Any] = {}
        fields, defaults = type(self).model_fields, _defaults(type(self))
        for key, field in fields.items():
            value, default = getattr(self, key), defaults[key]
            if isinstance(value, Section):
                inner = value.named_tree() if field.discriminator is not None else value.tree()
                if inner or default is None:
                    kept[key] = inner
            elif value != default and key not in ("kind", "name", "task"):
                kept[key] = _plain(value)
        return kept

    def named_tree(self) -> dict[str, Any]:
        """Return the same, beginning with the name, where there is a choice between sections."""
        return {"name": getattr(self, "name", ""), **self.tree()}


@cache
def _defaults(kind: type[Section]) -> dict[str, Any]:
    """Return the defaults of a section, which nobody changes; pydantic would copy them each time."""
    return {key: field.get_default(call_default_factory=True) for key, field in kind.model_fields.items()}


def _plain(value: object) -> object:
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    if isinstance(value, Section):
        return value.named_tree() if "name" in type(value).model_fields else value.tree()
    return value
