// What screen readers are told, where Panel's, Material's and Bokeh's own elements say nothing or the wrong thing: the steps of
// number fields have no name, buttons hide their text behind their description, figures are bare canvases. Every component of
// Panel lies in a shadow tree of its own, so each is watched from when it is made.
(() => {
  "use strict"
  const TEXT_NODE = 3
  const ownText = (element) => [...element.childNodes]
    .filter((node) => node.nodeType === TEXT_NODE).map((node) => node.data.trim()).join(" ").trim()

  // The description of a control is the text of the sign beside its label.
  const description = (span) => { span.setAttribute("role", "img") }

  const step = (button, root) => {
    const label = root.querySelector("label")
    const which = button.parentElement.classList.contains("MuiInputAdornment-positionStart") ? "Decrease" : "Increase"
    button.setAttribute("aria-label", label === null ? which : `${which} ${ownText(label)}`)
  }

  // Who speaks to the browser says what is written on the button (WCAG 2.5.3).
  const described = new WeakMap()
  const button = (element) => {
    const told = described.get(element), name = element.getAttribute("aria-label")
    const about = told !== undefined && name === told.name ? told.about : name
    const text = ownText(element)
    const spoken = text === "" || about.toLowerCase().includes(text.toLowerCase()) ? about : `${text}: ${about}`
    described.set(element, {about, name: spoken})
    if (spoken !== name) element.setAttribute("aria-label", spoken)
  }

  // A drawer is named by its heading, which lies in a tree of its own; one without anything to press is scrolled by arrows.
  const drawer = (element) => {
    const trees = [...element.querySelectorAll("*")].flatMap((part) => part.shadowRoot ?? [])
    const inside = trees.flatMap((tree) => [tree, ...[...tree.querySelectorAll("*")].flatMap((part) => part.shadowRoot ?? [])])
    const heading = inside.map((tree) => tree.querySelector("h2")).find((found) => found)
    element.setAttribute("aria-label", heading?.textContent ?? "Drawer")
    element.tabIndex = 0
  }

  // A grid has nothing but rows. What holds them can be scrolled by the keyboard, and below them are the buttons of its pages.
  const GRID = {
    "tableholder": "rowgroup", "table": "presentation", "footer": "rowgroup", "footer-contents": "row", "paginator": "gridcell",
  }
  const grid = (element) => {
    for (const [part, role] of Object.entries(GRID)) element.querySelector(`.tabulator-${part}`)?.setAttribute("role", role)
  }

  const figures = new Set()
  const figure = (element) => {
    figures.add(element)
    window.Bokeh?.documents.forEach(follow)
    const label = sentence(element)
    element.setAttribute("role", "figure")
    if (element.getAttribute("aria-label") !== label) element.setAttribute("aria-label", label)
  }

  // The first element that is selected in a tree or in the trees inside it.
  const firstIn = (tree, selector) => {
    const found = tree.querySelector(selector)
    if (found !== null) return found
    for (const {shadowRoot} of tree.querySelectorAll("*")) {
      const inside = shadowRoot ? firstIn(shadowRoot, selector) : undefined
      if (inside !== undefined) return inside
    }
    return undefined
  }

  // What stands over a figure names it: the nearest title before it, in the box that it is in or the one round that.
  const titleOver = (element) => {
    for (let node = element, level = 0; node && level < 8; level++) {
      for (let other = node.previousElementSibling; other; other = other.previousElementSibling) {
        const title = firstIn(other.shadowRoot ?? other, ".panel-title, h2")
        if (title !== undefined) return title.textContent.trim().replace(/\s+/g, " ")
      }
      node = node.parentElement ?? node.getRootNode().host
    }
    return ""
  }

  const sentence = (element) => {
    const plot = [...window.Bokeh?.index.query((view) => view.el === element) ?? []][0]?.model
    const parts = [titleOver(element)]
    if (plot) {
      const on = (sides) => sides.flatMap((side) => plot[side]).filter((part) => part.visible)
      const named = (sides) => on(sides).map((axis) => axis.axis_label).filter((label) => typeof label === "string" && label)
      const [across, up] = [named(["below", "above"]), named(["left", "right"])]
      parts.push([up.join(", "), across.join(", ")].filter((text) => text).join(" against "))
      const all = [...on(["below", "above", "left", "right"]), ...plot.center]
      const lines = all.flatMap((part) => part.items ?? []).filter((item) => item.visible).map((item) => item.label?.value)
      parts.push(lines.filter((text) => text).join(", "))
      const bars = all.filter((part) => part.color_mapper).map((bar) => bar.title).filter((text) => text)
      parts.push(bars.length ? `colours in ${bars.join(", ")}` : "")
    }
    return parts.filter((part) => part).join("; ") || "Figure"
  }

  const RULES = [
    ["span[aria-label][sx]:empty:not([role])", description],
    [".MuiInputAdornment-root > button:not([aria-label])", step],
    ["button[aria-label], a.MuiButton-root[aria-label]", button],
    [".MuiDrawer-paper[role=dialog]", drawer],
    [".bk-Figure", figure],
    [".tabulator[role=grid]", grid],
  ]

  const dirty = new Set()
  const mend = () => {
    const roots = [...dirty]
    dirty.clear()
    for (const root of roots) {
      for (const [selector, rule] of RULES) for (const element of root.querySelectorAll(selector)) rule(element, root)
    }
  }
  const later = (root) => {
    if (dirty.size === 0) requestAnimationFrame(mend)
    dirty.add(root)
  }
  // Axes and legends change while their canvas stays the same element.
  const SPOKEN = ["axis_label", "items", "label", "title", "visible"]
  const followed = new WeakSet()
  const changed = (event) => {
    if (!SPOKEN.includes(event.attr)) return
    for (const element of figures) {
      if (element.isConnected) later(element.getRootNode())
      else figures.delete(element)
    }
  }
  const follow = (bokehDocument) => {
    if (followed.has(bokehDocument)) return
    followed.add(bokehDocument)
    bokehDocument.on_change(changed)
  }

  const observer = new MutationObserver((records) => {
    for (const record of records) {
      const root = record.target.getRootNode()
      if (root instanceof DocumentFragment || root === document) later(root)
    }
  })
  const watch = (root) => observer.observe(root, {childList: true, characterData: true, subtree: true})
  watch(document)
  const attach = Element.prototype.attachShadow
  Element.prototype.attachShadow = function attachShadow(options) {
    const root = attach.call(this, options)
    watch(root)
    return root
  }
})()
