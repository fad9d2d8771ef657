// Presenter mode: a page that is read from the last row, and moved by keys. It lasts while the browser's tab does, over all pages.
// It changes how things look in this browser only.

const PRESENTING = "assimilab-presenting"
const LOOK_EVERY = 500 // milliseconds between two looks for what is new on the page
const ASIDE = "clamp(330px, 34vw, 560px)" // how wide the text of a scene is
const TYPE = 22, HEADING = 27

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
  .MuiButton-root { padding: 3px 10px !important; }
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
  .way, .onward, .desk { display: none !important; }
  .panel-title { white-space: normal; }
  [data-role=settings] { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
  table.race { display: block; max-width: 100%; overflow-x: auto; }
  .map-box { flex-basis: 420px !important; max-width: 640px !important; }
`)

// The text of the scene, which can be taken away, and its way to other scenes, for which there are keys.
const TEXTLESS = new CSSStyleSheet()
TEXTLESS.replaceSync(".scene { display: none !important; }")

// Where there is room, the text stands beside what it speaks of, without the heading, which is in the strip; what is to be tried
// stays in sight where the text is long. Its background must not let through what scrolls below it.
const BESIDE = new CSSStyleSheet()
BESIDE.replaceSync(`
  @media (min-width: 900px) {
    .scene { position: fixed !important; inset: 0 0 52px auto; width: ${ASIDE} !important; height: auto !important;
      margin: 0 !important; overflow: auto; z-index: 1000; background-color: var(--mui-palette-background-default, #fff) !important;
      background-image: linear-gradient(rgb(15 76 129 / 7%) 0 100%) !important; }
    .scene { display: flex !important; flex-direction: column; }
    .scene-head { display: none !important; }
    .scene-text { flex: 0 1 auto !important; min-height: 0 !important; height: auto !important; overflow: auto !important; }
    .said, li { line-height: 1.27 !important; }
    .formula { max-width: 100% !important; margin: 2px 4px !important; }
    .main-content { padding-right: calc(${ASIDE} + 8px); }
    .katex { font-size: 20px !important; }
    :host(.try) .MuiButton-root { padding: 2px 8px !important; line-height: 1.3 !important; }
  }
  /* What can be done without leaves its place to the pictures in a low window. */
  @media (min-width: 900px) and (max-height: 820px) { .spare { display: none !important; } }
  /* Of the scores, those that the texts speak of. */
  @media (min-width: 900px) and (max-width: 1300px) {
    table.race :is(th, td):is(:nth-child(2), :nth-child(5), :nth-child(7), :nth-child(8)) { display: none; }
  }
`)

const LOOKS = `
  .strip { position: fixed; inset: auto 0 0 0; z-index: 100001; display: flex; align-items: center; gap: 6px; box-sizing: border-box;
    min-height: 52px; padding: 4px 8px; background: #0b2f4d; color: #fff; font: 22px/1.2 Roboto, system-ui, sans-serif; }
  .strip b { flex: 1; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; font-weight: 600; }
  .strip button, .strip a { font: inherit; color: inherit; background: none; border: 2px solid rgb(255 255 255 / 60%); border-radius: 6px;
    padding: 4px 9px; cursor: pointer; text-decoration: none; white-space: nowrap; }
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

const SHEETS = [SHEET, TEXTLESS, BESIDE, TRAY]

function* roots(root) {
  yield root
  for (const part of root.querySelectorAll("*")) if (part.shadowRoot) yield* roots(part.shadowRoot)
}

function wear(root, sheets) {
  const ours = root.adoptedStyleSheets.filter((sheet) => SHEETS.includes(sheet))
  if (ours.length === sheets.length && ours.every((sheet, k) => sheet === sheets[k])) return
  root.adoptedStyleSheets = [...root.adoptedStyleSheets.filter((sheet) => !SHEETS.includes(sheet)), ...sheets]
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

  let presenting = false, timer = 0, open = false, read = true, beside = false
  const aside = tray()

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
    const held = !open && aside.hold(model.scenes.spotlight.flatMap(controls)) ? [TRAY] : []
    if (!held.length) aside.clear()
    if (!read || open) { // controls take the place of the text
      dress(TEXTLESS, ...held)
    } else {
      dress(...(beside ? [BESIDE] : []), ...held)
      if (told() !== beside) {
        beside = !beside
        dress(...(beside ? [BESIDE] : []), ...held)
      }
    }
    if (held.length) aside.measure(read && beside ? ASIDE : "0px")
    all.forEach(widen)
    enlarge(view.model.document)
    show_sidebar(open)
    spot.shine()
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
    spot.off()
    aside.clear()
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

  // Controls are known by their label; a heading that opens a group is none of them.
  const controls = (name) => {
    const found = []
    for (const known of view.model.document?._all_models?.values() ?? []) {
      if (known.data?.attributes?.label !== name || known.class_name === "Toggle") continue
      const part = Bokeh.index.find_one(known)?.el
      if (part?.isConnected) found.push(part)
    }
    return found
  }
  const spot = spotlight(light, layer, (name) => controls(name)[0])
  const shine = () => {
    const name = spot.next(model.scenes.spotlight)
    // What is not in the tray either, as in a small window, is brought forth.
    if (name && !open && !controls(name)[0].checkVisibility({visibilityProperty: true})) sidebar()
  }
  const follow = (event) => {
    const part = event.composedPath()[0]
    if (presenting && part instanceof Element && !layer.contains(part) && part.getRootNode() !== shadow) spot.follow(part)
  }

  // Keys -------------------------------------------------------------------------------------------------------------

  const chapter = (digit) => go(model.scenes.chapter[digit - 1])
  const ACTIONS = {
    p: leave, s: shine, c: sidebar, t: text, f: open_room,
    ArrowRight: () => go(model.scenes.next), PageDown: () => go(model.scenes.next),
    ArrowLeft: () => go(model.scenes.previous), PageUp: () => go(model.scenes.previous),
    Escape: () => { if (spot.on) spot.off(); else leave() },
  }
  const press = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return
    const path = event.composedPath().filter((part) => part instanceof Element), [focus] = path
    if (!focus || focus.matches(TEXT) || path.some((part) => part.matches("dialog[open], [role=dialog]"))) return
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
