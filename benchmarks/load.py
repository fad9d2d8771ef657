"""A lecture: many visitors of the Analysis page at once, each of whom moves a slider every two seconds.

All but two are visitors without a browser (:mod:`benchmarks.visitor`); two are real ones. Everybody has values of σ_b of
their own, so that nothing that the server keeps for others saves it any work. ``ASSIMILAB_LOAD`` chooses other numbers of
visitors and another time, such as ``10,50:20`` for 10 and 50 visitors, 20 s each.
"""

import asyncio
import json
import os
import re
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from playwright.async_api import Page, async_playwright

from benchmarks.statistics import summary
from benchmarks.visitor import Visitor
from dashboard.connection import KEEP_SECONDS
from scripts.driver import CHROMIUM_OPTIONS, MAPS, installed_chromium, start_app, stop

NUMBERS, SECONDS = (1, 10, 50, 100), 120.0
BROWSERS = 2
#: Seconds between two moves of a visitor.
PERIOD = 2.0
#: Values of σ_b with four digits, the first and how many; a visitor's are recognised by them in what the page writes.
FIRST, VALUES = 1000, 9000
#: Seconds that the last answers may take, and in which all sessions must have ended.
PATIENCE, ALL_GONE = 60.0, KEEP_SECONDS + 60.0
#: What must not stand in the server's log.
FAULTS = re.compile(r"Traceback|\bERROR\b|CRITICAL")


@dataclass
class Server:
    """A running server: its address, what it printed, and the most memory it was seen with, MiB."""

    address: str
    process: psutil.Process
    printed: list[str] = field(default_factory=list)
    peak: float = 0.0

    def resident(self) -> float:
        """Return the resident memory, MiB."""
        resident = float(self.process.memory_info().rss / 2**20)
        self.peak = max(self.peak, resident)
        return resident

    def status(self) -> dict[str, Any]:
        """Return what the server says of itself."""
        with urllib.request.urlopen(f"{self.address}/status.json", timeout=PATIENCE) as answer:
            return dict(json.load(answer))


def measure() -> dict[str, object]:
    """Start a server for each number of visitors, and let them come, work and go."""
    return _measure(*_wanted(os.environ.get("ASSIMILAB_LOAD", "")))


def measure_small() -> dict[str, object]:
    """Measure four visitors for a short while, to try whether it works."""
    return _measure((4,), 10.0)


def _measure(numbers: tuple[int, ...], seconds: float) -> dict[str, object]:
    return {
        "seconds": seconds,
        "period_s": PERIOD,
        "browsers_among_them": BROWSERS,
        "visitors": {str(count): _of(count, seconds) for count in numbers},
    }


def _wanted(text: str) -> tuple[tuple[int, ...], float]:
    if not text:
        return NUMBERS, SECONDS
    counts, _, seconds = text.partition(":")
    return tuple(int(count) for count in counts.split(",")), float(seconds or SECONDS)


def _of(count: int, seconds: float) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as server:
        return asyncio.run(_lecture(server, count, seconds))


@contextmanager
def _server(data: Path) -> Iterator[Server]:
    process, address = start_app(data)
    server = Server(address, psutil.Process(process.pid))
    reader = threading.Thread(target=_listen, args=(process, server.printed), daemon=True)
    reader.start()
    try:
        yield server
    finally:
        stop(process)


def _listen(process: subprocess.Popen[str], printed: list[str]) -> None:
    assert process.stdout is not None
    printed.extend(process.stdout)


