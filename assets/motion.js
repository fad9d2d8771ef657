// For people who have asked their system for less motion: no transitions and no animations in any part of the page. What goes on
// is seen by its text and by a bar that stands still. Every component of Panel lies in a tree of its own, which needs the sheet.
(() => {
  "use strict"
  const STILL = new CSSStyleSheet()
  STILL.replaceSync(`
    *, *::before, *::after { transition: none !important; animation: none !important; scroll-behavior: auto !important; }
    .MuiTouchRipple-root { display: none !important; }
    .MuiLinearProgress-indeterminate .MuiLinearProgress-bar { left: 0 !important; right: 0 !important; width: 100% !important;
      transform: none !important; opacity: 0.5; }
  `)
  const asked = matchMedia("(prefers-reduced-motion: reduce)")
  const trees = new Set()
  const dress = (tree) => {
    const others = tree.adoptedStyleSheets.filter((sheet) => sheet !== STILL)
    tree.adoptedStyleSheets = asked.matches ? [...others, STILL] : others
  }

  dress(document)
  const attach = Element.prototype.attachShadow
  Element.prototype.attachShadow = function attachShadow(options) {
    const tree = attach.call(this, options)
    trees.add(new WeakRef(tree))
    if (asked.matches) dress(tree)
    return tree
  }
  asked.addEventListener("change", () => {
    dress(document)
    for (const known of trees) {
      const tree = known.deref()
      if (tree === undefined) trees.delete(known)
      else dress(tree)
    }
  })
})()
