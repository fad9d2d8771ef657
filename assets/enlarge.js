// Figures in presenter mode: type, lines and dots as large as the last row needs them; put before the script of the mode.

const AXIS = 17, LINE = 3, DOT = 9, ALPHA = 0.75
const PIECE = 34 // of a line in a legend, as long as two dashes
const GRAIN = 3 // dots smaller than this are a backdrop of many, and become as large as this
const HAIR = 1, FINE = 1.5 // lines thinner than the first accompany others, and are to be told from them: they become as thick as the second

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

