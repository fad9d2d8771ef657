"""Every page in a real browser: drawn offline, as wide as its window, and with nothing in it that axe-core finds grave."""

import re

import pytest
from playwright.sync_api import Page, expect

from scripts.journeys import until
from tests.browser.test_accessible import settled
from tests.browser.waiting import first_cycle, wait_for_maps

pytestmark = pytest.mark.browser


def explore(page: Page) -> None:
    """Wait for the map; it is told by its title and its units."""
    wait_for_maps(page, 1)
    expect(page.get_by_role("figure", name="Temperature [K]").first).to_have_accessible_name(re.compile("colours in K"))
    expect(page.get_by_role("button", name=re.compile("^Increase "))).to_have_count(2)  # the limits of the colours


def analysis(page: Page) -> None:
    """Wait for the maps; a button is called as it is labelled, and then as it is described."""
    wait_for_maps(page, 6)
    expect(page.get_by_role("button", name="Help: What the numbers mean")).to_be_visible()


def cycling(page: Page) -> None:
    """Run a cycle, so that there are scores."""
    first_cycle(page)
    expect(page.locator("table.race tr")).to_have_count(4)


def rollout(page: Page) -> None:
    """Run all models."""
    until(page.get_by_role("button", name="Run all models").click, page.locator('[data-role="when"]'), each=15_000)


def training(page: Page) -> None:
    """Read the help, whose drawer is called by its heading."""
    page.get_by_role("button", name="Help").click()
    expect(page.locator(".katex").first).to_be_visible()
    expect(page.get_by_role("dialog", name="What is seen, and what the numbers mean")).to_be_visible()


def nothing(page: Page) -> None:
    """Leave the page as it is."""


#: Whether a page is as wide as its window.
FITS = "(width) => innerWidth == width && document.documentElement.scrollWidth <= width"
#: A window each page is opened in, and one that it is then seen in.
LARGE, SMALL = (1440, 900), (1024, 768)
#: Pages, how many maps each has, and what is done there before axe-core looks.
PAGES = {
    "home": ("/?", 0, nothing),
    "explore": ("/explore?dataset=a.nc&", 1, explore),
    "analysis": ("/analysis?", 2, nothing),
    "plane": ("/analysis?case=xz-2d&", 6, analysis),
    "field": ("/analysis?dataset=a.nc&", 6, nothing),
    "cycling": ("/cycling?", 0, cycling),
    "training": ("/training?", 0, training),
    "rollout": ("/rollout?", 0, rollout),
}
#: What is looked at by make reference alone: the line has the page of the plane, and a scene of its own in test_accessible; the
#: field has the page and as many maps as the plane.
LIKE_THE_PLANE = ("analysis", "field")
#: Every other page is looked at in one theme and window by make test, and in the other ones by make reference.
LOOKS = [
    pytest.param(
        *PAGES[name],
        theme,
        sizes,
        id=f"{name}-{theme}",
        marks=[] if (number + other) % 2 == 0 and name not in LIKE_THE_PLANE else [pytest.mark.reference],
    )
    for number, name in enumerate(PAGES)
    for other, (theme, sizes) in enumerate((("light", (LARGE, SMALL)), ("dark", (SMALL, LARGE))))
]


@pytest.mark.parametrize(("path", "count", "act", "theme", "sizes"), LOOKS)
def test_every_page_draws_offline_fits_and_is_accessible(visitor, path, count, act, theme, sizes):
    (width, height), (other_width, other_height) = sizes
    visitor.page.set_viewport_size({"width": width, "height": height})
    page = visitor.open(f"{path}theme={theme}")
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    wait_for_maps(page, count)
    # No page is wider than the window, nor than the one that it is given then, once figures have followed.
    page.wait_for_function(FITS, arg=width)
    page.set_viewport_size({"width": other_width, "height": other_height})
    page.wait_for_function(FITS, arg=other_width)
    wait_for_maps(page, count)
    expect(page.locator(".problem")).to_have_count(0)
    act(page)
    assert settled(page) == []
