// Presenter mode: a page that is read from the last row, and moved by keys. It lasts while the browser's tab does, over all pages.
// It changes how things look in this browser only.

const PRESENTING = "assimilab-presenting"
const LOOK_EVERY = 500 // milliseconds between two looks for what is new on the page
const ASIDE = "clamp(330px, 34vw, 560px)" // how wide the text of a scene is
const TYPE = 22, HEADING = 27, AXIS = 17, LINE = 3, DOT = 9, ALPHA = 0.75
const PIECE = 34 // of a line in a legend, as long as two dashes
const GRAIN = 3 // dots smaller than this are a backdrop of many, and become as large as this
const HAIR = 1, FINE = 1.5 // lines thinner than the first accompany others, and are to be told from them: they become as thick as the second

// Panel's parts lie in shadow roots, each of which needs the sheet. Formulas set their own sizes relative to ours.
const SHEET = new CSSStyleSheet()
SHEET.replaceSync(`
  :host, *:not(.katex, .katex *, .material-icons, .material-icons-outlined, svg, svg *, canvas) { font-size: ${TYPE}px !important; }
  h1:not(.katex), h1 *:not(.katex), h2:not(.katex), h2 *:not(.katex) { font-size: ${HEADING}px !important; }
  .material-icons, .material-icons-outlined, svg.MuiSvgIcon-root { font-size: ${HEADING}px !important; }
  .hint, .facts span.name, .status span, table th { opacity: 1 !important; }
  .hint, .heading, .facts { line-height: 1.35 !important; }
  .facts { gap: 4px 26px; }
  button, .MuiInputBase-root { white-space: nowrap; }
  .MuiInputLabel-shrink { transform: translate(12px, 4px) !important; z-index: 1; }
  .MuiInputBase-root { min-height: 70px; }
  .MuiInputBase-root .MuiInputBase-input { padding-top: 34px; padding-bottom: 4px; }
  .MuiInputAdornment-root { transform: translateY(15px); }
  .MuiSelect-select { padding-left: 12px !important; padding-right: 26px !important; }
  .MuiInputLabel-shrink svg, .MuiInputLabel-shrink .material-icons-outlined { display: none !important; }
  .filepond--drop-label label { padding: 0 !important; white-space: normal !important; }
  .MuiInputBase-multiline { padding-top: 34px; }
  .MuiInputBase-multiline .MuiInputBase-input { padding: 0; }
  .MuiOutlinedInput-notchedOutline { top: 0; }
  .MuiOutlinedInput-notchedOutline legend { display: none; }
  .MuiAppBar-root { display: none !important; }
  .main > div > .MuiToolbar-root, .sidebar > .MuiToolbar-root { display: none !important; }
  .main-content, .sidebar { padding-bottom: 72px; }
  .way, .onward { display: none !important; }
  .panel-title { white-space: normal; }
  .map-box { flex-basis: 420px !important; max-width: 640px !important; }
`)

// The text of the scene, which can be taken away, and its way to other scenes, for which there are keys.
const TEXTLESS = new CSSStyleSheet()
TEXTLESS.replaceSync(".scene { display: none !important; }")

// Where there is room, the text stands beside what it speaks of. Its background must not let through what scrolls below it.
const BESIDE = new CSSStyleSheet()
BESIDE.replaceSync(`
  @media (min-width: 900px) {
    .scene { position: fixed !important; inset: 0 0 52px auto; width: ${ASIDE} !important; height: auto !important;
      margin: 0 !important; overflow: auto; z-index: 1000; }
    .main-content { padding-right: calc(${ASIDE} + 8px); }
    .katex { font-size: 21px !important; }
  }
`)

