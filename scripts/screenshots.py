"""Take the pictures of the README and the Home page from the running app, of all pages or of those that are named.

With the word `scenes` those of the scenes instead, of all or of those named after it.

With the ERA5 file in the data folder (ASSIMILAB_DATA, or ../shared/data) pages show that, otherwise the embedded sample.
"""

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

from scripts.driver import ROOT, launch, start_app, stop
from scripts.scene_pictures import take_scenes

PICTURES = ROOT / "assets" / "pictures"
ERA5 = "era5-2mt-2019-03-uk.grib"
SIZE = ViewportSize(width=1440, height=900)


def explore(page: Page) -> None:
    """Click two places on the map, so that there is a series to see."""
    for x, y in ((480, 300), (640, 560)):
        page.mouse.click(x, y)
        page.wait_for_timeout(1500)  # two clicks in a row would be a double click
    page.mouse.move(560, 420)


def analysis(page: Page) -> None:
    """Leave the page as it opens."""
    page.get_by_text("RMSE background").wait_for()


def cycling(page: Page) -> None:
    """Let the race run for a while."""
    page.get_by_role("button", name="Start or pause").click()
    page.wait_for_timeout(15_000)
    page.mouse.move(720, 20)


def training(page: Page) -> None:
    """Train the lecture's network for a while."""
    page.get_by_role("button", name="Start a training").click()
    page.get_by_role("heading", name="Unseen cases").wait_for(timeout=120_000)
    page.wait_for_timeout(60_000)
    page.mouse.move(720, 20)


def rollout(page: Page) -> None:
    """Forecast turbulence, and play most of it."""
    page.get_by_role("combobox", name="Testbed").click()
    page.get_by_role("menuitem", name="Kolmogorov flow").click()
    page.wait_for_timeout(1500)
    page.get_by_role("button", name="Run all models").click()
    page.locator('[data-role="when"]').wait_for(timeout=120_000)
    page.wait_for_timeout(4000)
    page.mouse.move(720, 20)
    for _ in range(28):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(60)


PAGES = (explore, analysis, cycling, training, rollout)


def main() -> None:
    """Take all pictures, or those of the pages that are named on the command line."""
    chosen = [act for act in PAGES if act.__name__ in sys.argv[1:]] or list(PAGES)
    data = Path(os.environ.get("ASSIMILAB_DATA", ROOT.parent / "shared" / "data"))
    dataset = ERA5 if (data / ERA5).exists() else "ncep-air-temperature"
    os.environ["ASSIMILAB_HOME"] = tempfile.mkdtemp()  # pictures show no runs of others
    process, address = start_app(data)
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            if sys.argv[1:2] == ["scenes"]:
                take_scenes(browser, address, data, sys.argv[2:])
                return
            for act in chosen:
                page = browser.new_page(viewport=SIZE)
                page.goto(f"{address}/{act.__name__}" + (f"?dataset={dataset}" if act in (explore, analysis) else ""))
                page.locator(".hint" if act in (training, rollout) else ".facts").first.wait_for()
                page.wait_for_timeout(3000)
                act(page)
                page.wait_for_timeout(1500)
                page.screenshot(path=PICTURES / f"{act.__name__}.png")
                print(f"assets/pictures/{act.__name__}.png")
            browser.close()
    finally:
        stop(process)


if __name__ == "__main__":
    main()
