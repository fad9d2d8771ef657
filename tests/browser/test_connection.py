"""The connection of a page is cut, or its server killed; what the visitor sees, and what is there again."""

import re
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import new_context, running
from tests.browser.relay import Relay
from tests.browser.waiting import cycle, first_cycle, wait_for_cycle

pytestmark = pytest.mark.browser

LOST = "The connection to the server is lost"


@pytest.fixture(scope="module")
def relay(data):
    """A relay before a server of its own, which can be ended and started anew; tests leave both at work."""
    cable = Relay()
    name = cable.address.removeprefix("http://")
    with ExitStack() as stack:

        def start():
            cable.server, address = stack.enter_context(running(data, "--allow-origin", name))
            cable.target = int(address.rsplit(":", 1)[1])

        cable.start_server = start
        stack.callback(cable.close)
        start()
        yield cable


@pytest.fixture
def page(chromium):
    with new_context(chromium) as context:
        yield context.new_page()


@pytest.mark.reference
def test_a_page_whose_connection_was_cut_for_half_a_minute_goes_on_where_it_was(relay, page):
    page.goto(f"{relay.address}/cycling")
    first_cycle(page)
    slider = page.get_by_role("slider", name="σ_o assumed")
    before = slider.get_attribute("aria-valuenow")
    slider.focus()
    slider.press("ArrowRight")
    expect(slider).not_to_have_attribute("aria-valuenow", before)
    chosen = slider.get_attribute("aria-valuenow")
    page.get_by_role("button", name="Start or pause").click()
    wait_for_cycle(page, 10)
    relay.cut()
    expect(page.get_by_role("alert")).to_contain_text(LOST)
    before = cycle(page)
    page.wait_for_timeout(30_000)
    relay.mend()
    expect(page.get_by_role("alert")).to_have_count(0)
    wait_for_cycle(page, before + 20)
    expect(slider).to_have_attribute("aria-valuenow", chosen)
    assert "bokeh-session-id" not in page.url


def test_a_page_comes_back_when_its_server_was_killed_and_started_anew(relay, page):
    page.goto(f"{relay.address}/analysis?case=xz-2d")
    expect(page.get_by_text("RMSE background")).to_be_visible()
    relay.server.kill()
    expect(page.get_by_role("alert")).to_contain_text(LOST)
    relay.start_server()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_text("RMSE background")).to_be_visible()
    expect(page.get_by_role("slider", name=re.compile("L_x")).first).to_be_visible()  # the case that the address names
    expect(page.locator(".problem")).to_have_count(0)
    assert "bokeh-session-id" not in page.url