const LOOKS = `
  .strip { position: fixed; inset: auto 0 0 0; z-index: 100001; display: flex; align-items: center; gap: 10px; box-sizing: border-box;
    min-height: 52px; padding: 4px 14px; background: #0b2f4d; color: #fff; font: 22px/1.2 Roboto, system-ui, sans-serif; }
  .strip b { flex: 1; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; font-weight: 600; }
  .strip button, .strip a { font: inherit; color: inherit; background: none; border: 2px solid rgb(255 255 255 / 60%); border-radius: 6px;
    padding: 4px 12px; cursor: pointer; text-decoration: none; white-space: nowrap; }
  .strip button:hover, .strip a:hover { background: rgb(255 255 255 / 16%); }
  :focus-visible { outline: 3px solid #ffb000; outline-offset: 2px; }
  .light { position: fixed; z-index: 100000; pointer-events: none; border-radius: 10px; box-shadow: 0 0 0 9999px rgb(0 0 0 / 68%);
    transition: left .15s, top .15s, width .15s, height .15s; }
  @media (prefers-reduced-motion: reduce) { .light { transition: none; } }
`
// As in dashboard/keys.py: what has the focus keeps the keys that it needs itself.
const TEXT = "textarea, select, [contenteditable=true], [role=option], [role=menuitem], [role=textbox], [role=combobox], "
  + "input:not([type=range]):not([type=checkbox]):not([type=radio]):not([type=button])"
const ARROWS = "input, [role=slider], [role=tab], [role=radio]"

const SHEETS = [SHEET, TEXTLESS, BESIDE]

function* roots(root) {
  yield root
  for (const part of root.querySelectorAll("*")) if (part.shadowRoot) yield* roots(part.shadowRoot)
}

function wear(root, sheets) {
  const ours = root.adoptedStyleSheets.filter((sheet) => SHEETS.includes(sheet))
  if (ours.length === sheets.length && ours.every((sheet, k) => sheet === sheets[k])) return
  root.adoptedStyleSheets = [...root.adoptedStyleSheets.filter((sheet) => !SHEETS.includes(sheet)), ...sheets]
}

// Figures ------------------------------------------------------------------------------------------------------------

const before = new Map() // what a model had, to give it back

function set(model, changes) {
  const was = before.get(model) ?? {}
  for (const name of Object.keys(changes)) if (!(name in was)) was[name] = model.properties[name].get_value()
  before.set(model, was)
  model.setv(changes, {sync: false})
}

const number = (spec) => typeof spec === "number" ? spec : typeof spec?.value === "number" ? spec.value : null

// The dashes of a line grow with its width: dots stay dots.
function thicken(model, least) {
  raise(model, "line_width", least)
  const was = before.get(model)
  const dash = model.properties.line_dash?.get_value()
  const pattern = Array.isArray(dash) ? dash : dash?.value
  if (was?.line_width === undefined || was.line_dash !== undefined || !Array.isArray(pattern) || !pattern.length) return
  const growth = number(model.line_width) / number(was.line_width)
  set(model, {line_dash: pattern.map((length) => Math.round(length * growth))})
}

function raise(model, name, least) {
  if (!(name in model.properties)) return
  const is = number(model.properties[name].get_value())
  if (is !== null && is > 0 && is < least) set(model, {[name]: least})
}

function type(model, name) {
  if (!(name in model.properties)) return
  const is = model.properties[name].get_value()
  const text = typeof is === "object" && is !== null && "value" in is ? is.value : is
  if (typeof text !== "string") return
  const pixels = parseFloat(text) * (text.endsWith("em") ? 13 : text.endsWith("pt") ? 4 / 3 : 1)
  if (pixels > 0 && pixels < AXIS) set(model, {[name]: `${AXIS}px`})
}

const LINES = /^(Line|MultiLine|Step|Segment|Ray|VSpan|HSpan|Span|Bezier|Spline|Whisker|Slope)$/
const FONTS = ["axis_label_text_font_size", "major_label_text_font_size", "label_text_font_size", "title_text_font_size", "text_font_size"]

// A legend above a frame has as many columns as there is room for in large type.
function fold(plot) {
  for (const legend of plot.above ?? []) {
    if (legend.type === "Legend" && legend.glyph_width < PIECE) set(legend, {glyph_width: PIECE})
    if (legend.type !== "Legend" || legend.orientation !== "horizontal" || !legend.visible) continue
    const widths = legend.items.map((item) => PIECE + 20 + 0.55 * AXIS * (item.label?.value ?? "").length)
    const room = plot.inner_width || 0, widest = Math.max(...widths)
    if (room > 0 && widths.reduce((sum, width) => sum + width, 0) > room) {
      const columns = Math.max(1, Math.floor(room / widest))
      if (legend.ncols !== columns) set(legend, {ncols: columns})
    }
  }
}

