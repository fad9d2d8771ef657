"""The controls of a form: made from its fields, in groups; a fault is said below the control that it names."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from dashboard.controls import html, notice, tell
from dashboard.fields import control
from dashboard.form import FormState
from dashboard.names import key_label


class FormControls:
    """Controls of a :class:`FormState`; a page asks for those of some keys, and puts them where it likes.

    Parameters
    ----------
    form
        Whose values they set.
    makers
        By the keys to a setting, what makes its control of the section and the key, where not its type decides.
    names
        By the keys to a setting, what this page calls it, where it is not what all pages call it.
    """

    def __init__(
        self,
        form: FormState,
        makers: Mapping[str, Callable[[Any, str], Any]] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self.form, self._makers, self._names = form, makers or {}, names or {}
        #: The box of each control by the keys to it.
        self.boxes: dict[str, pn.Column] = {}

    def leaves(self, keys: Sequence[str], form: FormState | None = None, above: str = "") -> list[Any]:
        """Return the controls of keys that hold values; nothing for what is set in files alone."""
        form, boxes = form or self.form, []
        for key in keys:
            path = f"{above}{key}"
            make = self._makers.get(path)
            widget = control(form.section, key, self._label(path)) if make is None else make(form.section, key)
            if widget is not None:
                boxes.append(self.boxed(path, widget))
        return boxes

    def section(self, key: str, form: FormState | None = None, above: str = "") -> list[Any]:
        """Return the controls of a section, or those of a choice between sections: a list, and the controls of the chosen."""
        form, path = form or self.form, f"{above}{key}"
        if key in form.parts:
            return self._inside(form.parts[key], path)
        offer = form.offers[key]
        about, chosen = html(), pn.Column(sizing_mode="stretch_width", margin=0)
        which = pmui.Select(
            label=self._label(path), options={self._label(f"{path}.{name}"): name for name in offer},
            value=getattr(form.chosen, key), sizing_mode="stretch_width",
            description=form.section.param[key].doc or "Which kind of it; its own settings stand below",
        )  # fmt: skip
        made: dict[str, list[Any]] = {}

        def show(*_events: Event) -> None:
            name = getattr(form.chosen, key)
            if name not in made:
                made[name] = self._inside(offer[name], path)
            which.value = name
            about.object = f'<div class="hint">{(offer[name].model.__doc__ or "").splitlines()[0].replace("`", "")}</div>'
            chosen.objects = made[name]

        which.param.watch(lambda event: form.chosen.param.update(**{key: event.new}) if event.new in offer else None, "value")
        form.chosen.param.watch(show, key)
        show()
        return [which, about, chosen]

    def boxed(self, path: str, widget: Any) -> pn.Column:
        """Return a box round a control, in which a fault of its key is said."""
        box = self.boxes[path] = pn.Column(widget, sizing_mode="stretch_width", margin=0)
        return box

    def say(self, fault: str) -> bool:
        """Put a sentence that begins with a key below the control of this key, and return whether there is one.

        What was said before is taken away; an empty sentence only does that.
        """
        key = fault.partition(": ")[0]
        place = self._place(key)
        for box in self.boxes.values():
            if len(box) > 1:
                box.objects = box.objects[:1]
        if place is not None and fault:
            pane = notice("problem")
            tell(pane, "problem", fault.replace(key, self._label(key), 1))
            place.append(pane)
        return place is not None

    def _label(self, path: str) -> str:
        return self._names.get(path) or key_label(path)

    def _place(self, key: str) -> pn.Column | None:
        """Return the box of a key, or of the nearest above it that has one."""
        while key:
            if key in self.boxes:
                return self.boxes[key]
            key = key.rpartition(".")[0]
        return None

    def _inside(self, form: FormState, path: str) -> list[Any]:
        inner = [widget for key in (*form.offers, *form.parts) for widget in self.section(key, form, f"{path}.")]
        return [*self.leaves(form.leaves, form, f"{path}."), *inner]
