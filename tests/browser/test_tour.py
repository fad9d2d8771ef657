"""The tour and the list of keys in a real browser, by the keyboard alone."""

import pytest
from playwright.sync_api import expect

from tests.browser.waiting import wait_for_maps

pytestmark = pytest.mark.browser


def test_the_tour_is_offered_once_and_taken_by_the_keyboard(visitor):
    page = visitor.open("/explore")
    offer, tour = page.get_by_role("region", name="Tour"), page.get_by_role("dialog", name="Tour")
    expect(offer).to_be_visible()
    wait_for_maps(page, 1)
    expect(page.get_by_role("figure").first).to_be_visible()
    expect(page.get_by_role("slider", name="Time")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Take the tour")).to_be_focused()
    page.keyboard.press("Enter")
    for title in ("What is shown", "The map", "Through time", "More views of the same field"):
        expect(tour.get_by_role("heading")).to_have_text(title)
        expect(tour.get_by_role("button", name="Next")).to_be_focused()
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(tour.get_by_role("heading")).to_have_text("More views of the same field")
    assert "at." not in page.url  # arrows of the tour go through no times
    page.keyboard.press("Escape")
    expect(tour).to_have_count(0)
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => location.search.includes('at.time')")
    page = visitor.open("/explore?theme=light")
    wait_for_maps(page, 1)
    page.wait_for_timeout(1500)
    expect(offer).to_have_count(0)
    page.get_by_role("button", name="Help").click()
    page.get_by_role("button", name="Take the tour").click()
    expect(tour).to_be_visible()


def test_who_begins_to_work_is_left_alone_and_an_address_offers_nothing(visitor):
    page = visitor.open("/")
    offer = page.get_by_role("region", name="Tour")
    expect(offer).to_be_visible()
    page.get_by_role("heading", name="Data assimilation, live").click()
    expect(offer).to_have_count(0)
    page = visitor.open("/explore?dataset=a.nc")
    wait_for_maps(page, 1)
    page.wait_for_timeout(1500)
    expect(offer).to_have_count(0)
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys.get_by_text("play or pause the times")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(keys).to_have_count(0)
    assert "at." not in page.url
