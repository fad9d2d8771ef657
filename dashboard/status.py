"""How the server is doing, for whoever runs it: ``/status`` to look at, ``/status.json`` for scripts and health checks.

A proxy that only wants to know whether the server answers asks for ``/alive``.
"""

import os
import time
import weakref
from collections.abc import Callable
from dataclasses import asdict
from html import escape
from typing import Any

from bokeh.server.server import Server
from tornado.web import RequestHandler

from backends.device import GIB, compute_device, device_memory, device_name
from backends.experiments.kept import Kept
from dashboard.access import LOOPBACK
from dashboard.analysis.shared import ANALYSES, CASES
from dashboard.jobs import jobs_by_state
from dashboard.rollout.shared import ROLLOUTS
from dashboard.shell import LIVING, PAGES
from dashboard.worker import DEVICE, FILES

#: Headers that a proxy adds. It may run on this machine, and then the visitor does not.
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")
#: Seconds after which the page looks again.
PERIOD = 5

#: What visitors share, by its name.
SHARED: tuple[tuple[str, Kept[Any]], ...] = (("analyses", ANALYSES), ("cases", CASES), ("rollouts", ROLLOUTS))

Numbers = dict[str, Any]


class Status:
    """Gathers the numbers of a server, which is told once it has been made."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._server: Callable[[], Server | None] = lambda: None

    def watch(self, server: Server) -> None:
        """Name the server that is asked about."""
        self._server = weakref.ref(server)

    def numbers(self) -> Numbers:
        """Return what is known, in seconds and bytes.

        `in_memory` counts the pages that exist; for longer than a moment there are never more than there are sessions.
        """
        server, device = self._server(), compute_device()
        sessions = {path: list(server.get_sessions(path)) for path, *_ in PAGES} if server is not None else {}
        memory = device_memory(device)
        return {
            "uptime": round(time.monotonic() - self._began, 1),
            "visitors": sum(session.connection_count > 0 for found in sessions.values() for session in found),
            "sessions": {path: len(found) for path, found in sessions.items()},
            "in_memory": len(LIVING),
            "device": {"name": device_name(device), "memory_used": memory.used, "memory_total": memory.total},
            "resident": _resident(),
            "threads": {name: asdict(turns.waiting()) for name, turns in (("device", DEVICE), ("files", FILES))},
            "shared": {name: asdict(kept.usage()) for name, kept in SHARED},
            "jobs": jobs_by_state(),
        }


def handlers(status: Status) -> list[tuple[str, type[RequestHandler], dict[str, object]]]:
    """Return what answers at these addresses."""
    return [
        ("/alive", Alive, {}), ("/status", StatusPage, {"status": status}), ("/status.json", StatusNumbers, {"status": status})
    ]  # fmt: skip


class Alive(RequestHandler):
    """Answers anybody, and tells nothing else."""

    def get(self) -> None:
        """Answer a proxy."""
        self.set_header("Cache-Control", "no-store")
        self.write("alive\n")


class _OfThisMachine(RequestHandler):
    """Answers requests that come from this machine without a detour, and no others."""

    def initialize(self, status: Status) -> None:
        self.status = status

    def prepare(self) -> None:
        near = self.request.remote_ip in LOOPBACK and not any(header in self.request.headers for header in FORWARDED)
        if not near or self.request.host_name not in (*LOOPBACK, "[::1]"):
            self.set_status(403)
            self.finish("The status of the server is shown on the machine that it runs on, at localhost.\n")
        self.set_header("Cache-Control", "no-store")


class StatusNumbers(_OfThisMachine):
    """The numbers as JSON."""

    def get(self) -> None:
        """Answer a script."""
        self.write(self.status.numbers())


class StatusPage(_OfThisMachine):
    """The numbers as a page that looks again every few seconds, without any script."""

    def get(self) -> None:
        """Answer a person."""
        self.write(page(self.status.numbers()))


def page(numbers: Numbers) -> str:
    """Return the numbers as HTML."""
    device, threads, shared = numbers["device"], numbers["threads"], numbers["shared"]
    memory = [_bytes(device[key]) for key in ("memory_used", "memory_total") if device[key]]
    facts = [
        ("Visitors", numbers["visitors"]),
        ("Up for", _duration(numbers["uptime"])),
        ("Device", device["name"]),
        ("Device memory", " of ".join(memory)),
        ("Memory of the server", _bytes(numbers["resident"])),
        ("Pages in memory", numbers["in_memory"]),
    ]
    work = [
        (name, w["queued"], w["visitors"], _milliseconds(w["median"]), _milliseconds(w["slowest"]), w["served"], w["refused"])
        for name, w in threads.items()
    ]
    kept = [
        (name, u["entries"], _bytes(u["bytes"]), _bytes(u["most_bytes"]), u["hits"], u["misses"]) for name, u in shared.items()
    ]
    tables = [
        _table("", [], facts),
        _table("Sessions", ["page", "open"], [(name, numbers["sessions"].get(path, 0)) for path, name, _ in PAGES]),
        _table("Work", ["thread", "waiting", "of visitors", "waited, median", "95 %", "done", "refused"], work),
        _table("Shared by visitors", ["", "kept", "memory", "at most", "found", "computed"], kept),
        _table("Jobs", ["state", "number"], list(numbers["jobs"].items()) or [("none", "")]),
    ]
    return _FRAME.format(period=PERIOD, body="".join(tables))


def _table(title: str, head: list[str], rows: list[tuple[Any, ...]]) -> str:
    heading = f"<h2>{escape(title)}</h2>" if title else ""
    top = f"<tr>{''.join(f'<th scope=col>{escape(name)}</th>' for name in head)}</tr>" if head else ""
    body = "".join(
        f"<tr><th scope=row>{escape(str(first))}</th>{''.join(f'<td>{escape(str(cell))}</td>' for cell in rest)}</tr>"
        for first, *rest in rows
    )
    return f"{heading}<table>{top}{body}</table>"


def _resident() -> int:
    import psutil

    return int(psutil.Process(os.getpid()).memory_info().rss)


def _bytes(count: int) -> str:
    return f"{count / GIB:.1f} GiB" if count >= GIB else f"{count / 2**20:.0f} MiB"


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"


def _duration(seconds: float) -> str:
    days, rest = divmod(int(seconds), 86400)
    return f"{f'{days} d ' if days else ''}{rest // 3600} h {rest % 3600 // 60:02d} min"


_FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Status · Assimilab</title>
<meta http-equiv="refresh" content="{period}"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.45 system-ui, sans-serif; max-width: 820px; margin: 24px auto; padding: 0 16px; }}
h1 {{ font-size: 20px; }}
h2 {{ font-size: 15px; margin: 20px 0 4px; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; table-layout: fixed; }}
th, td {{ text-align: right; padding: 3px 8px; font-weight: normal; border-bottom: 1px solid #8884; }}
th:first-child {{ text-align: left; }}
th[scope=col] {{ opacity: 0.7; }}
td {{ font-weight: 600; }}
</style></head><body><h1>Assimilab: status of the server</h1>{body}</body></html>
"""
