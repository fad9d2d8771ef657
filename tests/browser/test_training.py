"""The Training page in a real browser: a training is started, watched, found again after a reload, and completed."""

import re

import pytest
from playwright.sync_api import expect

from scripts.journeys import choose_tab

pytestmark = pytest.mark.browser

FILE = """\
kind: training
task: aivar-1d
points: 40
observations: {count: [5, 20]}
network: {name: mlp, width: 32}
iterations: 300
"""
#: How many points the curve of the loss has in the browser.
POINTS = """() => {
    const roots = Object.values(Bokeh.index.roots ?? Bokeh.index)
    const models = roots.flatMap(view => [...view.model.document._all_models.values()])
    const sources = models.filter(model => model.type == "ColumnDataSource" && model.data.smooth)
    return Math.max(0, ...sources.map(source => source.data.smooth?.length ?? 0))
}"""


def test_a_training_is_started_watched_found_again_and_completed(visitor):
    page = visitor.open("/training")
    expect(page.get_by_text("No training has run")).to_be_visible()
    text = page.get_by_role("textbox", name="Experiment file")
    choose_tab(page, "File", text)
    text.fill(FILE)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Grid points n: 40")).to_be_visible()
    page.get_by_role("tab", name="Live").click()
    page.get_by_role("button", name="Start a training").click()
    where = page.locator('[data-role="job"]')
    expect(where).to_contain_text("of 300 iterations")
    page.wait_for_function(f"() => ({POINTS})() > 0")
    before = page.evaluate(POINTS)
    # A quick machine may have drawn all of them at once.
    page.wait_for_function(f"() => ({POINTS})() > {before} || {before} == 300")
    expect(page).to_have_url(re.compile("run="))
    address = page.url
    page.reload()
    expect(where).to_contain_text("completed")
    expect(where).to_contain_text("300 of 300 iterations")
    page.wait_for_function(f"() => ({POINTS})() == 300")
    assert page.url == address
    expect(page.get_by_role("heading", name="Unseen cases")).to_be_visible()
    page.get_by_role("tab", name="Runs").click()
    expect(page.locator(".tabulator-row")).to_contain_text("completed")
    assert visitor.wrong == []
