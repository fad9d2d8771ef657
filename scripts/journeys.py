"""What a person does on a page, for tests and benchmarks that both do it."""

import re

from playwright.sync_api import Page, expect


def run_rollout(page: Page, text: str) -> None:
    """Apply an experiment file on the Rollout page, and run all models with the Play tab open."""
    page.get_by_role("tab", name="File").click()
    box = page.get_by_role("textbox", name="Experiment file")
    expect(box).to_have_value(re.compile("kind: rollout"), timeout=30_000)  # before it what is typed is overwritten
    box.fill(text)
    page.get_by_role("button", name="Apply").click()
    page.wait_for_timeout(1000)
    page.get_by_role("tab", name="Play").click()
    page.get_by_role("button", name="Run all models").click()
