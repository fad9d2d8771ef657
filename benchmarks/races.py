"""Pictures of a race that a browser shows in a second, and how far behind the race they are."""

import numpy as np
from playwright.sync_api import Browser, Page

from benchmarks.statistics import summary
from scripts.driver import PICTURES

#: Seconds in which pictures are counted, and after the start before the first look at how far behind they are.
COUNTED, FIRST = 20, 3
#: Milliseconds in which what a race still had under way when it was paused is shown.
SETTLED = 4000
#: Small testbeds, three methods each.
RACES = {
    "lorenz63": "{every: 25, sigma: 1.4142135623730951}",
    "lorenz96": "{every: 1, sigma: 1.0}",
    "circle": "{components: changing, count: 1, sigma: 0.1}",
}
METHODS = "[{name: 3dvar}, {name: etkf, members: 20, inflation: 1.02}, {name: enkf, members: 20, inflation: 1.05}]"


def pictures(browser: Browser, address: str) -> dict[str, object]:
    """Let three methods race at full speed on each small testbed; return pictures per second and the seconds behind."""
    return {testbed: _pictures(browser, address, testbed) for testbed in RACES}


def _pictures(browser: Browser, address: str, testbed: str) -> dict[str, object]:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.add_init_script(path=PICTURES)
    page.goto(f"{address}/cycling")
    page.locator('[data-role="where"]').wait_for()
    text = (
        f"kind: cycling\ndynamics: {{name: {testbed}}}\nobservations: {RACES[testbed]}\nmethods: {METHODS}\ncycles: 1000000\n"
    )
    page.get_by_role("tab", name="File").click()
    page.get_by_role("textbox", name="Experiment file").fill(text)
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("tab", name="Live").click()
    page.get_by_role("combobox", name="Cycles").click()
    page.get_by_role("menuitem", name="full speed").click()
    page.wait_for_timeout(2000)
    _press_start(page)
    page.wait_for_function("pictures.find() > 0", timeout=60_000)  # a testbed's figures are made for its first picture
    page.wait_for_timeout(1000 * FIRST)
    soon = _behind(page)
    _press_start(page)
    page.wait_for_timeout(1000)
    page.evaluate("pictures.watch()")
    before = page.evaluate("pictures.cycle()")
    page.wait_for_timeout(1000 * COUNTED)
    times = np.array(page.evaluate("pictures.times")) / 1000
    rate = (page.evaluate("pictures.cycle()") - before) / COUNTED
    late = _behind(page)
    page.context.close()
    return {
        "pictures_per_second": round(times.size / COUNTED, 1),
        "between_pictures": summary(np.diff(times).tolist()),
        "cycles_per_second": round(rate, 1),
        f"seconds_behind_after_{FIRST}_s": round(soon / rate, 2),
        f"seconds_behind_after_{COUNTED}_s": round(late / rate, 2),
    }


def _press_start(page: Page) -> None:
    page.get_by_role("button", name="Start or pause").click()


def _behind(page: Page) -> int:
    """Pause the race, and return how many cycles it had gone beyond the one that was shown when the button was pressed.

    What the way from the button to the server takes is part of it.
    """
    _press_start(page)
    page.wait_for_timeout(SETTLED)
    return page.evaluate("pictures.cycle() - pictures.pressed")
