"""The pages in a real browser: slider to pixels, opening to first picture, pictures of a race, memory per visitor."""

import os
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import xarray as xr
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.races import pictures
from benchmarks.statistics import summary
from scripts.driver import MAPS, launch, start_app, stop

#: Pages that are opened, and how many figures they show first.
MAPS_OF = {"/explore": 1, "/analysis": 2, "/analysis?case=xz-2d": 6}
MOVES = 50
VISITORS = 10
#: Sessions end 15 to 30 s after their tabs were closed; after this many seconds all have.
ALL_GONE = 45


def measure() -> dict[str, object]:
    """Start the app on a field of ERA5's size over Britain, and drive it."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(os.environ.get("ASSIMILAB_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
        name = "era5-2mt-2019-03-uk.grib"
        if not (data / name).exists():
            data, name = Path(folder), "britain.nc"
            _like_era5().to_netcdf(data / name)
        start = time.perf_counter()
        process, address = start_app(data)
        started = time.perf_counter() - start
        try:
            with sync_playwright() as playwright:
                browser = launch(playwright)
                figures = {
                    "field": name,
                    "start_to_ready_s": round(started, 2),
                    "first_picture": {path: _first_picture(browser, address, path) for path in MAPS_OF},
                    "slider_to_pixels": _sliders(browser, f"{address}/analysis?dataset={name}"),
                    "slider_to_pixels_plane": _on_plane(browser, f"{address}/analysis?case=xz-2d"),
                    "time_step_to_pixels": _steps(browser, f"{address}/explore?dataset={name}"),
                    "pictures_of_races": pictures(browser, address),
                    "memory": _memory(browser, address, psutil.Process(process.pid)),
                }
                browser.close()
        finally:
            stop(process)
    return figures


def _like_era5() -> xr.Dataset:
    """Return an hourly field on the grid of the ERA5 file, for machines that do not have it."""
    hours, latitude, longitude = np.arange(96), np.arange(58, 49.9, -0.25), np.arange(-10, 2.1, 0.25)
    wave = np.sin((longitude[None, None, :] - 0.4 * hours[:, None, None]) / 3 + latitude[None, :, None])
    field = 280 + 4 * wave.astype(np.float32)
    times = np.datetime64("2019-03-01", "ns") + hours * np.timedelta64(1, "h")
    coordinates = {"time": times, "latitude": latitude, "longitude": longitude}
    return xr.Dataset({"t2m": (("time", "latitude", "longitude"), field, {"units": "K"})}, coordinates)


def _open(browser: Browser, url: str, maps: int) -> tuple[Page, float]:
    """Open a page in a fresh context (nothing cached), and return it and the seconds to its first picture."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.add_init_script(path=MAPS)
    start = time.perf_counter()
    page.goto(url)
    page.wait_for_function("(count) => maps.drawn(count)", arg=maps, polling="raf")
    return page, time.perf_counter() - start


def _first_picture(browser: Browser, address: str, path: str) -> dict[str, object]:
    times = []
    for _ in range(7):
        page, seconds = _open(browser, address + path, MAPS_OF[path])
        page.context.close()
        times.append(seconds)
    again, page = [], browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.add_init_script(path=MAPS)
    for _ in range(6):  # the same browser comes back: scripts and styles are in its cache
        start = time.perf_counter()
        page.goto(address + path)
        page.wait_for_function("(count) => maps.drawn(count)", arg=MAPS_OF[path], polling="raf")
        again.append(time.perf_counter() - start)
    page.context.close()
    return {"empty_cache": summary(times), "coming_back": summary(again[1:])}


def _latencies(page: Page, slider: str, index: int) -> dict[str, object]:
    page.get_by_role("slider", name=slider, exact=True).focus()
    times, lost = [], 0
    for k in range(MOVES):
        page.evaluate("(index) => maps.watch(index)", index)
        page.keyboard.press("ArrowRight" if k % 20 < 10 else "ArrowLeft")
        page.wait_for_timeout(350)
        latency = page.evaluate("maps.latency")
        if latency is None:
            page.wait_for_timeout(1500)
            latency = page.evaluate("maps.latency")
        if latency is None:
            lost += 1
        else:
            times.append(latency / 1000)
    return {**summary(times), "moves_without_change": lost}


def _sliders(browser: Browser, url: str) -> dict[str, object]:
    time.sleep(ALL_GONE)
    page, _ = _open(browser, url, 6)
    page.wait_for_timeout(2000)
    figures: dict[str, object] = {}
    for slider in ("σ_b [K]", "L [km]", "σ_o [K]", "Observations p"):
        figures[slider] = _latencies(page, slider, 2)
    for visitor in [_open(browser, url, 6)[0] for _ in range(VISITORS)]:
        visitor.context.close()
    figures[f"σ_b [K], while the sessions of {VISITORS} others end"] = _latencies(page, "σ_b [K]", 2)
    page.context.close()
    return figures


def _on_plane(browser: Browser, url: str) -> dict[str, object]:
    page, _ = _open(browser, url, 6)
    page.wait_for_timeout(2000)
    sliders = ("σ_b [K]", "L_x [km]", "σ_o [K]", "Observations p")
    figures: dict[str, object] = {slider: _latencies(page, slider, 2) for slider in sliders}
    page.context.close()
    return figures


def _steps(browser: Browser, url: str) -> dict[str, object]:
    page, _ = _open(browser, url, 1)
    page.wait_for_timeout(2000)
    figures = _latencies(page, "Time", 0)
    page.context.close()
    return figures


def _memory(browser: Browser, address: str, server: psutil.Process) -> dict[str, object]:
    """Return the server's resident memory, MiB, before, with ten visitors on Analysis, and after they have left."""

    def resident() -> float:
        return round(server.memory_info().rss / 2**20, 1)

    time.sleep(ALL_GONE)
    before = resident()
    pages = [_open(browser, f"{address}/analysis", 2)[0] for _ in range(VISITORS)]
    time.sleep(3)
    during = resident()
    for page in pages:
        page.context.close()
    time.sleep(ALL_GONE)
    after = resident()
    per_visitor = round((during - before) / VISITORS, 2)
    return {"before_mib": before, f"with_{VISITORS}_visitors_mib": during, "after_mib": after, "per_visitor_mib": per_visitor}
