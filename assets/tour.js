// The tour of a page: a card that points at one thing after the other and keeps nobody from using the page. It is offered at the
// first visit, and begins from the help drawer at any time. What has been offered is kept in this browser alone.

const OFFERED = "assimilab-tours"
const SOON = 900 // milliseconds until the page stands still
const LOOK_EVERY = 300 // milliseconds between two looks at where things are
const ROOM = 6, GAP = 12 // pixels round what is pointed at, and between that and the card

const LOOKS = CARD + `
  .card { position: fixed; z-index: 3500; width: 330px; max-width: calc(100vw - 24px); padding: 12px 16px 14px; font: 15px/1.45 Roboto, system-ui, sans-serif; box-shadow: 0 4px 24px rgb(0 0 0 / 45%); }
  .offer { right: 18px; bottom: 18px; width: 290px; pointer-events: none; }
  .offer button { pointer-events: auto; }
  h2 { margin: 0 0 2px; font-size: 16px; }
  p { margin: 0 0 10px; }
  .row { display: flex; align-items: center; gap: 8px; }
  .row span { flex: 1; font-size: 13px; opacity: 0.85; }
  button { font-size: 14px; padding: 3px 12px; }
  .ring { position: fixed; z-index: 3400; box-sizing: border-box; pointer-events: none; border: 3px solid #ffb000; border-radius: 10px;
    box-shadow: 0 0 0 2px rgb(0 0 0 / 45%); transition: left .2s, top .2s, width .2s, height .2s; }
  @media (prefers-reduced-motion: reduce) { .ring { transition: none; } }
`

function element(name, kind, ...content) {
  const made = document.createElement(name)
  made.className = kind
  made.append(...content)
  return made
}
function button(text, act, kind = "") {
  const made = element("button", kind, text)
  made.type = "button"
  made.addEventListener("click", act)
  return made
}

// Where nothing may be kept, as in some private windows, the tour is offered again.
function offered() {
  try {
    return JSON.parse(localStorage.getItem(OFFERED)) ?? []
  } catch {
    return []
  }
}
function keep(pages) {
  try {
    localStorage.setItem(OFFERED, JSON.stringify([...new Set([...offered(), ...pages])]))
  } catch { /* see above */ }
}

// The first element in sight that is selected in a tree or in the trees inside it.
function inSight(tree, selector) {
  for (const found of tree.querySelectorAll(selector)) {
    const {width, height} = found.getBoundingClientRect()
    if (width > 4 && height > 4) return found
  }
  for (const {shadowRoot} of tree.querySelectorAll("*")) {
    const found = shadowRoot && inSight(shadowRoot, selector)
    if (found) return found
  }
  return null
}
function focused() {
  let at = document.activeElement
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
  return at
}
const presenting = () => document.documentElement.classList.contains("presenting")