function enlarge(document) {
  for (const model of document?._all_models?.values() ?? []) {
    fold(model)
    for (const name of FONTS) type(model, name)
    if (LINES.test(model.type)) {
      const was = number(before.get(model)?.line_width ?? model.line_width)
      thicken(model, was !== null && was < HAIR ? FINE : LINE)
      raise(model, "line_alpha", ALPHA)
    } else if (model.type === "Scatter") {
      const was = number(before.get(model)?.size ?? model.properties.size.get_value())
      raise(model, "size", was !== null && was < GRAIN ? GRAIN : DOT)
      raise(model, "line_width", 2)
    }
  }
}

// A list of fixed width becomes as wide as what is chosen in it.
const widened = new Map()

function widen(root) {
  const chosen = root.querySelector(".MuiSelect-select"), host = root.host
  const more = chosen ? chosen.scrollWidth - chosen.clientWidth : 0
  if (more <= 0 || host.closest(".sidebar")) return
  let box = chosen
  while (box.parentNode !== root) box = box.parentNode
  for (const part of [host, box]) if (!widened.has(part)) widened.set(part, part.style.minWidth)
  host.style.minWidth = `${Math.min(host.offsetWidth + more, innerWidth / 2)}px`
  box.style.minWidth = "100%"
}

function restore() {
  for (const [part, width] of widened) part.style.minWidth = width
  widened.clear()
  for (const [model, was] of before) model.setv(was, {sync: false})
  before.clear()
}

// The mode -----------------------------------------------------------------------------------------------------------

