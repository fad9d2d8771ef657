"""The tour of a page: a few steps that point at its main things, offered at the first visit."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import param
from panel.custom import JSComponent

from backends.pictures.coastlines import ASSETS


class Step(NamedTuple):
    """What is pointed at, and what is said of it.

    Attributes
    ----------
    selector
        In CSS; the first part of the page in sight that it selects, in any of Panel's trees. A step without one is left out.
    title, text
        A few words, and a sentence or two, plain text.
    """

    selector: str
    title: str
    text: str


class Tour(JSComponent):
    """A card beside what it points at; how it goes on is the browser's affair. It has no place of its own on the page.

    Parameters
    ----------
    page
        Address of the page.
    pages
        Those of all pages; who wants no tour is offered none on any.
    steps
        One after the other.
    offered
        Whether it is offered at the first visit; a page that somebody was sent to, in a scene or with settings, offers none.
    """

    page = param.String("/", doc="Address of the page.")
    pages = param.List([], doc="Addresses of all pages.")
    steps = param.List([], doc="Selector, title and text of each step.")
    offered = param.Boolean(False, doc="Whether the tour is offered at the first visit.")

    _esm = "".join((ASSETS / name).read_text(encoding="utf-8") for name in ("card.js", "tour.js"))

    def __init__(self, page: str, pages: Sequence[str], steps: Sequence[Step], offered: bool) -> None:
        plain = [list(step) for step in steps]
        super().__init__(
            page=page, pages=list(pages), steps=plain, offered=offered and bool(steps), width=0, height=0, margin=0
        )


_BUTTON = """
export function render({model}) {
  const button = document.createElement("button")
  button.type = "button"
  button.textContent = "Take the tour"
  button.title = "Points at the main things of this page, one after the other"
  button.addEventListener("click", () => {
    model.send_msg("begin")
    window.dispatchEvent(new Event("assimilab-tour"))  // assets/tour.js
  })
  return button
}
"""
_STYLE = """
button { font: inherit; font-size: 14px; color: inherit; background: none; border: 1px solid currentcolor; border-radius: 4px;
  padding: 4px 12px; cursor: pointer; }
button:hover { background: rgb(128 128 128 / 15%); }
button:focus-visible { outline: 2px solid currentcolor; outline-offset: 2px; }
"""


class TourButton(JSComponent):
    """Begins the tour of the page; `on_begin` is called, too."""

    _esm = _BUTTON
    _stylesheets = [_STYLE]  # noqa: RUF012, as Panel has it

    def __init__(self, on_begin: Callable[[], Any]) -> None:
        super().__init__(margin=(12, 14, 0, 14))
        self._on_begin = on_begin

    def _handle_msg(self, data: Any) -> None:
        if data == "begin":
            self._on_begin()