async def _lecture(server: Server, count: int, seconds: float) -> dict[str, object]:
    warm = Visitor(server.address)
    await warm.open()
    await warm.leave()
    await _all_gone(server)
    before = server.resident()
    watching = asyncio.ensure_future(_watch(server))
    browsers = min(BROWSERS, count - 1)
    visitors = [Visitor(server.address) for _ in range(count - browsers)]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=installed_chromium(), args=CHROMIUM_OPTIONS)
        pages = [await (await browser.new_context()).new_page() for _ in range(browsers)]
        start = time.perf_counter()
        await asyncio.gather(*(visitor.open() for visitor in visitors), *(_open(page, server.address) for page in pages))
        opened, busy = time.perf_counter() - start, sum(server.process.cpu_times()[:2])
        work = [_moves(visitor, number, count, seconds) for number, visitor in enumerate(visitors)]
        _, painted = await asyncio.gather(asyncio.gather(*work), asyncio.gather(*(_paints(page, seconds) for page in pages)))
        end = time.perf_counter() + PATIENCE
        while any(visitor.lost for visitor in visitors) and time.perf_counter() < end:
            await asyncio.sleep(0.05)
        busy = sum(server.process.cpu_times()[:2]) - busy
        status, peak = server.status(), server.peak
        for visitor in visitors:
            await visitor.leave()
        await browser.close()
    left = await _all_gone(server)
    watching.cancel()
    moves = [move for visitor in visitors for move in visitor.moves]
    after = server.resident()
    return {
        "opened_all_s": round(opened, 2),
        "opening": summary([visitor.opened or PATIENCE for visitor in visitors]),
        "slider_to_picture": summary([move.answered - move.sent for move in moves if move.answered is not None]),
        "slider_to_pixels_in_browsers": summary([latency for page in painted for latency in page]) if browsers else None,
        "moves": len(moves),
        "overtaken": sum(not move.own for move in moves),
        "unanswered": sum(move.answered is None for move in moves),
        "lost_updates": sum(visitor.lost for visitor in visitors),
        "server_cpu_ms_per_move": round(1000 * busy / max(1, len(moves) + browsers * int(seconds / PERIOD)), 1),
        "waited_for_device_ms": round(1000 * status["threads"]["device"]["slowest"], 1),
        "log_faults": sum(bool(FAULTS.search(line)) for line in server.printed),
        "memory_mib": {
            "start": round(before), "peak": round(peak), "after": round(after),
            "per_visitor": round((peak - before) / count, 1), "after_to_start": round(after / before, 3),
        },
        "sessions_left": sum(left["sessions"].values()),
        "pages_left_in_memory": left["in_memory"],
    }  # fmt: skip


async def _watch(server: Server) -> None:
    """Look at the memory twice a second."""
    while True:
        server.resident()
        await asyncio.sleep(0.5)


async def _moves(visitor: Visitor, number: int, count: int, seconds: float) -> None:
    """Move the slider every two seconds, beginning at a moment of the visitor's own."""
    await asyncio.sleep(PERIOD * number / count)
    steps = int(seconds / PERIOD)
    begin = time.perf_counter()
    for step in range(steps):
        await visitor.move((FIRST + (number * steps + step) % VALUES) / 10_000)
        await asyncio.sleep(max(0.0, begin + (step + 1) * PERIOD - time.perf_counter()))


async def _open(page: Page, address: str) -> None:
    await page.add_init_script(path=MAPS)
    await page.goto(f"{address}/analysis", timeout=1000 * PATIENCE)
    await page.wait_for_function("maps.drawn(2)", polling="raf", timeout=1000 * PATIENCE)


async def _paints(page: Page, seconds: float) -> list[float]:
    """Press an arrow key on the slider every two seconds, and return the seconds until its picture was painted."""
    await page.get_by_role("slider", name="σ_b", exact=True).focus()
    times = []
    for step in range(int(seconds / PERIOD)):
        await page.evaluate("maps.watch(0)")
        await page.keyboard.press("ArrowRight" if step % 20 < 10 else "ArrowLeft")
        await page.wait_for_timeout(1000 * PERIOD)
        latency = await page.evaluate("maps.latency")
        if latency is not None:
            times.append(latency / 1000)
    return times


async def _all_gone(server: Server) -> dict[str, Any]:
    """Wait until all sessions have ended, or should have; return the status."""
    end = time.perf_counter() + ALL_GONE
    while any((status := server.status())["sessions"].values()) and time.perf_counter() < end:
        await asyncio.sleep(1)
    await asyncio.sleep(2)  # the last one's page goes a moment after its session
    return server.status() | {"sessions": status["sessions"]}
