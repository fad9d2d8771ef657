"""The Rollout page in a real browser: forecasts are run, played by keys, read at a point, and compared."""

import re

import pytest
from playwright.sync_api import Page, expect

from scripts.journeys import choose_tab, run_rollout, until
from tests.browser.waiting import click

pytestmark = pytest.mark.browser


def lead(page: Page) -> float:
    """Return the lead time that the page shows."""
    found = re.match(r"lead ([\d.]+)", page.locator('[data-role="when"]').inner_text())
    assert found is not None
    return float(found[1])


def test_forecasts_are_run_played_and_compared(visitor):
    page = visitor.open("/rollout")
    expect(page.locator('[data-role="empty"]')).to_be_visible()
    when = page.locator('[data-role="when"]')
    until(page.get_by_role("button", name="Run all models").click, when, each=15_000)
    expect(when).to_contain_text("lead 0, valid at 20")
    page.wait_for_timeout(1500)
    page.keyboard.press("ArrowRight")
    expect(page.locator('[data-role="when"]')).to_contain_text("lead 0.1, valid at 20.1")
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Play or pause")).to_contain_text("Pause")
    expect(page.locator('[data-role="when"]')).to_contain_text("lead 4, valid at 24")
    expect(page.get_by_role("button", name="Play or pause")).to_contain_text("Play")
    page.keyboard.press("Home")
    expect(page.locator('[data-role="when"]')).to_contain_text("lead 0,")
    slider = page.get_by_role("slider", name="Lead")
    slider.focus()
    slider.press("ArrowRight")
    expect(page.locator('[data-role="when"]')).to_contain_text("lead 0.1,")
    assert lead(page) == 0.1

    expect(page.get_by_text("x at point 20")).to_be_visible()
    until(lambda: click(page, 0.3, 0.5), page.get_by_text(re.compile(r"x at point (?!20\b)\d")))
    expect(page.get_by_text("x at point 20")).to_have_count(0)

    page.get_by_role("tab", name="Skill").click()
    expect(page.locator('[data-role="models"] tr')).to_have_count(4)
    expect(page.get_by_role("combobox", name="Baseline")).to_contain_text("persistence")
    assert visitor.wrong == []


EUROPEAN = """kind: rollout
start: {name: archive, dataset: european}
models: [{name: persistence}, {name: climatology}]
steps: 4
members: 1
starts: 2
perturbation: {name: none}
"""


@pytest.mark.reference
def test_a_film_is_downloaded_and_a_written_store_is_opened_in_explore(visitor, tmp_path):
    page = visitor.open("/rollout")
    text = page.get_by_role("textbox", name="Experiment file")
    choose_tab(page, "File", text)
    expect(text).to_have_value(re.compile("kind: rollout"), timeout=60_000)
    text.fill(EUROPEAN)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("combobox", name="Archive")).to_be_visible()
    page.get_by_role("tab", name="Archive").click()
    page.get_by_role("button", name="Run all models").click()
    draw = page.get_by_role("button", name="Draw the film or picture on the server")
    expect(draw).to_be_visible()
    draw.click()
    ready = page.get_by_text(re.compile(r"Download rollout\.(mp4|gif) .*5 frames"))
    expect(ready).to_be_visible()
    with page.expect_download() as download:
        ready.click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    content = file.read_bytes()
    assert content[4:8] == b"ftyp" or content[:3] == b"GIF"
    assert len(content) > 10_000

    page.get_by_role("button", name="Write a Zarr store").click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="open forecast-map.zarr in Explore").click()
    expect(opened.value.get_by_role("combobox", name="Dataset")).to_contain_text("forecast-map.zarr")
    expect(opened.value.get_by_text("lead_time").first).to_be_visible()


EUROPE = """
kind: rollout
start: {name: archive, dataset: european, fields: [t2m, u10, v10, tp]}
models: [{name: persistence}]
steps: 4
members: 1
perturbation: {name: none}
starts: 1
"""


def test_the_weather_of_a_town_is_played_and_read(visitor):
    page = visitor.open("/rollout")
    run_rollout(page, EUROPE)
    when = page.locator('[data-role="when"]')
    expect(when).to_contain_text(re.compile(r"lead 0 h, valid at 2025-01-1\d \d\d:00 UTC"), timeout=120_000)
    page.get_by_role("combobox", name="Town").click()
    page.get_by_role("menuitem", name="Potsdam, DE").click()
    expect(page.locator('[data-role="place"]')).to_have_text("Potsdam 52.40°N 13.06°E: grid point 52.3°N 13.1°E, 15 km")
    page.get_by_role("button", name="Table").click()
    values = page.locator('[data-role="values"]')
    expect(values).to_contain_text("2 m temperature [°C]")
    expect(values).to_contain_text("Total precipitation in 3 h [mm]")
    expect(values.locator("tr")).to_have_count(2 + 5)
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    expect(when).to_contain_text("lead 12 h, valid at 2025-01-1")
    last = re.search(r"2025-01-\d+ \d\d:00 UTC", when.inner_text())
    assert last is not None
    expect(values.locator("tr").last).to_contain_text(last[0])
    page.get_by_role("combobox", name="Sums").click()
    page.get_by_role("menuitem", name="since the start").click()
    expect(values).to_contain_text("Total precipitation since the start [mm]")
    assert visitor.wrong == []
