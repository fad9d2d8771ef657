"""What a person does on a page, for tests and benchmarks that both do it."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect


def until(act: Callable[[], None], there: Locator, each: int = 3000) -> None:
    """Repeat what a hand does, each time after so many ms, until it is seen: a page is there a little before it listens."""
    for _ in range(40):
        act()
        try:
            expect(there).to_be_visible(timeout=each)
        except AssertionError:
            continue
        return
    expect(there).to_be_visible()


def choose_tab(page: Page, name: str, there: Locator) -> None:
    """Open a tab that has something; by way of the first one again where the page has shown the tab and heard nothing of it."""
    tab = page.get_by_role("tab", name=name, exact=True)

    def act() -> None:
        if tab.get_attribute("aria-selected") == "true":
            page.get_by_role("tab").first.click()
        tab.click()

    until(act, there)


def run_rollout(page: Page, text: str) -> None:
    """Apply an experiment file on the Rollout page, and run all models with the Play tab open."""
    box = page.get_by_role("textbox", name="Experiment file")
    choose_tab(page, "File", box)
    expect(box).to_have_value(re.compile("kind: rollout"), timeout=60_000)  # before it what is typed is overwritten
    box.fill(text)
    page.get_by_role("button", name="Apply").click()
    page.wait_for_timeout(1000)
    page.get_by_role("tab", name="Play").click()
    page.get_by_role("button", name="Run all models").click()
