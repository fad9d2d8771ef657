"""The settings of a task as a person sets them: sections inside sections, and choices between sections."""

from typing import Any, get_args

import param
from pydantic.fields import FieldInfo

from backends.experiments.faults import validated
from backends.experiments.sections import Section
from dashboard.sections import SectionState, section_state


class FormState(param.Parameterized):
    """The state of a section and of all sections in it, made from the fields of its model.

    What no control is made for, such as a list of sections, is kept as it was taken over.

    Attributes
    ----------
    section
        Its values, key by key.
    parts
        The sections in it.
    offers
        By the key of a choice between sections, these by their names.
    chosen
        Which of them counts, by key.
    """

    version = param.Integer(0, doc="Grows with every change.")

    def __init__(self, model: type[Section]) -> None:
        super().__init__()
        self.model = model
        self.section: SectionState = section_state(model)
        self.parts: dict[str, FormState] = {}
        self.offers: dict[str, dict[str, FormState]] = {}
        names = {}
        for key, field in model.model_fields.items():
            kinds = sections_of(field)
            if field.discriminator is not None:
                self.offers[key] = {kind.model_fields["name"].default: FormState(kind) for kind in kinds}
                names[key] = param.String(next(iter(self.offers[key])))
            elif kinds:
                self.parts[key] = FormState(kinds[0])
        self.chosen: Any = type("Chosen", (param.Parameterized,), names)()
        self._taking = False
        self._take_defaults()
        self.section.param.watch(self._on_change, list(self.section.KEYS))
        if names:
            self.chosen.param.watch(self._on_change, list(names))
        for form in [*self.parts.values(), *(form for offer in self.offers.values() for form in offer.values())]:
            form.param.watch(self._on_change, "version")

    @property
    def leaves(self) -> list[str]:
        """The keys that hold values, not sections."""
        return [key for key in self.section.KEYS if key not in self.parts and key not in self.offers]

    def tree(self) -> dict[str, Any]:
        """Return all values, as a file has them."""
        tree: dict[str, Any] = {key: getattr(self.section, key) for key in self.leaves}
        tree |= {key: form.tree() for key, form in self.parts.items()}
        for key, offer in self.offers.items():
            name = getattr(self.chosen, key)
            tree[key] = {"name": name, **offer[name].tree()}
        return tree

    def settings(self) -> Any:
        """Return the section as the backend wants it.

        Raises
        ------
        InputError
            If a value is out of range; the sentence begins with its key.
        """
        return validated(self.model, self.tree())

    def take(self, settings: Section) -> None:
        """Take over all values of a section."""
        self._taking = True
        try:
            self.section.param.update(**{key: getattr(settings, key) for key in self.leaves})
            for key, form in self.parts.items():
                form.take(getattr(settings, key))
            for key, offer in self.offers.items():
                chosen = getattr(settings, key)
                offer[chosen.name].take(chosen)
                setattr(self.chosen, key, chosen.name)
        finally:
            self._taking = False
        self._on_change()

    def reset(self) -> None:
        """Go back to the defaults."""
        self.take(self.model.model_construct())

    def default(self, key: str) -> Any:
        """Return the default of a key."""
        return self.model.model_fields[key].get_default(call_default_factory=True)

    def _take_defaults(self) -> None:
        for key, form in self.parts.items():
            if isinstance(default := self.default(key), Section):
                form.take(default)
        for key, offer in self.offers.items():
            if isinstance(default := self.default(key), Section):
                name = getattr(default, "name", "")
                offer[name].take(default)
                setattr(self.chosen, key, name)

    def _on_change(self, *_events: object) -> None:
        if not self._taking:
            self.version += 1


def sections_of(field: FieldInfo) -> tuple[type[Section], ...]:
    """Return the sections that a field holds one of; none if it may also hold something else."""
    kinds = get_args(field.annotation) or (field.annotation,)
    if all(isinstance(kind, type) and issubclass(kind, Section) for kind in kinds):
        return tuple(kinds)
    return ()
