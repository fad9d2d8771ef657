"""Forecasts that are played in a real browser at 10 leads a second: painted frames per second, and the longest gap."""

import os
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from scripts.driver import MAPS, launch, start_app, stop
from scripts.journeys import run_rollout

#: Leads per second that are wanted, and how often each forecast is played from beginning to end.
WANTED, PLAYS = 10, 8
#: Maps whose frames the browser holds, and more than 30 MB of frames, which the server sends one by one.
EXPERIMENTS = {
    "European archive, 121 x 181, 3 models": """
kind: rollout
start: {name: archive, dataset: european}
models: [{name: linear-inverse}, {name: persistence}, {name: climatology}]
steps: 12
members: 1
perturbation: {name: none}
starts: 1
""",
    "tracer, 100 x 200, 3 models, sent while playing": """
kind: rollout
start: {name: testbed, dynamics: {name: advection-diffusion, nx: 200, nz: 100, dt: 0.35}}
models: [{name: perfect}, {name: persistence}, {name: climatology}]
steps: 140
every: 2
members: 1
perturbation: {name: none}
starts: 1
""",
}


def measure() -> dict[str, object]:
    """Return frames per second and gaps of each experiment."""
    os.environ["ASSIMILAB_HOME"] = tempfile.mkdtemp()
    process, address = start_app(Path(tempfile.mkdtemp()))
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            figures: dict[str, object] = {name: _played(browser, address, text) for name, text in EXPERIMENTS.items()}
            browser.close()
    finally:
        stop(process)
    return figures


def _played(browser: Browser, address: str, text: str) -> dict[str, float]:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.add_init_script(path=MAPS)
    page.goto(f"{address}/rollout")
    run_rollout(page, text)
    page.locator('[data-role="when"]').wait_for(timeout=120_000)
    page.wait_for_function("maps.drawn(1)", polling="raf")
    page.wait_for_timeout(5000)
    frames, seconds, gaps, leads = 0, 0.0, [], 0
    for _ in range(PLAYS):
        times, leads = _play(page)
        frames += len(times) - 1
        seconds += times[-1] - times[0]
        gaps.append(float(np.diff(times).max()))
    page.context.close()
    return {
        "leads": leads,
        "wanted_per_second": WANTED,
        "painted_per_second": round(frames / seconds, 2),
        "longest_gap_ms": round(1000 * max(gaps), 1),
        "median_longest_gap_of_a_play_ms": round(1000 * float(np.median(gaps)), 1),
    }


def _play(page: Page) -> tuple[np.ndarray, int]:
    """Play once; return when the map of the truth was painted anew, s, and how many leads follow the first."""
    page.keyboard.press("Home")
    page.wait_for_timeout(1500)
    page.evaluate("maps.count(0)")
    page.keyboard.press(" ")
    play = page.get_by_role("button", name="Play or pause")
    play.get_by_text("Pause").wait_for()
    play.get_by_text("Play").wait_for(timeout=120_000)
    page.wait_for_timeout(1500)
    leads = page.get_by_role("slider", name="Lead").get_attribute("max")
    return np.array(page.evaluate("maps.times")) / 1000, int(leads or 0)
