// A page that follows a room: a bar at the bottom says so, and what is done to the rest of the page goes nowhere. The server does not
// act on it either; here it only shall not look as if it did.

const FOLLOWED = "assimilab-room-followed"
const LOOKS = `
  .follow { position: fixed; inset: auto 0 0 0; z-index: 4000; display: flex; align-items: center; gap: 4px 14px; flex-wrap: wrap;
    box-sizing: border-box; min-height: 52px; padding: 6px 18px; background: #0b2f4d; color: #fff; font: 17px/1.35 Roboto, system-ui, sans-serif;
    box-shadow: 0 -2px 12px rgb(0 0 0 / 30%); }
  .follow.over { background: #7a3300; }
  .dot { flex: none; width: 12px; height: 12px; border-radius: 50%; background: #45d19b; }
  .over .dot { background: #ffb27a; }
  b { letter-spacing: 0.08em; }
  .said { flex: 1 1 260px; }
  button { font: inherit; font-weight: 600; color: #0b2f4d; background: #fff; border: 2px solid #fff; border-radius: 6px; padding: 5px 14px;
    cursor: pointer; white-space: nowrap; }
  button:hover { background: #dbe9f5; }
  button:focus-visible { outline: 3px solid #ffb000; outline-offset: 2px; }
  .follow.nudge button { animation: nudge 0.5s; }
  @keyframes nudge { 30% { box-shadow: 0 0 0 7px #ffb000; } }
  @media (prefers-reduced-motion: reduce) { .follow.nudge button { animation: none; } }
`
// The end of the page and of the sidebar, which lie in the shadow root of the frame, must not lie under the bar.
const SHEET = new CSSStyleSheet()
SHEET.replaceSync(".main-content { max-height: calc(100vh - 130px) !important; } .sidebar { padding-bottom: 72px !important; }")
const LOOK_EVERY = 300 // milliseconds, until the frame is there
const SAYS = {
  following: "This page moves with the presenter's.",
  away: "The presenter has left. This page stays where it is.",
  closed: "The room is closed. This page stays where it is.",
}
// What a hand does to a page; scrolling is left to it.
const TOUCHES = [
  "pointerdown", "mousedown", "touchstart", "click", "dblclick", "auxclick", "contextmenu", "dragstart", "drop", "paste", "beforeinput",
  "input", "change", "submit",
]
const OF_THE_READER = new Set(["Tab", "PageDown", "PageUp", "Home", "End", "ArrowUp", "ArrowDown"])
const ARROWS = "input, textarea, select, [role=slider], [role=tab], [role=radio], [role=combobox], [role=spinbutton]"

function frame(root) {
  if (root.querySelector(".main-content")) return root
  for (const part of root.querySelectorAll("*")) {
    const found = part.shadowRoot && frame(part.shadowRoot)
    if (found) return found
  }
  return null
}

export function render({model}) {
  const layer = document.createElement("div"), shadow = layer.attachShadow({mode: "open"})
  const looks = document.createElement("style"), bar = document.createElement("div"), dot = document.createElement("span")
  const said = document.createElement("span"), own = document.createElement("button")
  looks.textContent = LOOKS
  bar.className = "follow"
  bar.setAttribute("role", "region")
  bar.setAttribute("aria-label", "Room")
  dot.className = "dot"
  said.className = "said"
  said.setAttribute("role", "status")
  own.type = "button"
  own.textContent = "Try it myself"
  own.title = "Opens a copy of what is shown, which is yours to change; you can come back"
  bar.append(dot, said, own)
  shadow.append(looks, bar)

  let gone = false, version = model.state.version
  const show = () => {
    const {code, is, version: newest, go, said: more} = model.state
    const name = document.createElement("b")
    name.textContent = code
    said.replaceChildren(is === "following" ? "Following " : "Room ", name, `. ${more || SAYS[is]}`)
    bar.classList.toggle("over", is !== "following")
    if (newest !== version) {
      version = newest
      model.send_msg({seen: newest})
    }
    if (go && !gone) {
      gone = true
      if (go.includes("room=")) location.replace(go)
      else location.assign(go)
    }
    if (is === "closed") sessionStorage.removeItem(FOLLOWED)
    else sessionStorage.setItem(FOLLOWED, code)
  }
  own.addEventListener("click", () => model.send_msg({own: true}))

  // Links, the frame and the bar are the visitor's.
  const free = (event) => event.composedPath().some((part) => part === layer
    || (part instanceof Element && part.matches("a[href], .MuiAppBar-root, .connection-lost")))
  const nudge = () => {
    bar.classList.remove("nudge")
    void bar.offsetWidth // begins the movement anew
    bar.classList.add("nudge")
  }
  const stop = (event) => {
    if (free(event)) return
    event.stopImmediatePropagation()
    if (event.type !== "touchstart" && event.cancelable) event.preventDefault()
    if (event.type === "click") nudge()
  }
  const wheel = (event) => { if (!free(event)) event.stopImmediatePropagation() } // a page is scrolled, a map not zoomed
  const press = (event) => {
    if (free(event) || event.ctrlKey || event.altKey || event.metaKey) return
    event.stopImmediatePropagation()
    const focus = event.composedPath()[0]
    const onControl = focus instanceof Element && focus.matches(ARROWS) && event.key !== "Tab"
    if (onControl || !(OF_THE_READER.has(event.key) || focus === document.body)) event.preventDefault()
  }
  const listeners = [
    ...TOUCHES.map((type) => [type, stop]), ["wheel", wheel], ["keydown", press], ["keyup", press],
  ]
  for (const [type, listener] of listeners) window.addEventListener(type, listener, {capture: true, passive: type === "wheel"})
  model.on("state", show)
  model.on("remove", () => {
    clearInterval(waiting)
    layer.remove()
    for (const [type, listener] of listeners) window.removeEventListener(type, listener, {capture: true})
  })
  document.body.append(layer)
  const waiting = setInterval(() => {
    const root = frame(document)
    if (!root) return
    clearInterval(waiting)
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, SHEET]
  }, LOOK_EVERY)
  show()
  return document.createElement("div")
}
