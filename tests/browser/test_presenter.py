"""Presenter mode in a real browser: what is read from the last row is measured, and keys lead through the scenes."""

from playwright.sync_api import expect

from scripts.journeys import until

#: Pixels of the smallest text in sight, but for formulas, whose sizes follow that of their line.
SMALLEST = """() => {
  let least = Infinity
  const walk = (root) => { for (const part of root.querySelectorAll("*")) {
    if (part.shadowRoot) walk(part.shadowRoot)
    const text = [...part.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())
    const box = part.getBoundingClientRect()
    if (text && !part.closest(".katex") && !["STYLE", "SCRIPT"].includes(part.tagName) && box.width > 2 && box.height > 2)
      least = Math.min(least, parseFloat(getComputedStyle(part).fontSize))
  } }
  walk(document.body)
  return least
}"""
#: Whether the smallest label of an axis and the thinnest line in the figures are large enough; it counts also what is hidden.
FIGURES = """() => {
  const models = Bokeh.documents.flatMap((document) => [...document._all_models.values()])
  const axes = models.filter((model) => model.type.endsWith("Axis") && model.visible)
  const lines = models.filter((model) => model.type === "Line").map((model) => model.properties.line_width.get_value())
  const labels = axes.flatMap((axis) => [axis.axis_label_text_font_size, axis.major_label_text_font_size])
  const number = (width) => typeof width === "number" ? width : width.value
  const type = Math.min(...labels.map(parseFloat).filter((size) => size > 0))
  return axes.length > 0 && lines.length > 0 && type >= 16 && Math.min(...lines.map(number)) >= 3
}"""


def test_type_and_lines_are_large_and_keys_lead_through_the_scenes(visitor):
    visitor.page.set_viewport_size({"width": 1024, "height": 768})
    page = visitor.open("/analysis?v=1&scene=correlation-length")
    page.wait_for_function("() => location.search.includes('case.name')")
    assert page.evaluate(SMALLEST) < 22
    page.keyboard.press("p")
    expect(page.get_by_role("toolbar", name="Presenter")).to_be_visible()
    page.wait_for_function(f"() => ({SMALLEST})() >= 22")
    page.wait_for_function(FIGURES)
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys.get_by_text("Keys of the presenter")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[aria-label=Keys]")).to_have_count(0)
    expect(page.get_by_role("toolbar", name="Presenter")).to_be_visible()
    own, other = (page.get_by_role("slider", name=name, exact=True) for name in ("L", "σ_o"))
    expect(own).to_be_visible()  # the scene speaks of it: it is below the picture, in the window
    expect(other).to_be_hidden()
    box = own.bounding_box()
    assert box["y"] + box["height"] < 768 - 52  # the strip is below
    until(lambda: page.keyboard.press("s"), page.locator("div.light"))
    expect(other).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("div.light")).to_be_hidden()
    page.keyboard.press("PageUp")
    page.wait_for_url("**/analysis?*scene=*")
    page.wait_for_function("() => !location.search.includes('correlation-length')")
    expect(page.get_by_role("toolbar", name="Presenter")).to_be_visible()  # it lasts over pages
    slider = page.get_by_role("slider", name="Grid points n", exact=True)
    page.wait_for_function(FIGURES)  # all of the page is there, its controls too
    expect(slider).to_be_hidden()
    page.keyboard.press("c")
    expect(slider).to_be_visible()
    page.keyboard.press("c")
    expect(slider).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.get_by_role("toolbar", name="Presenter")).to_have_count(0)
    expect(slider).to_be_visible()
    assert visitor.wrong == []
