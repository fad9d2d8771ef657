"""A room: one presenter moves a slider of the Analysis page every two seconds, and the pages of followers show the same.

Presenter and followers are visitors without a browser (:mod:`benchmarks.room`), who join as people do. A row for each number of
followers; ``ASSIMILAB_FOLLOWERS`` chooses others, and the seconds of each: ``0,100:20``.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.load import PERIOD
from benchmarks.room import Follower, Presenter
from benchmarks.servers import PATIENCE, Servers, servers
from benchmarks.statistics import summary, table

NUMBERS, SECONDS = (0, 10, 30), 20.0
#: The first value of σ_b; each move adds one in the last digit, so that none was ever asked for before.
FIRST = 1001

#: The columns of the table: heading, and key of a row.
COLUMNS = {
    "followers": "followers", "moves": "moves", "analyses computed": "computed",
    "presenter, 95 %, ms": "presenter_p95_ms", "followers, median, ms": "p50_ms", "followers, 95 %, ms": "p95_ms",
    "overtaken": "overtaken", "lost": "lost", "errors": "errors", "server CPU, ms per move": "server_cpu_ms_per_move",
    "more per follower, ms": "cpu_ms_per_follower", "kB per follower and move": "kb_per_follower_and_move",
}  # fmt: skip


def measure() -> Iterator[dict[str, object]]:
    """Let followers join, and measure each number of them."""
    return _measure(*_wanted(os.environ.get("ASSIMILAB_FOLLOWERS", "")))


def measure_small() -> Iterator[dict[str, object]]:
    """Measure none and two for a short while, to try whether it works."""
    return _measure((0, 2), 6.0)


def _wanted(text: str) -> tuple[Sequence[int], float]:
    counts, _, seconds = text.partition(":")
    return tuple(map(int, counts.split(","))) if counts else NUMBERS, float(seconds) if seconds else SECONDS


def _measure(numbers: Sequence[int], seconds: float) -> Iterator[dict[str, object]]:
    rows: list[dict[str, Any]] = []
    for number in numbers:
        with tempfile.TemporaryDirectory() as folder, servers(Path(folder)) as there:
            row = asyncio.run(_follow(there, number, int(seconds / PERIOD)))
        alone = next((other["server_cpu_ms_per_move"] for other in rows if not other["followers"]), None)
        if number and alone is not None:
            row["cpu_ms_per_follower"] = round((row["server_cpu_ms_per_move"] - alone) / number, 1)
        rows.append(row)
        yield {"period_s": PERIOD, "rows": rows, "table": table(COLUMNS, rows)}


async def _follow(there: Servers, number: int, moves: int) -> dict[str, Any]:
    """Let so many followers come to a presenter who makes so many moves, and return what was measured."""
    presenter = Presenter(there.address)
    await presenter.open()
    await presenter.open_room()
    start = time.perf_counter()
    followers = [Follower(there.address, f"/join?room={presenter.code}") for _ in range(number)]
    await asyncio.gather(*(follower.open() for follower in followers))
    opened = time.perf_counter() - start
    await _move(presenter, followers, FIRST)  # what the first move brings up to date is not that of every move
    (before,), busy, received = there.status(), there.busy(), sum(follower.received for follower in followers)
    for step in range(1, 1 + moves):
        await _move(presenter, followers, FIRST + step)
    (after,), busy = there.status(), there.busy() - busy
    seen = [move for follower in followers for move in follower.moves[1:]]
    everybody = [presenter, *followers]
    row = {
        "followers": number, "moves": moves, "opened_all_s": round(opened, 2),
        "computed": after["shared"]["analyses"]["misses"] - before["shared"]["analyses"]["misses"],
        "presenter_p95_ms": summary([_waited(move) for move in presenter.moves[1:]])["p95_ms"],
        **(summary([_waited(move) for move in seen]) if seen else {"p50_ms": None, "p95_ms": None}),
        "overtaken": sum(not move.own for move in seen), "lost": sum(visitor.lost for visitor in everybody),
        "server_cpu_ms_per_move": round(1000 * busy / moves, 1), "cpu_ms_per_follower": None,
        "kb_per_follower_and_move": round((sum(f.received for f in followers) - received) / 1000 / moves / number, 1)
        if number else None,
        "waited_for_device_ms": round(1000 * after["threads"]["device"]["slowest"], 1),
    }  # fmt: skip
    await asyncio.gather(*(visitor.leave() for visitor in everybody))
    faults = [*there.faults(), *(visitor.fault for visitor in everybody if visitor.fault)]
    return row | {"errors": len(faults), "faults": faults[:10]}


async def _move(presenter: Presenter, followers: Sequence[Follower], value: int) -> None:
    """Move the slider, and wait until the next move is due."""
    due = time.perf_counter() + PERIOD
    await presenter.move(value / 1000)
    for follower in followers:
        follower.expect(presenter.moves[-1])
    await asyncio.sleep(max(0.0, due - time.perf_counter()))


def _waited(move: Any) -> float:
    return PATIENCE if move.answered is None else float(move.answered - move.sent)
