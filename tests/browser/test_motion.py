"""Who asks the system for less motion gets a page on which nothing moves by itself."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

#: What of the page in sight has a transition or an animation, in all trees.
MOVING = """() => {
  const found = new Set()
  const walk = (root) => { for (const part of root.querySelectorAll("*")) {
    if (part.shadowRoot) walk(part.shadowRoot)
    for (const pseudo of [null, "::before", "::after"]) {
      const style = getComputedStyle(part, pseudo)
      const lasting = style.transitionDuration.split(",").some((time) => parseFloat(time) > 0)
      if (lasting || style.animationName !== "none") found.add(part.className?.baseVal ?? part.className)
    }
  } }
  walk(document)
  return [...found]
}"""


@pytest.mark.reference
def test_nothing_moves_for_who_asks_for_less(visitor):
    visitor.page.emulate_media(reduced_motion="reduce")
    page = visitor.open("/cycling")
    expect(page.get_by_role("button", name="Start or pause")).to_be_enabled()
    page.get_by_role("tab", name="Long runs").click()
    page.get_by_role("button", name="Help").click()
    expect(page.get_by_role("dialog", name="What is seen")).to_be_visible()
    assert page.evaluate(MOVING) == []
    page.emulate_media(reduced_motion="no-preference")  # also while the page is open
    page.wait_for_function(f"() => ({MOVING})().length > 0")
    page.emulate_media(reduced_motion="reduce")
    page.wait_for_function(f"() => ({MOVING})().length === 0")
