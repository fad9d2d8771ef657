// Where the keyboard is: a way past the header of every page, and back to where it was before a box was opened over the page.
"use strict"
;(() => {
  const BOXES = "[role=dialog], dialog, .MuiModal-root"
  const LATER = [100, 450, 900] // milliseconds; a drawer takes a while to close

  const find = (root, wanted) => {
    const found = root.querySelector(wanted)
    if (found) return found
    for (const part of root.querySelectorAll("*")) {
      const inside = part.shadowRoot && find(part.shadowRoot, wanted)
      if (inside) return inside
    }
    return null
  }
  const focused = () => {
    let at = document.activeElement
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
    return at
  }

  // Ways past the header; that to the scenes is on the page that has them.
  const WAYS = [["Skip to content", ".main-content"], ...(location.pathname === "/" ? [["Skip to the scenes", "#scenes"]] : [])]
  const skip = document.createElement("nav")
  skip.className = "skip"
  skip.setAttribute("aria-label", "Skip")
  for (const [text, to] of WAYS) {
    const link = document.createElement("a")
    link.href = `#${text.toLowerCase().replaceAll(" ", "-")}`
    link.textContent = text
    link.addEventListener("click", (event) => {
      event.preventDefault() // the address holds the state of the page
      const target = find(document, to)
      if (!target) return
      target.tabIndex = -1
      target.style.outline = "none"
      target.focus()
      target.scrollIntoView({block: "start"})
    })
    skip.append(link)
  }
  addEventListener("DOMContentLoaded", () => document.body.prepend(skip))

  // Material gives the focus back to what the document says has it, which is a host whose shadow root holds the button.
  let before = null
  const inBox = (event) => event.composedPath().some((part) => part instanceof Element && part.matches(BOXES))
  const back = () => {
    const at = focused()
    if (before?.isConnected && (!at || at === document.body)) before.focus()
  }
  const soon = () => LATER.forEach((wait) => setTimeout(back, wait))
  // Of a focus that moves within one shadow root the document hears nothing; of keys and clicks it does.
  const press = (event) => {
    if (!inBox(event)) before = focused()
    else if (event.type === "click" || event.key === "Escape") soon()
  }
  addEventListener("keydown", press, true)
  addEventListener("click", press, true)
})()
