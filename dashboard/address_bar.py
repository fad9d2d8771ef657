"""The browser's address and history, and a button that copies the address."""

from collections.abc import Callable
from typing import Any

import param
from panel.custom import JSComponent

from dashboard.controls import ToldDirectly

# Panel's own Location would make every write a step of the history, and is not told when a person goes back.
_RENDER = """
export function render({model, el}) {
  const bar = document.createElement("div")
  const button = document.createElement("button")
  const box = document.createElement("div")
  bar.className = "bar"
  button.type = "button"
  button.textContent = "Copy link"
  button.title = "Copies the address of this page with all its settings"
  box.className = "box"
  box.setAttribute("role", "status")
  bar.append(button, box)

  const write = () => {
    const {query, step} = model.wanted
    if (!query || location.search === query) return
    const url = location.pathname + query + location.hash
    if (step) history.pushState(null, "", url)
    else history.replaceState(null, "", url)
  }
  const travel = () => model.send_msg({query: location.search})

  let forgetting = 0
  const show = (...content) => {
    clearTimeout(forgetting)
    box.replaceChildren(...content)
  }
  const say = (text) => {
    show(text)
    forgetting = setTimeout(() => show(), 8000)
  }
  const offer = () => {  // where a page may not write to the clipboard
    const field = document.createElement("input")
    field.readOnly = true
    field.value = location.href
    field.setAttribute("aria-label", "Address of this page, to copy")
    field.addEventListener("keydown", (event) => { if (event.key === "Escape") { show(); button.focus() } })
    field.addEventListener("blur", () => show())
    show("Copy this address:", field)
    field.focus()
    field.select()
  }
  button.addEventListener("click", async () => {
    if (model.wanted.refused) return say(model.wanted.refused)
    try {
      await navigator.clipboard.writeText(location.href)
      say("The address has been copied.")
    } catch {
      offer()
    }
  })

  model.on("wanted", write)
  window.addEventListener("popstate", travel)
  model.on("remove", () => {
    clearTimeout(forgetting)
    window.removeEventListener("popstate", travel)
  })
  write()
  return bar
}
"""
_STYLE = """
.bar { position: relative; color: #fff; }
button { font: inherit; font-size: 13px; color: inherit; background: none; border: 1px solid rgb(255 255 255 / 45%);
  border-radius: 4px; padding: 3px 9px; cursor: pointer; white-space: nowrap; }
button:hover { background: rgb(255 255 255 / 14%); }
button:focus-visible { outline: 2px solid #fff; outline-offset: 1px; }
.box:empty { display: none; }
.box { position: absolute; top: 34px; right: 0; z-index: 10; width: max-content; max-width: min(420px, 80vw); padding: 8px 10px;
  font-size: 13px; line-height: 1.4; background: #22303c; border-radius: 4px; box-shadow: 0 2px 8px rgb(0 0 0 / 35%); }
.box input { display: block; box-sizing: border-box; width: 380px; max-width: 100%; margin-top: 4px; font: inherit; }
"""


class AddressBar(ToldDirectly, JSComponent):
    """A button in the header; beside it, what the address of the page is to be.

    Parameters
    ----------
    on_travel
        Called with the query of the address when a person went back or forward; by default nothing.
    """

    wanted = param.Dict(
        {"query": "", "step": False, "refused": ""},
        doc="Query of the address, whether it is a step that Back undoes, and why the address does not say the state.",
    )

    _direct = frozenset({"wanted"})
    _esm = _RENDER
    _stylesheets = [_STYLE]  # noqa: RUF012, as Panel has it

    def __init__(self, on_travel: Callable[[str], Any] = lambda _query: None) -> None:
        super().__init__(margin=(0, 8), align="center")
        self._on_travel = on_travel

    def write(self, query: str, step: bool) -> None:
        """Let the address have a query: as a step of the history, or in place of the last one."""
        self.wanted = {"query": query, "step": step, "refused": ""}

    def refuse(self, why: str) -> None:
        """Leave the address as it is, and say why to who wants to copy it."""
        self.wanted = {"query": "", "step": False, "refused": why}

    def _handle_msg(self, data: Any) -> None:
        query = data.get("query") if isinstance(data, dict) else None
        if isinstance(query, str):
            self._on_travel(query)
