"""Settings as param objects: one parameter for each key of an experiment file, with its description as its doc."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import param
from pydantic import ValidationError

from backends.errors import InputError
from backends.experiments.faults import sentence
from backends.experiments.sections import Section


class SectionState(param.Parameterized):
    """The state of one section of an experiment; made by :func:`section_state`."""

    MODEL: type[Section]
    #: The keys that are parameters: all but the name of the model, which is fixed.
    KEYS: tuple[str, ...]
    #: What was made of the values by the keys that counted: sections are asked for some twenty times at each change.
    _made: Mapping[frozenset[str] | None, Any] = MappingProxyType({})

    def __setattr__(self, name: str, value: Any) -> None:
        # Before the value is there, as whoever watches it may ask for the section; and whether or not it is equal to the last
        # one: 1 and true are equal, and only one of them may be right.
        if name in self.KEYS:
            self._made = {}
        super().__setattr__(name, value)

    def settings(self, only: set[str] | None = None) -> Any:
        """Return the section as the backend wants it.

        Parameters
        ----------
        only
            The keys that count; all by default.

        Raises
        ------
        InputError
            If a value is out of range; the sentence names it.
        """
        counted = None if only is None else frozenset(only)
        if counted in self._made:
            return self._made[counted]
        values = {name: getattr(self, name) for name in self.KEYS if only is None or name in only}
        try:
            made = self.MODEL.model_validate(values)
        except ValidationError as problem:
            raise InputError(_named(sentence(problem, self.MODEL))) from problem
        self._made = {**self._made, counted: made}
        return made

    def take(self, settings: Section) -> None:
        """Take over all values of a section."""
        self.param.update(**{name: getattr(settings, name) for name in self.KEYS})


def section_state(model: type[Section], **start: object) -> Any:
    """Return a parameterized object with a parameter for each field of a model, at its default or a start of its own."""
    required = model.model_construct()
    parameters = {
        name: param.Parameter(default=start.get(name, getattr(required, name, "")), doc=_doc(field.description))
        for name, field in model.model_fields.items()
        if name != "name"  # which param has a use for itself
    }
    more = {"MODEL": model, "KEYS": tuple(parameters)}
    kind = type(f"{model.__name__}State", (SectionState,), {**parameters, **more})
    return kind()


#: What a person calls what a sentence of the validation names.
NAMES = {
    "sigma": "the standard deviation σ",
    "length": "the correlation length L",
    "length_z": "the vertical correlation length L_z",
    "count": "the number of observations",
    "noise": "the true σ_o",
    "floor": "the floor α",
}


def _named(text: str) -> str:
    key, colon, rest = text.partition(": ")
    return f"{NAMES.get(key, key)}: {rest}" if colon else text


def _doc(description: str | None) -> str:
    """Return a description of the file's documentation as a tooltip: plain text, a capital first letter."""
    text = (description or "").replace("`", "")
    return text[:1].upper() + text[1:]
