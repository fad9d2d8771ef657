"""The Cycling page in a real browser: a race is started, watched, changed, and found again."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import visit
from tests.browser.waiting import cycle, first_cycle, wait_for_cycle

pytestmark = pytest.mark.browser


#: Texts of a picture, and those that reach beyond it.
TEXTS = """() => {
    const paper = document.documentElement.getBoundingClientRect()
    const texts = [...document.querySelectorAll("text")]
    const beyond = texts.filter((text) => {
      const box = text.getBoundingClientRect()
      const across = box.left < paper.left - 1 || box.right > paper.right + 1
      return across || box.top < paper.top - 1 || box.bottom > paper.bottom + 1
    })
    return [texts.map((text) => text.textContent), beyond.map((text) => text.textContent)]
}"""


def standing(page: Page) -> int:
    """Wait until no more pictures come, of which some may be on their way, and return the number of the cycle."""
    for _ in range(100):
        stood = cycle(page)
        page.wait_for_timeout(600)
        if cycle(page) == stood:
            return stood
    raise AssertionError("the race goes on")


@pytest.fixture(scope="module")
def opened(context, address):
    """A page that tests leave with a race that has begun anew."""
    with visit(context, address) as visitor:
        visitor.open("/cycling")
        yield visitor


def test_a_race_runs_is_changed_and_is_found_again_after_a_reload(page):
    first_cycle(page)
    expect(page.locator("table.race tr")).to_have_count(4)
    page.get_by_role("button", name="Start or pause").click()
    wait_for_cycle(page, 10)
    slider = page.get_by_role("slider", name="σ_o assumed")
    slider.focus()
    slider.press("ArrowRight")
    page.wait_for_function("() => new URL(location).searchParams.get('race')")
    before = cycle(page)
    page.reload()
    wait_for_cycle(page, before + 1)
    button = page.get_by_role("button", name="Start or pause")
    for _ in range(4):  # a page is seen a little before it listens; on a busy machine the answer takes a while
        button.click()
        try:
            expect(button).to_contain_text("Go on", timeout=20_000)
            break
        except AssertionError:
            continue
    standing(page)
    page.get_by_role("button", name="Begin anew").click()


def test_buttons_are_described_below_them_and_a_change_that_needs_a_new_start_is_announced(page):
    button, following = (page.get_by_role("button", name=name) for name in ("Start or pause", "One cycle"))
    expect(following).to_be_visible()
    description = page.get_by_role("tooltip")
    for _ in range(20):  # a page that is laid out anew moves the button away from below the mouse
        page.mouse.move(1, 1)
        button.hover()
        description.wait_for()
        upper, box = following.bounding_box(), description.bounding_box()
        if box and upper == following.bounding_box():
            break
    assert box["y"] > upper["y"] + 0.9 * upper["height"]
    following.click(timeout=20_000)  # the description does not cover it
    wait_for_cycle(page, 1)
    members = page.get_by_role("slider", name="Members N").first
    members.focus()
    members.press("ArrowRight")
    expect(page.locator(".stale")).to_contain_text("Reset to begin anew")
    page.get_by_role("button", name="Begin anew").click()
    expect(page.locator(".stale")).to_have_count(0)


def test_keys_start_pause_step_and_begin_anew_but_not_in_a_text_field(page):
    first_cycle(page)
    stood = standing(page)
    page.keyboard.press(".")
    wait_for_cycle(page, stood + 1)
    page.keyboard.press("ArrowRight")
    wait_for_cycle(page, stood + 2)
    page.keyboard.press(" ")  # the button that was clicked has the focus still
    wait_for_cycle(page, stood + 8)
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Start or pause")).to_contain_text("Go on")
    page.get_by_role("tab", name="File").click()
    text = page.get_by_role("textbox", name="Experiment file")
    text.click()
    stood = standing(page)
    page.keyboard.type("r. ")
    page.wait_for_timeout(1000)
    assert cycle(page) == stood
    page.get_by_role("tab", name="Live").click()
    page.keyboard.press("r")
    expect(page.get_by_text("Start the race, or take a single step")).to_be_visible()


def test_a_race_is_exported_as_a_drawing_with_texts(page, chromium, tmp_path):
    first_cycle(page)
    expect(page.locator("table.race tr")).to_have_count(4)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("^SVG|lines and texts")).click()
    assert download.value.suggested_filename.startswith("cycling_lorenz96")
    download.value.save_as(tmp_path / "race.svg")
    with page.expect_download() as again:
        page.get_by_text(re.compile("Download cycling_lorenz96.*again")).click()
    again.value.save_as(tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_bytes() == (tmp_path / "race.svg").read_bytes()
    drawing = chromium.new_page()
    drawing.goto((tmp_path / "race.svg").as_uri())
    texts, beyond = drawing.evaluate(TEXTS)
    drawing.close()
    assert {"Errors against the truth", "RMSE", "cycle", "etkf", "Departures from the observations"} <= set(texts)
    assert beyond == []
    page.get_by_role("button", name="Begin anew").click()
