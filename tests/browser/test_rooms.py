"""A room in two real browsers: what the presenter moves, the follower sees, and neither moves what is the other's."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched, new_context

pytestmark = pytest.mark.browser


@pytest.fixture
def follower(chromium, address):
    context = new_context(chromium, 1024, 768)
    watched = Watched(context, address)
    yield watched
    context.close()
    assert not watched.wrong


def bar(page: Page):
    return page.get_by_role("region", name="Room")


def test_a_follower_sees_what_the_presenter_does_until_trying_it_alone(visitor, follower):
    page = visitor.open("/analysis?v=1&case=periodic-1d")
    page.wait_for_function("() => location.search.includes('case.name=periodic-1d')")
    page.get_by_role("button", name="Room", exact=True).click()
    page.get_by_role("button", name="Open a room").click()
    code = page.locator(".code").text_content()
    other = follower.open("/")
    other.get_by_label("Code of a room").fill(code.lower())
    other.get_by_role("button", name="Follow", exact=True).click()
    expect(bar(other)).to_contain_text(f"Following {code}")
    expect(page.get_by_text("1 page follows.")).to_be_visible()
    page.get_by_role("button", name="Hide", exact=True).click()

    # A slider moves, and with it the picture and the line that names its settings.
    slider, theirs = (part.get_by_role("slider", name="σ_o") for part in (page, other))
    expect(theirs).to_have_attribute("aria-valuenow", slider.get_attribute("aria-valuenow"))
    slider.focus()
    slider.press("ArrowRight")
    moved = slider.get_attribute("aria-valuenow")
    expect(theirs).to_have_attribute("aria-valuenow", moved)
    for part in (page, other):
        expect(part.get_by_text(re.compile(f"for σ.*{moved}"))).to_be_visible()
    scores = page.locator(".facts").first.text_content().partition("solved")[0]
    expect(other.locator(".facts").first).to_contain_text(scores.split("analysis")[1][:8])

    # Neither mouse nor keyboard of the follower does anything.
    place = theirs.bounding_box()
    other.mouse.click(place["x"] + 120, place["y"] + place["height"] / 2)
    theirs.focus()
    other.keyboard.press("ArrowRight")
    other.get_by_role("tab", name="Diagnostics").click()
    page.get_by_role("tab", name="Convergence").click()
    expect(other.get_by_role("tab", name="Convergence")).to_have_attribute("aria-selected", "true")
    assert theirs.get_attribute("aria-valuenow") == moved

    # Another page; the presenter has the room there too.
    page.get_by_role("link", name="Cycling").click()
    expect(other).to_have_url(re.compile(rf"/cycling\?room={code}"))
    expect(page.get_by_role("button", name=f"Room {code}")).to_have_text(f"Room {code} · 1")
    expect(bar(other)).to_contain_text("Following")

    # One's own copy is left alone, and the way back is in the header.
    bar(other).get_by_role("button", name="Try it myself").click()
    expect(other).to_have_url(re.compile(r"/cycling\?v=1"))
    expect(other.get_by_role("button", name=f"Back to {code}")).to_be_visible()
    expect(bar(other)).to_have_count(0)
    other.wait_for_function("() => location.search.includes('race=')")
    assert other.evaluate("location.search.match(/race=[^&]*/)[0]") not in page.url
    other.get_by_role("button", name=f"Back to {code}").click()
    expect(bar(other)).to_contain_text("Following")

    page.get_by_role("button", name=f"Room {code}").click()
    page.get_by_role("button", name="Close the room").click()
    expect(bar(other)).to_contain_text("The room is closed")
    expect(page.get_by_role("button", name="Room", exact=True)).to_be_visible()
