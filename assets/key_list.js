// The list of keys, which `?` opens on every page: in presenter mode those of the presenter and what it leaves of the page's.

const LOOKS = `
  dialog { box-sizing: border-box; max-width: 94vw; max-height: 92vh; overflow: auto; padding: 14px 26px 20px; border: 0; border-radius: 10px;
    background: #0b2f4d; color: #fff; font: 15px/1.5 Roboto, system-ui, sans-serif; box-shadow: 0 4px 30px rgb(0 0 0 / 50%); }
  dialog::backdrop { background: rgb(0 0 0 / 35%); }
  h2 { margin: 10px 0 4px; font-size: 18px; }
  table { border-collapse: collapse; }
  th { text-align: left; padding: 1px 26px 1px 0; white-space: nowrap; vertical-align: top; }
  p { margin: 10px 0; opacity: 0.85; max-width: 34em; }
  button { font: inherit; color: inherit; background: none; border: 2px solid rgb(255 255 255 / 60%); border-radius: 6px; padding: 3px 14px;
    cursor: pointer; }
  button:hover { background: rgb(255 255 255 / 16%); }
  :focus-visible { outline: 3px solid #ffb000; outline-offset: 2px; }
`
const KEPT = "What has the focus keeps the keys that it needs itself: a text all of them, a slider or a list its arrows."

// As in dashboard/keys.py.
const TEXT = "textarea, select, [contenteditable=true], [role=option], [role=menuitem], [role=textbox], [role=combobox], "
  + "input:not([type=range]):not([type=checkbox]):not([type=radio]):not([type=button])"

function element(name, ...content) {
  const made = document.createElement(name)
  made.append(...content)
  return made
}

export function render({model}) {
  const layer = document.createElement("div")
  const shadow = layer.attachShadow({mode: "open"})
  const dialog = element("dialog"), close = element("button", "Close")
  dialog.setAttribute("aria-label", "Keys")
  close.type = "button"
  close.addEventListener("click", () => dialog.close())
  dialog.addEventListener("close", () => layer.remove())
  shadow.append(element("style", LOOKS), dialog)

  const section = (title, lines) => {
    if (!lines.length) return []
    const table = element("table")
    for (const [names, about] of lines) table.insertRow().append(element("th", names.join("  ")), element("td", about))
    return [element("h2", title), table]
  }
  const fill = () => {
    const {page, presenter, everywhere} = model.keys
    if (document.documentElement.classList.contains("presenting")) {
      const taken = new Set(presenter.flatMap(([names]) => names))
      const left = page.map(([names, about]) => [names.filter((name) => !taken.has(name)), about]).filter(([names]) => names.length)
      dialog.replaceChildren(...section("Keys of the presenter", presenter), ...section("Keys of this page", left))
    } else {
      dialog.replaceChildren(...section("Keys of this page", page), ...section("Keys of all pages", everywhere))
    }
    dialog.append(element("p", KEPT), close)
  }
  const toggle = () => {
    if (dialog.open) return dialog.close()
    fill()
    document.body.append(layer)
    dialog.showModal()
  }
  const press = (event) => {
    if (event.key !== "?" || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return
    const focus = event.composedPath()[0]
    if (!(focus instanceof Element) || focus.matches(TEXT)) return
    toggle()
    event.preventDefault()
    event.stopPropagation()
  }
  window.addEventListener("keydown", press, true)
  window.addEventListener("assimilab-keys", toggle)
  model.on("remove", () => {
    layer.remove()
    window.removeEventListener("keydown", press, true)
    window.removeEventListener("assimilab-keys", toggle)
  })
}
