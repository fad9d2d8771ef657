"""Explore on large files in a real browser: opening, stepping through time, pan and zoom, and the memory of the server."""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.browsing_files import REPORTS, STORES, files, store
from benchmarks.statistics import summary
from scripts.driver import BROWSING, MAPS, launch, start_app, stop

#: What is hoped for: 95th percentiles, s, and the greatest resident memory of all processes of the server, MiB.
AIMS = {"open_s": 2.0, "step_s": 0.4, "move_s": 0.3, "move_observations_s": 0.5, "memory_mib": 1500.0}
#: Milliseconds after an input in which its picture has to come, and after which it counts as lost.
WAIT, LONGEST = 1200, 4000
MOVES = 24


def measure(times: int = 500, reports: int = 10_000_000) -> dict[str, object]:
    """Return what a person waits for, beside the aims, on a store of 2 GB and with ten million reports.

    Parameters
    ----------
    times
        Of the field, 721 x 1440 points each.
    reports
        Rows of the table.
    """
    data = files(times, reports)
    home = os.environ["ASSIMILAB_HOME"] = tempfile.mkdtemp()
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            figures = {
                "aims": AIMS,
                "load_of_the_machine": os.getloadavg()[0],
                "field": {"points": [times, 721, 1440]} | _with_server(browser, data, _fields),
                "observations": {"reports": reports} | _with_server(browser, data, _observations),
            }
            browser.close()
    finally:
        shutil.rmtree(home)
    return figures


def measure_small() -> dict[str, object]:
    """Do the same with little, to try it out."""
    return measure(40, 200_000)


def _with_server(browser: Browser, data: Path, act: Callable[[Page, str], dict[str, object]]) -> dict[str, object]:
    process, address = start_app(data)
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    for script in (MAPS, BROWSING):
        page.add_init_script(path=script)
    memory = Memory(process.pid)
    try:
        return act(page, address) | {"memory_mib": memory.greatest()}
    finally:
        memory.close()
        page.context.close()
        stop(process)


class Memory:
    """The resident memory of a process and all that it has started, looked at all the time."""

    def __init__(self, pid: int, every: float = 0.1) -> None:
        self._server, self._every = psutil.Process(pid), every
        self._greatest = {"server": 0.0, "its other processes": 0.0, "together": 0.0}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def greatest(self) -> dict[str, float]:
        """Return the greatest of the server, of its other processes, and of all together, MiB."""
        return {name: round(value) for name, value in self._greatest.items()}

    def close(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(self._every):
            try:
                server = self._server.memory_info().rss / 2**20
                others = sum(_resident(child) for child in self._server.children(recursive=True))
            except psutil.NoSuchProcess:
                return
            for name, value in zip(self._greatest, (server, others, server + others), strict=True):
                self._greatest[name] = max(self._greatest[name], value)


def _resident(process: psutil.Process) -> float:
    try:
        return process.memory_info().rss / 2**20
    except psutil.NoSuchProcess:
        return 0.0


# Fields --------------------------------------------------------------------------------------------------------------


def _fields(page: Page, address: str) -> dict[str, object]:
    page.goto(f"{address}/explore")
    page.wait_for_function("maps.drawn(1)", polling="raf")
    page.wait_for_timeout(2000)
    opening = [_opened(page, store(number)) for number in range(STORES)]
    page.wait_for_timeout(2000)
    area = _middle_of_map(page)
    page.get_by_role("slider", name="Time").focus()
    figures: dict[str, object] = {
        "opened_by_path": summary(opening),
        "time_step": _timed(page, lambda _: page.keyboard.press("ArrowRight")),
        "zoom": _timed(page, lambda k: _zoom(page, area, inward=k % 8 < 4)),
        "pan": _timed(page, lambda k: _pan(page, area, -1 if k % 2 else 1)),
    }
    page.get_by_role("slider", name="Time").focus()
    figures["time_step_of_a_part"] = _timed(page, lambda _: page.keyboard.press("ArrowRight"))
    again = []
    for _ in range(STORES):
        begun = time.perf_counter()
        page.goto(f"{address}/explore?dataset={store(0)}")
        page.wait_for_function("maps.drawn(1)", polling="raf")
        again.append(time.perf_counter() - begun)
    return figures | {"opened_by_address": summary(again)}


def _opened(page: Page, name: str) -> float:
    """Return the seconds from Enter to the first picture of a file that is opened by its path."""
    path = page.get_by_role("textbox", name="Open by path")
    path.fill(name)
    page.evaluate("browsing.follow_opening()")
    path.press("Enter")
    page.wait_for_function("browsing.opened != null", polling="raf", timeout=600_000)
    seconds = page.evaluate("browsing.opened") / 1000
    page.wait_for_timeout(1500)
    return float(seconds)


# Observations --------------------------------------------------------------------------------------------------------


def _observations(page: Page, address: str) -> dict[str, object]:
    page.goto(f"{address}/explore")
    page.wait_for_function("maps.drawn(1)", polling="raf")
    page.wait_for_timeout(2000)
    decoded = _opened(page, REPORTS)
    page.wait_for_timeout(15_000)  # all of them are being counted
    area = _middle_of_map(page)
    figures: dict[str, object] = {"decoded_and_opened_s": round(decoded, 2)}
    for colour in ("value", "number"):
        if colour != "value":
            page.get_by_role("combobox", name="Colours").click()
            page.get_by_role("menuitem", name=colour, exact=True).click()
            page.wait_for_timeout(3000)
        figures[f"coloured by {colour}"] = {
            "zoom": _timed(page, lambda k: _zoom(page, area, inward=k % 8 < 4)),
            "pan": _timed(page, lambda k: _pan(page, area, -1 if k % 2 else 1)),
        }
    return figures


# What a person does ---------------------------------------------------------------------------------------------------


def _middle_of_map(page: Page) -> tuple[float, float]:
    place = page.evaluate("(({x, y, width, height}) => [x + width / 2, y + height / 2])(maps.all()[0].getBoundingClientRect())")
    return float(place[0]), float(place[1])


def _zoom(page: Page, middle: tuple[float, float], inward: bool) -> None:
    page.mouse.move(*middle)
    for _ in range(2):
        page.mouse.wheel(0, -120 if inward else 120)


def _pan(page: Page, middle: tuple[float, float], way: int) -> None:
    x, y = middle
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 80 * way, y + 30 * way, steps=6)
    page.mouse.up()


def _timed(page: Page, move: Callable[[int], None]) -> dict[str, object]:
    """Return the times from the last input of a move to the first changed pixels, and to the picture made for it.

    Where every grid point that is looked at had its pixel before, the browser moves what it has and asks for no new picture.
    """
    moved, shown, unchanged = [], [], 0
    for k in range(MOVES):
        page.evaluate("browsing.follow(0)")
        move(k)
        page.wait_for_timeout(WAIT)
        if page.evaluate("browsing.shown") is None:
            page.wait_for_timeout(LONGEST - WAIT)
        first, last = page.evaluate("[browsing.moved, browsing.shown]")
        if first is None and last is None:
            unchanged += 1
        moved += [] if first is None else [first / 1000]
        shown += [] if last is None else [last / 1000]
    times = {"first_change": moved, "new_picture": shown}
    return {name: summary(seconds) for name, seconds in times.items() if seconds} | {"without_any_change": unchanged}