export function render({model, view}) {
  const opener = document.createElement("button")
  opener.type = "button"
  opener.className = "opener"
  opener.textContent = "Present"
  opener.title = "Large type, keys for scenes, and a room that others follow (P)"

  const layer = document.createElement("div")
  const shadow = layer.attachShadow({mode: "open"})
  const looks = document.createElement("style")
  looks.textContent = LOOKS
  const strip = element("div", "strip"), light = element("div", "light")
  strip.setAttribute("role", "toolbar")
  strip.setAttribute("aria-label", "Presenter")
  light.hidden = true
  const title = element("b")
  const previous = button("‹", "Previous scene (←)", () => go(model.scenes.previous))
  const next = button("›", "Next scene (→)", () => go(model.scenes.next))
  const room = button("Room", "A room in which others see this page move with yours (F)", () => open_room())
  strip.append(
    previous, title, next, button("Text", "Show or hide the text of the scene (T)", () => text()),
    button("Controls", "Show or hide the sidebar (C)", () => sidebar()), room,
    button("Keys", "List the keys (?)", () => help()), button("Leave", "Leave presenter mode (Escape)", () => leave()),
  )
  shadow.append(looks, light, strip)

  let presenting = false, timer = 0, open = false, read = true, beside = false, point = null

  function element(name, kind = "", text = "") {
    const made = document.createElement(name)
    made.className = kind
    made.textContent = text
    return made
  }
  function button(text, about, act) {
    const made = element("button", "", text)
    made.type = "button"
    made.title = about
    made.setAttribute("aria-label", about)
    made.addEventListener("click", act)
    return made
  }

  const look = () => {
    const all = [...roots(document.body)].filter((root) => root instanceof ShadowRoot && root !== shadow)
    const dress = (...sheets) => all.forEach((root) => wear(root, [SHEET, ...sheets]))
    const told = () => all.some((root) => [...root.querySelectorAll(".scene")].some((part) => part.getClientRects().length))
    if (!read || open) { // controls take the place of the text
      dress(TEXTLESS)
    } else {
      dress(...(beside ? [BESIDE] : []))
      if (told() !== beside) {
        beside = !beside
        dress(...(beside ? [BESIDE] : []))
      }
    }
    all.forEach(widen)
    enlarge(view.model.document)
    show_sidebar(open)
    shine()
  }
  const show_sidebar = (seen) => {
    const page = view.model.document?.roots().find((root) => "sidebar_open" in (root.data?.attributes ?? {}))
    if (page && page.data.sidebar_open !== (seen && model.sidebar)) page.data.setv({sidebar_open: seen && model.sidebar})
  }
  const enter = () => {
    presenting = true
    sessionStorage.setItem(PRESENTING, "yes")
    document.documentElement.classList.add("presenting")
    document.body.append(layer)
    name()
    open = false
    look()
    timer = setInterval(look, LOOK_EVERY)
  }
  const leave = () => {
    presenting = false
    sessionStorage.removeItem(PRESENTING)
    document.documentElement.classList.remove("presenting")
    clearInterval(timer)
    light.hidden = true
    layer.remove()
    for (const root of roots(document.body)) {
      if (root instanceof ShadowRoot) wear(root, [])
    }
    restore()
    show_sidebar(true)
  }
  const name = () => {
    title.textContent = model.scenes.title
    previous.disabled = !model.scenes.previous
    next.disabled = !model.scenes.next
  }
  const go = (address) => { if (address) location.assign(address) }
  const sidebar = () => {
    open = !open
    look()
  }
  const text = () => {
    read = open || !read
    open = false
    look()
  }
  const help = () => window.dispatchEvent(new Event("assimilab-keys")) // assets/key_list.js
  // The button of the room in the header knows all of it.
  const open_room = () => window.dispatchEvent(new CustomEvent("assimilab-room"))
  const name_room = (event) => { room.textContent = event.detail }

  // The spotlight ----------------------------------------------------------------------------------------------------

  // The smallest part of the page round a place that a person would call one thing: a control, a figure, a text.
  const thing = (path) => {
    for (const part of path) {
      if (!(part instanceof Element) || layer.contains(part) || !part.shadowRoot) continue
      const box = part.getBoundingClientRect()
      if (box.width >= 40 && box.height >= 24 && box.width * box.height < 0.6 * innerWidth * innerHeight) return box
    }
    return null
  }
  const shine = () => {
    if (light.hidden) return
    const box = (point?.isConnected ?? true) && point ? thing(pathOf(point)) : null
    if (!box) return
    const room = 8
    Object.assign(light.style, {
      left: `${box.left - room}px`, top: `${box.top - room}px`,
      width: `${box.width + 2 * room}px`, height: `${box.height + 2 * room}px`,
    })
  }
  const pathOf = (part) => {
    const path = []
    for (let at = part; at; at = at.parentNode ?? at.host) path.push(at)
    return path
  }
  const spotlight = () => {
    light.hidden = !light.hidden
    if (!light.hidden) Object.assign(light.style, {left: "50%", top: "50%", width: "0", height: "0"})
    shine()
  }
  const follow = (event) => {
    const part = event.composedPath()[0]
    if (!presenting || !(part instanceof Element) || layer.contains(part) || part.getRootNode() === shadow) return
    point = part
    shine()
  }

  // Keys -------------------------------------------------------------------------------------------------------------

  const chapter = (digit) => go(model.scenes.chapter[digit - 1])
  const ACTIONS = {
    p: leave, s: spotlight, c: sidebar, t: text, f: open_room,
    ArrowRight: () => go(model.scenes.next), PageDown: () => go(model.scenes.next),
    ArrowLeft: () => go(model.scenes.previous), PageUp: () => go(model.scenes.previous),
    Escape: () => { if (!light.hidden) spotlight(); else leave() },
  }
  const press = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return
    const path = event.composedPath().filter((part) => part instanceof Element), [focus] = path
    if (!focus || focus.matches(TEXT) || path.some((part) => part.matches("dialog, [role=dialog]"))) return
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
    if (!presenting) {
      if (key !== "p") return
      enter()
    } else if (key >= "1" && key <= "9") {
      chapter(Number(key))
    } else if (!(key in ACTIONS) || (key.startsWith("Arrow") && focus.matches(ARROWS))) {
      return
    } else {
      ACTIONS[key]()
    }
    event.preventDefault()
    event.stopPropagation()
  }

  opener.addEventListener("click", enter)
  model.on("scenes", name)
  window.addEventListener("assimilab-room-named", name_room)
  const listeners = {keydown: press, pointermove: follow, focusin: follow}
  for (const [type, listener] of Object.entries(listeners)) window.addEventListener(type, listener, true)
  model.on("remove", () => {
    clearInterval(timer)
    layer.remove()
    window.removeEventListener("assimilab-room-named", name_room)
    for (const [type, listener] of Object.entries(listeners)) window.removeEventListener(type, listener, true)
  })
  if (sessionStorage.getItem(PRESENTING)) enter()
  return opener
}
