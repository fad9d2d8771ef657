"""A lecture: many visitors of the Analysis page at once, each of whom moves a slider every two seconds.

All but two are visitors without a browser (:mod:`benchmarks.visitor`); two are real ones. Everybody has values of σ_b of
their own, so that nothing that the server keeps for others saves it any work. ``ASSIMILAB_LOAD`` chooses other numbers of
visitors, another time, and how many servers there are behind HAProxy: ``10,50:20`` is 10 and 50 visitors, 20 s each,
``100:60:2`` is a hundred of two servers.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from playwright.async_api import Browser, Page, async_playwright

from benchmarks.servers import PATIENCE, Servers, proxy_is_there, servers
from benchmarks.statistics import summary, table
from benchmarks.visitor import TIMEOUT, Visitor
from dashboard.connection import KEEP_SECONDS
from scripts.driver import CHROMIUM_OPTIONS, MAPS, installed_chromium

NUMBERS, SECONDS = (1, 10, 50, 100), 120.0
BROWSERS = 2
#: Seconds between two moves of a visitor.
PERIOD = 2.0
#: Values of σ_b with four digits, the first and how many; a visitor's are recognised by them in what the page writes.
FIRST, VALUES = 1000, 9000
#: Seconds in which all sessions must have ended.
ALL_GONE = KEEP_SECONDS + 60.0

#: The columns of the table: heading, and key of a row.
COLUMNS = {
    "visitors": "visitors", "servers": "servers", "moves": "moves",
    "median, ms": "p50_ms", "95 %, ms": "p95_ms", "99 %, ms": "p99_ms", "in a browser, 95 %, ms": "browser_p95_ms",
    "lost": "lost_updates", "errors": "errors", "server CPU, ms per move": "server_cpu_ms_per_move",
    "server CPU, cores": "server_cores", "MiB per visitor": "mib_per_visitor",
    "memory after / before": "memory_after_to_before", "the first has the page, s": "opened_first_s",
    "half have it, s": "opened_half_s", "all have it, s": "opened_all_s",
}  # fmt: skip


@dataclass(frozen=True)
class Lecture:
    """So many visitors of so many servers, for so many seconds."""

    visitors: int
    seconds: float = SECONDS
    servers: int = 1


def measure() -> Iterator[dict[str, object]]:
    """Start servers for each lecture, and let visitors come, work and go; gives what is known after each."""
    return hold(_wanted(os.environ.get("ASSIMILAB_LOAD", "")))


def measure_small() -> Iterator[dict[str, object]]:
    """Measure four visitors for a short while, of one server and of two, to try whether it works."""
    return hold([Lecture(4, 10.0, number) for number in ((1, 2) if proxy_is_there() else (1,))])


def hold(lectures: Sequence[Lecture]) -> Iterator[dict[str, object]]:
    """Hold lectures one after the other; after each, give a row for all that have been held, and the table of them."""
    rows: list[dict[str, Any]] = []
    for lecture in lectures:
        with tempfile.TemporaryDirectory() as folder, servers(Path(folder), lecture.servers) as there:
            rows.append(asyncio.run(_hold(there, lecture)))
        yield {"period_s": PERIOD, "browsers_among_them": BROWSERS, "rows": rows, "table": table(COLUMNS, rows)}


def _wanted(text: str) -> list[Lecture]:
    if not text:
        return [*map(Lecture, NUMBERS), *([Lecture(NUMBERS[-1], servers=2)] if proxy_is_there() else [])]
    counts, *more = text.split(":")
    seconds = float(more[0]) if more else SECONDS
    return [Lecture(int(count), seconds, int(more[1]) if len(more) > 1 else 1) for count in counts.split(",")]


async def _hold(there: Servers, lecture: Lecture) -> dict[str, Any]:
    warm = [Visitor(address) for address in there.each]
    for visitor in warm:
        await visitor.open()
        await visitor.leave()
    await asyncio.to_thread(there.all_gone, ALL_GONE)
    before = there.peak = there.resident()
    watching = asyncio.create_task(_watch(there))
    visitors = [Visitor(there.address) for _ in range(max(1, lecture.visitors - BROWSERS))]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=installed_chromium(), args=CHROMIUM_OPTIONS)
        row = await _let_work(there, lecture, visitors, browser)
        await asyncio.gather(*(visitor.leave() for visitor in visitors))
        await browser.close()
    watching.cancel()
    sessions, pages = await asyncio.to_thread(there.all_gone, ALL_GONE)
    after = there.resident()
    return row | {
        "errors": len(there.faults()) + sum(bool(visitor.fault) for visitor in visitors),
        "faults": [*there.faults(), *(visitor.fault for visitor in visitors if visitor.fault)][:10],
        "mib_before": round(before), "mib_peak": round(there.peak), "mib_after": round(after),
        "mib_per_visitor": round((there.peak - before) / lecture.visitors, 1),
        "memory_after_to_before": round(after / before, 3),
        "sessions_left": sessions, "pages_left_in_memory": pages,
    }  # fmt: skip


async def _let_work(there: Servers, lecture: Lecture, visitors: list[Visitor], browser: Browser) -> dict[str, Any]:
    """Let visitors come and move their sliders, and return what was measured."""
    pages = [await (await browser.new_context()).new_page() for _ in range(lecture.visitors - len(visitors))]
    start = time.perf_counter()
    came = await asyncio.gather(*map(_come, visitors), *(_open(page, there.address) for page in pages))
    opened = time.perf_counter() - start
    sessions, busy, own, begun = there.sessions(), there.busy(), time.process_time(), time.perf_counter()
    psutil.cpu_percent()
    work = [_moves(visitor, number, len(visitors), lecture.seconds) for number, visitor in enumerate(visitors)]
    _, painted = await asyncio.gather(
        asyncio.gather(*work), asyncio.gather(*(_paints(page, lecture.seconds) for page in pages))
    )
    end = time.perf_counter() + PATIENCE
    while any(visitor.lost and not visitor.fault for visitor in visitors) and time.perf_counter() < end:
        await asyncio.sleep(0.05)
    passed, busy, own = time.perf_counter() - begun, there.busy() - busy, time.process_time() - own
    moves = [move for visitor in visitors for move in visitor.moves]
    every = len(moves) + len(pages) * int(lecture.seconds / PERIOD)
    latencies = summary([move.answered - move.sent for move in moves if move.answered is not None] or [PATIENCE])
    browsers = summary([latency for page in painted for latency in page] or [PATIENCE]) if pages else None
    waited = [visitor.opened or PATIENCE for visitor in visitors]
    return {
        "visitors": lecture.visitors, "servers": lecture.servers, "seconds": lecture.seconds,
        "visitors_of_each": sessions, "moves": len(moves), **latencies,
        "browser_p50_ms": browsers and browsers["p50_ms"], "browser_p95_ms": browsers and browsers["p95_ms"],
        "lost_updates": sum(visitor.lost for visitor in visitors),
        "unanswered": sum(move.answered is None for move in moves),
        "overtaken": sum(not move.own for move in moves),
        "not_opened": sum(not came for came in came[: len(visitors)]),
        "opened_first_s": round(min(waited), 2), "opened_half_s": round(statistics.median(waited), 2),
        "opened_all_s": round(opened, 2),
        "opening": summary(waited),
        "server_cpu_ms_per_move": round(1000 * busy / max(1, every), 1),
        "server_cores": round(busy / passed, 2),
        "clients_cpu_ms_per_move": round(1000 * own / max(1, every), 1),
        "machine_busy_percent": psutil.cpu_percent(),
        "waited_for_device_ms": [round(1000 * numbers["threads"]["device"]["slowest"], 1) for numbers in there.status()],
    }  # fmt: skip


async def _watch(there: Servers) -> None:
    """Look at the memory twice a second."""
    while True:
        there.resident()
        await asyncio.sleep(0.5)


async def _come(visitor: Visitor) -> bool:
    """Open the page, and return whether that went well."""
    try:
        await visitor.open()
    except (OSError, TimeoutError, ValueError, aiohttp.ClientError) as problem:
        visitor.fault = f"the page did not open: {problem!r}"
    return not visitor.fault


async def _moves(visitor: Visitor, number: int, count: int, seconds: float) -> None:
    """Move the slider every two seconds, beginning at a moment of the visitor's own."""
    await asyncio.sleep(PERIOD * number / count)
    steps = int(seconds / PERIOD)
    begin = time.perf_counter()
    for step in range(steps):
        if visitor.fault:
            return
        try:
            await visitor.move((FIRST + (number * steps + step) % VALUES) / 10_000)
        except (OSError, aiohttp.ClientError) as problem:
            visitor.fault = f"{problem!r}"
        await asyncio.sleep(max(0.0, begin + (step + 1) * PERIOD - time.perf_counter()))


async def _open(page: Page, address: str) -> None:
    await page.add_init_script(path=MAPS)
    await page.goto(f"{address}/analysis", timeout=1000 * TIMEOUT)
    await page.wait_for_function("maps.drawn(2)", polling="raf", timeout=1000 * TIMEOUT)


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
