"""What a person does, in a real browser; every journey fails on a request elsewhere or an error in the console."""

import re

import pytest
from playwright.sync_api import expect

from scripts.journeys import choose_tab, until
from tests.browser.waiting import wait_for_maps
from tests.dashboard.helpers import SCRIPT
from tests.files import regional

pytestmark = pytest.mark.browser


def test_from_home_to_a_dataset(visitor):
    page = visitor.open("/")
    page.get_by_role("row", name="a.nc").get_by_role("link", name="explore").click()
    expect(page.get_by_role("heading", name="Temperature [K]")).to_be_visible()
    page.get_by_role("link", name="Analysis").click()
    expect(page.get_by_text("RMSE background")).to_be_visible()


def test_the_theme_is_kept_from_page_to_page(visitor):
    page = visitor.open("/explore")
    wait_for_maps(page, 1)
    page.get_by_role("button", name="Toggle theme").click()
    expect(page.get_by_role("link", name="Analysis")).to_have_attribute("href", "/analysis?theme=dark")
    page.get_by_role("link", name="Analysis").click()
    wait_for_maps(page, 2)
    expect(page.get_by_role("link", name="Home")).to_have_attribute("href", "/?theme=dark")


def test_explore_plays_and_draws_an_uploaded_file(visitor, tmp_path):
    page = visitor.open("/explore?dataset=ncep-air-temperature")
    wait_for_maps(page, 1)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_text("2014-02-24 00:00 UTC")).to_be_hidden()
    page.get_by_role("button", name="Pause").click()
    page.locator("input[type=file]").set_input_files(regional(tmp_path / "mine.nc"))
    expect(page.get_by_role("heading", name="Temperature [K]")).to_be_visible()
    expect(page.get_by_role("combobox", name="Dataset")).to_contain_text("uploaded mine.nc")


@pytest.mark.reference
def test_markup_in_a_file_is_text(visitor):
    page = visitor.open("/explore?dataset=tricky.nc")
    wait_for_maps(page, 1)
    expect(page.get_by_role("heading", name=SCRIPT).first).to_be_visible()
    until(lambda: page.mouse.click(500, 420), page.get_by_role("button", name="Clear places"))
    page.get_by_role("button", name="About this variable").click()
    expect(page.get_by_role("cell", name=SCRIPT).first).to_be_visible()
    visitor.open("/analysis?dataset=tricky.nc")
    wait_for_maps(page, 6)


def test_the_cases_the_views_and_a_file_that_is_applied(visitor):
    page = visitor.open("/analysis")
    wait_for_maps(page, 2)
    choose_tab(page, "B", page.get_by_text("Column of B").first)
    for name, there in (
        ("Diagnostics", page.locator("[data-role=diagnostics]")),
        ("Convergence", page.get_by_text("A closed form has no iterations")),
        ("Tuning surface", page.locator("[data-role=surface]")),
        ("Compare", page.get_by_role("button", name="Keep the analysis")),
        ("File", page.get_by_role("textbox", name="Experiment file")),
    ):
        page.get_by_role("tab", name=name, exact=True).click()
        expect(there).to_be_visible()
    page.get_by_role("combobox", name="Case").click()
    page.get_by_role("menuitem", name="Vertical plane (2D)").click()
    expect(page.get_by_role("slider", name="L_z [km]", exact=True)).to_be_visible()
    box = page.get_by_role("textbox", name="Experiment file")
    expect(box).to_have_value(re.compile("name: xz-2d"))  # the text of the new case is there before another is written
    box.fill("kind: analysis\nbackground_error: {sigmaa: 1}")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".problem")).to_contain_text("did you mean")
    box.fill("kind: analysis\ncase: {name: xz-2d}\nobservations: {count: 33, placement: random}")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("[data-role=settings]")).to_contain_text("33 observations")
    page.get_by_role("tab", name="Analysis", exact=True).click()
    wait_for_maps(page, 6)
    page.get_by_role("button", name="What the numbers mean").click()
    expect(page.locator(".katex").first).to_be_visible()
