// The tray of presenter mode: while the sidebar is away, the controls that the scene speaks of lie in a row below its picture.
// They are those of the sidebar itself, all else of which is not shown; put before the script of the mode.

const TRAY = new CSSStyleSheet()
TRAY.replaceSync(`
  @media (min-width: 900px) {
    .sidebar { position: fixed !important; inset: auto var(--tray-right, 0) 52px 0; width: auto !important; height: auto !important;
      max-height: 40vh; box-sizing: border-box; display: flex !important; flex-flow: row wrap; align-items: center; gap: 2px 10px;
      padding: 4px 10px !important; overflow: auto; transform: none !important; visibility: visible !important; z-index: 900;
      border: 0 !important; border-top: 4px solid #0f4c81 !important; }
    [data-tray=way] { display: contents !important; visibility: visible !important; }
    [data-tray=away] { display: none !important; }
    [data-tray=lit] { flex: 1 1 140px !important; width: auto !important; max-width: 400px !important; margin: 0 !important; }
    :host([data-tray=lit]) label svg { display: none; }
    .main-content { padding-bottom: var(--tray-height, 72px) !important; }
  }
`)

function tray() {
  let marked = new Map() // of an element, its part in the tray
  const mark = (wanted) => {
    for (const part of marked.keys()) if (!wanted.has(part)) part.removeAttribute("data-tray")
    for (const [part, kind] of wanted) if (part.getAttribute("data-tray") !== kind) part.setAttribute("data-tray", kind)
    marked = wanted
  }
  const sidebar_of = (part) => element_path(part).find((at) => at instanceof Element && at.matches(".sidebar"))
  // The way from the sidebar to a control goes through shadow roots; what lies beside the way is put aside.
  const sort = (sidebar, controls) => {
    const ways = new Set(controls.flatMap(element_path)), wanted = new Map()
    const down = (at) => {
      for (const part of [...(at.shadowRoot?.children ?? []), ...at.children]) {
        if (part.matches("style, link, head")) continue
        const kind = controls.includes(part) ? "lit" : ways.has(part) ? "way" : "away"
        wanted.set(part, kind)
        if (kind === "way") down(part)
      }
    }
    down(sidebar)
    return wanted
  }
  return {
    // Return whether there are any of these controls in the sidebar, and sort it.
    hold(controls) {
      const held = controls.filter(sidebar_of)
      mark(held.length ? sort(sidebar_of(held[0]), held) : new Map())
      return held.length > 0
    },
    // Leave room for it below the page, and for the text beside it.
    measure(right) {
      const control = [...marked].find(([, kind]) => kind === "lit")?.[0]
      const height = control ? sidebar_of(control)?.offsetHeight ?? 0 : 0
      document.documentElement.style.setProperty("--tray-height", `${height + 60}px`)
      document.documentElement.style.setProperty("--tray-right", right)
    },
    clear() {
      mark(new Map())
      for (const name of ["--tray-height", "--tray-right"]) document.documentElement.style.removeProperty(name)
    },
  }
}
