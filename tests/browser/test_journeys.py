"""What a person does, in a real browser; every journey fails on a request elsewhere or an error in the console."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.dashboard.helpers import SCRIPT
from tests.files import regional

pytestmark = pytest.mark.browser


def wait_for_maps(page: Page, count: int) -> list[int]:
    """Wait until so many maps show a field, and return their fingerprints."""
    page.wait_for_function("(count) => maps.drawn(count)", arg=count)
    return page.evaluate("maps.sums()")


def wait_for_change(page: Page, before: list[int], index: int) -> None:
    page.wait_for_function("([old, index]) => maps.sums()[index] !== old", arg=[before[index], index])


def until(page: Page, act: Callable[[], None], there: Locator) -> None:
    """Repeat what a hand does until it has had its effect: a figure is seen a little before it listens."""
    for _ in range(10):
        act()
        try:
            expect(there).to_be_visible(timeout=1500)
        except AssertionError:
            continue
        return
    expect(there).to_be_visible()


def wiggle(page: Page, x: float, y: float) -> None:
    """Move the pointer about a place."""
    for step in range(4):
        page.mouse.move(x + 3 * step, y + step)


#: A window each page is opened in, and one that it is then seen in.
LARGE, SMALL = (1440, 900), (1024, 768)
#: Pages, and how many maps each has.
PAGES = {
    "/?": 0,
    "/explore?": 1,
    "/analysis?": 2,
    "/analysis?case=xz-2d&": 6,
    "/analysis?dataset=a.nc&": 6,
    "/cycling?": 0,
    "/training?": 0,
}
#: Every page is looked at in one theme and window by make test, and in the other ones by make reference.
LOOKS = [
    pytest.param(path, count, theme, sizes, id=f"{path}{theme}", marks=[] if (number + other) % 2 else [pytest.mark.reference])
    for number, (path, count) in enumerate(PAGES.items())
    for other, (theme, sizes) in enumerate((("light", (LARGE, SMALL)), ("dark", (SMALL, LARGE))))
]


@pytest.mark.parametrize(("path", "count", "theme", "sizes"), LOOKS)
def test_every_page_draws_offline_and_fits(visitor, path, count, theme, sizes):
    (width, height), (other_width, other_height) = sizes
    visitor.page.set_viewport_size({"width": width, "height": height})
    page = visitor.open(f"{path}theme={theme}")
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    wait_for_maps(page, count)
    # No page is wider than the window, nor than the one that it is given then, once figures have followed.
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": other_width, "height": other_height})
    page.wait_for_function("(width) => innerWidth == width && document.documentElement.scrollWidth <= width", arg=other_width)
    wait_for_maps(page, count)
    expect(page.locator(".problem")).to_have_count(0)


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


def test_explore_steps_through_time_and_draws_series(visitor):
    page = visitor.open("/explore?dataset=a.nc")
    before = wait_for_maps(page, 1)
    expect(page.get_by_text("2020-01-01 00:00 UTC")).to_be_visible()
    page.get_by_role("button", name="Next frame").click()
    expect(page.get_by_text("2020-01-01 06:00 UTC")).to_be_visible()
    wait_for_change(page, before, 0)
    until(page, lambda: page.mouse.click(500, 400), page.get_by_role("button", name="Clear places"))
    expect(page.locator(".panel-title")).to_contain_text("°N")
    page.get_by_role("button", name="Clear places").click()
    expect(page.get_by_text("Click the map to draw the series")).to_be_visible()


def test_a_box_is_drawn_on_the_small_map_of_the_regions(visitor):
    page = visitor.open("/explore?dataset=a.nc")
    wait_for_maps(page, 1)
    page.get_by_role("tab", name="Regions").click()
    expect(page.get_by_text("all of it")).to_be_visible()
    small = page.locator(".bk-Figure:visible").last.bounding_box()

    def drag() -> None:
        page.mouse.move(small["x"] + 0.4 * small["width"], small["y"] + 0.4 * small["height"])
        page.mouse.down()
        page.mouse.move(small["x"] + 0.6 * small["width"], small["y"] + 0.7 * small["height"], steps=4)
        page.mouse.up()

    until(page, drag, page.get_by_text("box ", exact=False).last)


def test_explore_tells_the_value_under_the_pointer(visitor):
    page = visitor.open("/explore?dataset=a.nc")
    wait_for_maps(page, 1)
    tooltip = page.locator(".bk-Tooltip")
    until(page, lambda: wiggle(page, 500, 400), tooltip)
    expect(tooltip).to_contain_text(" K")
    expect(tooltip).to_contain_text("°N")


def test_explore_plays(visitor):
    page = visitor.open("/explore?dataset=ncep-air-temperature")
    wait_for_maps(page, 1)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_text("2014-02-24 00:00 UTC")).to_be_hidden()
    page.get_by_role("button", name="Pause").click()


def test_an_uploaded_file_is_drawn(visitor, tmp_path):
    page = visitor.open("/explore")
    wait_for_maps(page, 1)
    page.locator("input[type=file]").set_input_files(regional(tmp_path / "mine.nc"))
    expect(page.get_by_role("heading", name="Temperature [K]")).to_be_visible()
    expect(page.get_by_role("combobox", name="Dataset")).to_contain_text("uploaded mine.nc")


def test_a_broken_file_is_named_and_the_picture_stays(visitor):
    page = visitor.open("/explore?dataset=a.nc")
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


def test_markup_in_a_file_is_text(visitor):
    page = visitor.open("/explore?dataset=tricky.nc")
    wait_for_maps(page, 1)
    expect(page.get_by_role("heading", name=SCRIPT).first).to_be_visible()
    until(page, lambda: page.mouse.click(500, 420), page.get_by_role("button", name="Clear places"))
    page.get_by_role("button", name="About this variable").click()
    expect(page.get_by_role("cell", name=SCRIPT).first).to_be_visible()
    visitor.open("/analysis?dataset=tricky.nc")
    wait_for_maps(page, 6)


def test_a_slider_changes_the_analysis_while_it_moves(visitor):
    page = visitor.open("/analysis?dataset=a.nc")
    before = wait_for_maps(page, 6)
    slider = page.get_by_role("slider", name="σ_b [K]", exact=True)
    slider.focus()
    for _ in range(5):
        slider.press("ArrowLeft")
    wait_for_change(page, before, 2)
    wait_for_change(page, before, 3)
    expect(page.locator("[data-role=settings]")).to_contain_text("1.8 K")
    after = page.evaluate("maps.sums()")
    assert after[:2] == before[:2]  # truth and background stay


def test_dragging_updates_before_the_button_is_released(visitor):
    page = visitor.open("/analysis?dataset=a.nc")
    wait_for_maps(page, 6)
    thumb = page.get_by_role("slider", name="L [km]").locator("xpath=..")
    settings = page.locator("[data-role=settings]")

    def drag() -> None:
        page.mouse.up()  # the last try's
        thumb.hover()  # in view, at rest and under nothing else
        box = thumb.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.down()
        page.mouse.move(x + 70, y, steps=7)

    before = page.evaluate("maps.sums()")
    until(page, drag, settings.filter(has_not_text="L 500 km"))
    wait_for_change(page, before, 2)
    page.mouse.up()


def test_an_impossible_setting_is_explained_and_the_analysis_marked_stale(visitor):
    page = visitor.open("/analysis?dataset=a.nc")
    wait_for_maps(page, 6)
    slider = page.get_by_role("slider", name="σ_o [K]", exact=True)
    slider.focus()
    slider.press("Home")
    expect(page.locator(".problem")).to_contain_text("standard deviation σ")
    expect(page.locator(".stale")).to_contain_text("still show the last analysis")
    slider.press("ArrowRight")
    expect(page.locator(".problem")).to_have_count(0)
    expect(page.locator(".stale")).to_have_count(0)


def test_observations_are_placed_and_dragged_by_hand(visitor):
    page = visitor.open("/analysis?dataset=a.nc")
    wait_for_maps(page, 6)
    page.get_by_role("button", name="Take all observations away").click()
    settings = page.locator("[data-role=settings]")
    expect(settings).to_contain_text("0 observations")
    map_ = page.locator(".bk-Figure").first
    box = map_.bounding_box()
    x, y = box["x"] + 0.45 * box["width"], box["y"] + 0.5 * box["height"]
    until(page, lambda: page.mouse.click(x, y), settings.filter(has_text="1 observation ·"))
    before = page.evaluate("maps.sums()")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y - 30, steps=6)
    page.mouse.up()
    wait_for_change(page, before, 3)
    expect(settings).to_contain_text("1 observation ·")


def test_the_cases_and_the_views(visitor):
    page = visitor.open("/analysis")
    wait_for_maps(page, 2)
    page.get_by_role("combobox", name="Case").click()
    page.get_by_role("menuitem", name="Vertical plane (2D)").click()
    wait_for_maps(page, 6)
    expect(page.get_by_role("slider", name="L_z [km]", exact=True)).to_be_visible()
    for name, there in (
        ("B", page.get_by_text("Column of B").first),
        ("Diagnostics", page.locator("[data-role=diagnostics]")),
        ("Convergence", page.get_by_text("A closed form has no iterations")),
        ("Tuning surface", page.locator("[data-role=surface]")),
        ("Compare", page.get_by_role("button", name="Keep the analysis")),
        ("File", page.get_by_role("textbox", name="Experiment file")),
    ):
        page.get_by_role("tab", name=name, exact=True).click()
        expect(there).to_be_visible()
    page.get_by_role("button", name="What the numbers mean").click()
    expect(page.locator(".katex").first).to_be_visible()


def test_a_file_is_applied(visitor):
    page = visitor.open("/analysis")
    wait_for_maps(page, 2)
    page.get_by_role("tab", name="File", exact=True).click()
    box = page.get_by_role("textbox", name="Experiment file")
    box.fill("kind: analysis\nbackground_error: {sigmaa: 1}")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".problem")).to_contain_text("did you mean")
    box.fill("kind: analysis\ncase: {name: xz-2d}\nobservations: {count: 33, placement: random}")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("[data-role=settings]")).to_contain_text("33 observations")
