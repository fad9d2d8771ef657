"""The connection of a page is cut, or its server killed; what the visitor sees, and what is there again."""

import re

import pytest
from playwright.sync_api import expect

from scripts.driver import start_app, stop
from tests.browser.conftest import new_context
from tests.browser.relay import Relay
from tests.browser.test_cycling import cycle, wait_for_cycle

pytestmark = pytest.mark.browser

LOST = "The connection to the server is lost"


@pytest.fixture
def relay(data):
    """A relay before a server of its own, which can be ended and started anew."""
    cable = Relay()
    name = cable.address.removeprefix("http://")
    servers = []

    def start():
        process, address = start_app(data, "--allow-origin", name)
        servers.append(process)
        cable.server, cable.target = process, int(address.rsplit(":", 1)[1])

    cable.start_server = start
    start()
    yield cable
    cable.close()
    for process in servers:
        if process.poll() is None:
            stop(process)


@pytest.fixture
def page(chromium):
    context = new_context(chromium)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("seconds", [1, pytest.param(30, marks=pytest.mark.reference)])
def test_a_page_whose_connection_was_cut_goes_on_where_it_was(relay, page, seconds):
    page.goto(f"{relay.address}/cycling")
    page.get_by_role("button", name="One cycle").click()
    wait_for_cycle(page, 1)
    slider = page.get_by_role("slider", name="σ_o assumed")
    slider.focus()
    slider.press("ArrowRight")
    chosen = slider.get_attribute("aria-valuenow")
    page.get_by_role("button", name="Start or pause").click()
    wait_for_cycle(page, 10)
    relay.cut()
    expect(page.get_by_role("alert")).to_contain_text(LOST)
    before = cycle(page)
    page.wait_for_timeout(1000 * seconds)
    relay.mend()
    expect(page.get_by_role("alert")).to_have_count(0)
    wait_for_cycle(page, before + 20)
    assert page.get_by_role("slider", name="σ_o assumed").get_attribute("aria-valuenow") == chosen
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
