"""What a person does on the Analysis page, in a real browser.

Tests that take the `page` do with it as they find it, whichever were before: it is opened once.
"""

import pytest
from playwright.sync_api import expect

from scripts.journeys import until
from tests.browser.conftest import visit
from tests.browser.waiting import click, wait_for_change, wait_for_maps

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(context, address):
    with visit(context, address) as visitor:
        wait_for_maps(visitor.open("/analysis?dataset=a.nc"), 6)
        yield visitor


def test_a_slider_changes_the_analysis_while_it_moves(page):
    before = wait_for_maps(page, 6)
    slider = page.get_by_role("slider", name="σ_b [K]", exact=True)
    slider.focus()
    for _ in range(5):
        slider.press("ArrowLeft")
    wait_for_change(page, before, 2)
    wait_for_change(page, before, 3)
    expect(page.locator("[data-role=settings]")).to_contain_text("1.8 K")
    after = page.evaluate("maps.sums()")
    assert after[:2] == before[:2]  # truth and background stay


def test_dragging_updates_before_the_button_is_released(page):
    wait_for_maps(page, 6)
    thumb = page.get_by_role("slider", name="L [km]").locator("xpath=..")
    settings = page.locator("[data-role=settings]")

    def drag() -> None:
        page.mouse.up()  # the last try's
        thumb.hover()  # in view, at rest and under nothing else
        box = thumb.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.down()
        page.mouse.move(x + 70, y, steps=7)

    before = page.evaluate("maps.sums()")
    until(drag, settings.filter(has_not_text="L 500 km"))
    wait_for_change(page, before, 2)
    page.mouse.up()


def test_an_impossible_setting_is_explained_and_the_analysis_marked_stale(page):
    wait_for_maps(page, 6)
    slider = page.get_by_role("slider", name="σ_o [K]", exact=True)
    slider.focus()
    slider.press("Home")
    expect(page.locator(".problem")).to_contain_text("standard deviation σ")
    expect(page.locator(".stale")).to_contain_text("still show the last analysis")
    slider.press("ArrowRight")
    expect(page.locator(".problem")).to_have_count(0)
    expect(page.locator(".stale")).to_have_count(0)


def test_observations_are_placed_and_dragged_by_hand(page):
    wait_for_maps(page, 6)
    page.get_by_role("button", name="Take all observations away").click()
    settings = page.locator("[data-role=settings]")
    expect(settings).to_contain_text("0 observations")
    until(lambda: click(page, 0.45, 0.5), settings.filter(has_text="1 observation ·"))
    before = page.evaluate("maps.sums()")
    box = page.locator(".bk-Canvas").first.bounding_box()
    x, y = box["x"] + 0.45 * box["width"], box["y"] + 0.5 * box["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y - 30, steps=6)
    page.mouse.up()
    wait_for_change(page, before, 3)
    expect(settings).to_contain_text("1 observation ·")
