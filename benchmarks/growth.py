"""How the time of a solve grows with the state and with the observations, drawn as a picture."""

import math
import tempfile
import time
from pathlib import Path

import numpy as np
from bokeh.io import save
from bokeh.layouts import row
from bokeh.plotting import figure
from bokeh.resources import INLINE
from playwright.sync_api import sync_playwright

from backends.device import compute_device, precise_dtype
from benchmarks.problems import Timed, globe, plane
from dashboard.theme import PICKED
from scripts.driver import launch

PICTURE = Path(__file__).parent.parent / "docs" / "growth.png"
REPEATS = 7
COUNTS = (25, 50, 100, 200, 400, 800, 1600)
PLANES = ((30, 10), (60, 20), (120, 40), (180, 60), (240, 80))
GLOBES = ((19, 36), (31, 60), (61, 120), (91, 180), (121, 240))


def measure() -> dict[str, object]:
    """Return median times and the slope of their logarithms over the larger half of the sizes."""
    dtype = precise_dtype(compute_device())
    curves = {
        "plane, 100 observations": [(nx * nz, _median(plane(nx, nz, 100, dtype))) for nx, nz in PLANES],
        "globe, 100 observations": [(ny * nx, _median(globe(ny, nx, 100, dtype))) for ny, nx in GLOBES],
        "plane 120 x 40": [(p, _median(plane(120, 40, p, dtype))) for p in COUNTS],
        "globe 61 x 120": [(p, _median(globe(61, 120, p, dtype))) for p in COUNTS],
    }
    _draw(curves)
    return {
        name: {"ms": {size: round(1000 * t, 2) for size, t in points}, "slope": _slope(points)}
        for name, points in curves.items()
    }


def _median(timed: Timed) -> float:
    timed.solve(0)
    times = []
    for k in range(1, REPEATS + 1):
        start = time.perf_counter()
        timed.solve(k)
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def _slope(points: list[tuple[int, float]]) -> float:
    half = points[len(points) // 2 :]
    x, y = zip(*((math.log(size), math.log(seconds)) for size, seconds in half), strict=True)
    return round(float(np.polyfit(x, y, 1)[0]), 2)


def _draw(curves: dict[str, list[tuple[int, float]]]) -> None:
    figures = []
    for label, names in (("grid points n", list(curves)[:2]), ("observations p", list(curves)[2:])):
        fig = figure(
            width=480, height=360, x_axis_type="log", y_axis_type="log", x_axis_label=label, y_axis_label="ms per solve",
            toolbar_location=None,
        )  # fmt: skip
        for name, color in zip(names, PICKED[:2], strict=True):
            sizes, seconds = zip(*curves[name], strict=True)
            fig.line(
                sizes,
                [1000 * t for t in seconds],
                color=color,
                line_width=2,
                legend_label=f"{name}: slope {_slope(curves[name])}",
            )
            fig.scatter(sizes, [1000 * t for t in seconds], color=color, size=7)
        fig.legend.location = "top_left"
        fig.xaxis.ticker = sorted({size for name in names for size, _ in curves[name]})[::2]
        fig.yaxis.ticker = [2, 5, 10, 20, 50, 100, 200, 500]
        figures.append(fig)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "growth.html"
        save(row(*figures), filename=file, resources=INLINE, title="growth")
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 980, "height": 380})
        page.goto(file.as_uri())
        page.wait_for_timeout(1500)
        page.screenshot(path=PICTURE)
        browser.close()
