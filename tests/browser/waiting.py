"""Waiting for what is to be seen on a page."""

import re

from playwright.sync_api import Page, expect

from scripts.journeys import until


def wait_for_maps(page: Page, count: int) -> list[int]:
    """Wait until so many maps show a field, and return their fingerprints."""
    page.wait_for_function("(count) => maps.drawn(count)", arg=count)
    return page.evaluate("maps.sums()")


def wait_for_change(page: Page, before: list[int], index: int) -> None:
    page.wait_for_function("([old, index]) => maps.sums()[index] !== old", arg=[before[index], index])


def click(page: Page, across: float, down: float) -> None:
    """Click the first figure at these parts of its width and height, wherever it lies by now."""
    box = page.locator(".bk-Canvas").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])


def cycle(page: Page) -> int:
    """Return the number of the cycle that the page shows."""
    found = re.search(r"cycle\s*(\d+)", page.locator('[data-role="where"]').inner_text())
    return int(found[1]) if found else 0


def wait_for_cycle(page: Page, number: int) -> None:
    expect(page.get_by_role("button", name="One cycle")).to_be_visible()
    for _ in range(600):
        if page.locator('[data-role="where"]').count() and cycle(page) >= number:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"cycle {number} was not reached: {page.locator('[data-role=where]').inner_text()}")


def first_cycle(page: Page) -> None:
    """Take a single step on the Cycling page until a first one is seen."""
    seen = page.locator('[data-role="where"]', has_text=re.compile(r"cycle\s*[1-9]"))
    until(page.get_by_role("button", name="One cycle").click, seen)
