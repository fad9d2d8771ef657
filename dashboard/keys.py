"""Keys that work on the whole page."""

from collections.abc import Callable, Mapping
from typing import Any

import param
from panel.custom import JSComponent

#: What is written on keys that do the same, and what that is, in words.
KeyLines = tuple[tuple[tuple[str, ...], str], ...]
_WRITTEN = {" ": "Space", "ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓"}

_LISTEN = """
// What has the focus keeps the keys that it needs itself. A button that was clicked, and a list that something was chosen
// from with the mouse, have the focus too, but nobody thinks of it: there the keys are ours.
const TEXT = "textarea, select, [contenteditable=true], [role=option], [role=menuitem], [role=textbox], "
  + "input:not([type=range]):not([type=checkbox]):not([type=radio]):not([type=button])"
const ARROWS = "input, [role=slider], [role=tab], [role=radio]"
const LIST = "[role=combobox]"
const PRESSED = "button, a, input, [role=tab], [role=button]"

export function render({model}) {
  let pointed = true
  const ours = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return false
    const path = event.composedPath().filter((part) => part instanceof Element), [focus] = path
    if (!focus || path.some((part) => part.matches("dialog[open], [role=dialog]"))) return false
    if (!model.names.includes(name(event)) || focus.matches(TEXT)) return false
    if (event.key.startsWith("Arrow") && focus.matches(ARROWS)) return false
    return pointed || !(focus.matches(LIST) || (event.key === " " && focus.matches(PRESSED)))
  }
  const name = (event) => event.key.length === 1 ? event.key.toLowerCase() : event.key
  const point = () => { pointed = true }
  const down = (event) => {
    if (!ours(event)) {
      pointed = false
      return
    }
    event.preventDefault()
    event.stopPropagation()
    if (!event.repeat) model.send_msg(name(event))
  }
  // A browser clicks the button that has the focus when the key comes up again.
  const up = (event) => { if (event.key === " " && ours(event)) event.preventDefault() }
  const listeners = {pointerdown: point, keydown: down, keyup: up}
  for (const [type, listener] of Object.entries(listeners)) document.addEventListener(type, listener, true)
  model.on("remove", () => {
    for (const [type, listener] of Object.entries(listeners)) document.removeEventListener(type, listener, true)
  })
}
"""


class Keys(JSComponent):
    """Calls something when a key is pressed anywhere on the page, but not while a text or a list has the focus.

    Parameters
    ----------
    actions
        What to call for each key, by its name in browsers, and what that does, in words; letters are small. Keys that do the
        same have the same words.
    """

    names = param.List([], doc="Keys that are listened for; all others stay with the browser.")

    _esm = _LISTEN

    def __init__(self, actions: Mapping[str, tuple[Callable[[], Any], str]]) -> None:
        super().__init__(names=list(actions), width=0, height=0, margin=0)
        self._actions = dict(actions)

    @property
    def lines(self) -> KeyLines:
        """All keys, with what they do."""
        known: dict[str, list[str]] = {}
        for name, (_, words) in self._actions.items():
            known.setdefault(words, []).append(written(name))
        return tuple((tuple(names), words) for words, names in known.items())

    def _handle_msg(self, data: Any) -> None:
        if data in self._actions and data in self.names:
            action, _ = self._actions[data]
            action()


def written(name: str) -> str:
    """Return what is written on a key."""
    return _WRITTEN.get(name) or (name.upper() if len(name) == 1 else name)