export function render({model}) {
  const layer = document.createElement("div")
  const shadow = layer.attachShadow({mode: "open"})
  const looks = element("style", "", LOOKS)
  let steps = [], at = 0, timer = 0, before = null, card = null, ring = null

  shadow.append(looks)
  const clear = () => {
    clearInterval(timer)
    clearTimeout(timer)
    layer.remove()
    shadow.replaceChildren(looks)
    card = ring = null
  }

  // The offer --------------------------------------------------------------------------------------------------------

  const offer = () => {
    if (card || presenting() || document.hidden) return
    const yes = button("Take the tour", begin, "first")
    const no = button("No, thanks", () => { keep(model.pages); clear() })
    const words = element("p", "", `${model.steps.length} steps, a minute. Later from Help.`)
    card = element("section", "card offer", element("h2", "", "New on this page?"), words, element("div", "row", yes, no))
    card.setAttribute("aria-label", "Tour")
    shadow.append(card)
    document.body.prepend(layer) // the first that Tab comes to
    keep([model.page])
  }
  // Who begins to work does not want it.
  const withdraw = (event) => {
    const asked = event.type === "keydown" && ["Tab", "Shift", "Control", "Alt", "Meta"].includes(event.key)
    if (card && !ring && !asked && !event.composedPath().includes(layer)) clear()
  }

  // The tour ---------------------------------------------------------------------------------------------------------

  const begin = () => {
    clear()
    steps = model.steps
    keep([model.page])
    before = focused()
    card = element("div", "card")
    card.setAttribute("role", "dialog")
    card.setAttribute("aria-label", "Tour")
    ring = element("div", "ring")
    shadow.append(ring, card)
    document.body.append(layer)
    timer = setInterval(place, LOOK_EVERY)
    at = 0
    go(0)
  }
  const leave = () => {
    clear()
    before?.focus?.()
  }
  // What is not in sight, such as a player where there is one time alone, is left out.
  const go = (to) => {
    const way = to < at ? -1 : 1
    while (steps[to] && !inSight(document, steps[to][0])) to += way
    if (to >= steps.length) return leave()
    if (to < 0) return
    at = to
    const [selector, title, text] = steps[at]
    const last = at === steps.length - 1
    const next = button(last ? "Done" : "Next", () => go(at + 1), "first")
    const back = button("Back", () => go(at - 1))
    const words = element("div", "", element("h2", "", title), element("p", "", text))
    words.setAttribute("aria-live", "polite")
    const row = element("div", "row", element("span", "", `${at + 1} of ${steps.length}`))
    row.append(...(last ? [] : [button("Leave", leave)]), ...(at ? [back] : []), next)
    card.replaceChildren(words, row)
    const thing = inSight(document, selector)
    const {top, bottom} = thing?.getBoundingClientRect() ?? {}
    if (top < 0 || bottom > innerHeight) thing.scrollIntoView({block: bottom - top < innerHeight - 200 ? "center" : "start"})
    place()
    next.focus({preventScroll: true})
  }
  const place = () => {
    if (presenting()) return clear()
    const thing = inSight(document, steps[at][0])
    const box = thing?.getBoundingClientRect()
    ring.hidden = !box
    const {width, height} = card.getBoundingClientRect()
    if (!box) return put(card, innerWidth - width - 18, innerHeight - height - 18)
    const header = inSight(document, ".MuiAppBar-root")?.getBoundingClientRect().bottom ?? 0
    const left = Math.max(box.left - ROOM, 2), top = Math.max(box.top - ROOM, box.top >= header || box.height > header ? header + 2 : 2)
    const right = Math.min(box.right + ROOM, innerWidth - 2), bottom = Math.min(box.bottom + ROOM, innerHeight - 2)
    Object.assign(ring.style, {left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px`})
    const x = Math.min(Math.max(left, GAP), innerWidth - width - GAP), y = Math.min(Math.max(top, GAP), innerHeight - height - GAP)
    if (bottom + GAP + height < innerHeight) put(card, x, bottom + GAP)
    else if (top - GAP - height > 0) put(card, x, top - GAP - height)
    else if (right + GAP + width < innerWidth) put(card, right + GAP, y)
    else if (left - GAP - width > 0) put(card, left - GAP - width, y)
    else put(card, innerWidth - width - 18, innerHeight - height - 18)
  }
  const put = (part, x, y) => Object.assign(part.style, {left: `${x}px`, top: `${y}px`})

  const press = (event) => {
    if (!card) return
    if (event.key === "Escape" && !event.composedPath().some((part) => part instanceof Element && part.matches("dialog"))) {
      if (!ring) return clear()
      leave()
    } else if (ring && event.composedPath().includes(layer) && ["ArrowRight", "ArrowLeft"].includes(event.key)) {
      go(at + (event.key === "ArrowRight" ? 1 : -1))
    } else {
      return withdraw(event)
    }
    event.preventDefault()
    event.stopPropagation()
  }
  // The drawer that it was asked for in goes first, and takes the focus back.
  const ask = () => setTimeout(begin, SOON / 2)

  const listeners = {keydown: press, pointerdown: withdraw, "assimilab-tour": ask}
  for (const [type, listener] of Object.entries(listeners)) window.addEventListener(type, listener, true)
  model.on("remove", () => {
    clear()
    for (const [type, listener] of Object.entries(listeners)) window.removeEventListener(type, listener, true)
  })
  if (model.offered && !offered().includes(model.page)) timer = setTimeout(offer, SOON)
}
