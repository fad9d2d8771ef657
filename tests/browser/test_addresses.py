"""The address in a real browser: history, the button that copies it, long addresses, and scenes."""

from playwright.sync_api import expect

QUERY = "() => location.search"


def test_back_and_forward_go_through_tabs_but_not_through_numbers(visitor):
    page = visitor.open("/analysis?v=1&case=periodic-1d")
    page.wait_for_function("() => location.search.includes('case.name=periodic-1d')")
    steps = page.evaluate("() => history.length")
    slider = page.get_by_role("slider", name="σ_o")
    slider.focus()
    slider.press("ArrowRight")
    page.wait_for_function("() => !location.search.includes('observations.sigma=0.2&')")
    assert page.evaluate("() => history.length") == steps
    page.get_by_role("tab", name="Diagnostics").click()
    page.wait_for_function("() => location.search.includes('tab=diagnostics')")
    assert page.evaluate("() => history.length") == steps + 1
    page.go_back()
    expect(page.get_by_role("tab", name="Analysis")).to_have_attribute("aria-selected", "true")
    page.go_forward()
    expect(page.get_by_role("tab", name="Diagnostics")).to_have_attribute("aria-selected", "true")
    query = page.evaluate(QUERY)
    page.reload()
    expect(page.get_by_role("tab", name="Diagnostics")).to_have_attribute("aria-selected", "true")
    assert page.evaluate(QUERY) == query


def test_the_link_is_copied_or_shown_to_be_copied(visitor):
    page = visitor.open("/analysis?v=1&scene=single-observation")
    page.wait_for_function("() => location.search.includes('case.name')")
    expect(page.get_by_role("heading", name="One observation")).to_be_visible()
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed')) }")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("textbox", name="Address of this page")).to_have_value(page.url)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Twice the length L").click()
    page.wait_for_function("() => location.search.includes('background_error.length=0.16')")


def test_an_address_of_eight_thousand_characters_opens(visitor):
    places = ",".join(f"%5B{100 * k / 330:.6f},3.3%5D" for k in range(330))
    address = f"/analysis?v=1&case.name=xz-2d&observations.placement=clicked&observations.places=%5B{places}%5D"
    assert 6000 < len(address) < 8000
    page = visitor.open(address)
    expect(page.locator(".facts").first).to_contain_text("observations330")
