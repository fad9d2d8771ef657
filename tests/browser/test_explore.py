"""What a person does on the Explore page, in a real browser.

Each test does with the page as it finds it, whichever were before: it is opened once.
"""

import pytest
from playwright.sync_api import Page, expect

from scripts.journeys import choose_tab, until
from tests.browser.conftest import visit
from tests.browser.waiting import wait_for_change, wait_for_maps

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(context, address):
    with visit(context, address) as visitor:
        wait_for_maps(visitor.open("/explore?dataset=a.nc"), 1)
        yield visitor


def wiggle(page: Page, x: float, y: float) -> None:
    """Move the pointer about a place."""
    for step in range(4):
        page.mouse.move(x + 3 * step, y + step)


def test_a_map_lies_in_a_low_window_as_a_whole(page):
    wait_for_maps(page, 1)
    figure, size = page.locator(".bk-Figure").first, page.viewport_size
    for width, height in ((1280, 800), (1024, 700)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(
            "([figure, height]) => figure.getBoundingClientRect().bottom <= height", arg=[figure.element_handle(), height]
        )
        assert figure.bounding_box()["height"] > 250
    page.set_viewport_size(size)


def test_explore_steps_through_time_and_draws_series(page):
    before = wait_for_maps(page, 1)
    expect(page.get_by_text("2020-01-01 00:00 UTC")).to_be_visible()
    page.get_by_role("button", name="Next frame").click()
    expect(page.get_by_text("2020-01-01 06:00 UTC")).to_be_visible()
    wait_for_change(page, before, 0)
    until(lambda: page.mouse.click(500, 400), page.get_by_role("button", name="Clear places"))
    expect(page.locator(".panel-title")).to_contain_text("°N")
    page.get_by_role("button", name="Clear places").click()
    expect(page.get_by_text("Click the map to draw the series")).to_be_visible()


def test_explore_tells_the_value_under_the_pointer(page):
    wait_for_maps(page, 1)
    tooltip = page.locator(".bk-Tooltip")
    until(lambda: wiggle(page, 500, 400), tooltip)
    expect(tooltip).to_contain_text(" K")
    expect(tooltip).to_contain_text("°N")


def test_a_broken_file_is_named_and_the_picture_stays(page):
    before = wait_for_maps(page, 1)
    box = page.get_by_role("textbox", name="Open by path")
    for path, says in (
        ("broken.nc", "damaged or incomplete NetCDF file"),
        ("../../etc/passwd", "leads outside the data folder"),
    ):
        box.fill(path)
        box.press("Enter")
        expect(page.locator(".problem")).to_contain_text(says)
    assert page.evaluate("maps.sums()") == before
    expect(page.get_by_role("combobox", name="Dataset")).to_contain_text("a.nc")


def test_a_box_is_drawn_on_the_small_map_of_the_regions(page):
    wait_for_maps(page, 1)
    choose_tab(page, "Regions", page.get_by_text("all of it"))

    def drag() -> None:
        small = page.locator(".bk-Figure:visible").last.bounding_box()
        page.mouse.move(small["x"] + 0.4 * small["width"], small["y"] + 0.4 * small["height"])
        page.mouse.down()
        page.mouse.move(small["x"] + 0.6 * small["width"], small["y"] + 0.7 * small["height"], steps=4)
        page.mouse.up()

    until(drag, page.get_by_text("box ", exact=False).last)
