"""One server, or several behind HAProxy, and what they say of themselves while visitors are there."""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from scripts.driver import ROOT, App, free_port, start_app, stop

PATIENCE = 60.0
#: Seconds in which what an ended session leaves must have been collected.
COLLECTED = 15.0
#: The names of servers in deploy/haproxy.cfg.
NAMES = ("ONE", "TWO")


@dataclass
class Servers:
    """Processes that visitors find at one address.

    Attributes
    ----------
    address
        Where visitors come.
    each
        The processes' own addresses.
    apps, processes
        In the same order, as they were started and as the system sees them.
    peak
        The most memory they were seen with together, MiB.
    """

    address: str
    each: list[str]
    apps: list[App]
    processes: list[psutil.Process]
    peak: float = 0.0

    def resident(self) -> float:
        """Return the resident memory of all, MiB."""
        resident = sum(process.memory_info().rss for process in self.processes) / 2**20
        self.peak = max(self.peak, resident)
        return resident

    def busy(self) -> float:
        """Return the seconds that processors have spent for all."""
        return sum(sum(process.cpu_times()[:2]) for process in self.processes)

    def status(self) -> list[dict[str, Any]]:
        """Return what each says of itself."""
        found = []
        for address in self.each:
            with urllib.request.urlopen(f"{address}/status.json", timeout=PATIENCE) as answer:
                found.append(dict(json.load(answer)))
        return found

    def faults(self) -> list[str]:
        """Return the lines of the logs that tell of an error."""
        return [line for app in self.apps for line in app.faults]

    def all_gone(self, seconds: float) -> tuple[int, int]:
        """Wait until no session is left, or for so many seconds; return how many sessions and pages are left."""
        end = time.perf_counter() + seconds
        while any(self.sessions()) and time.perf_counter() < end:
            time.sleep(1)
        soon = time.perf_counter() + COLLECTED
        while self._pages() and time.perf_counter() < soon:  # the last one's page goes a moment after its session
            time.sleep(1)
        return sum(self.sessions()), self._pages()

    def _pages(self) -> int:
        return sum(numbers["in_memory"] for numbers in self.status())

    def sessions(self) -> list[int]:
        """Return the sessions of each."""
        return [sum(numbers["sessions"].values()) for numbers in self.status()]


def proxy_is_there() -> bool:
    """Return whether HAProxy is installed."""
    return shutil.which("haproxy") is not None


@contextmanager
def servers(data: Path, number: int = 1) -> Iterator[Servers]:
    """Start one server, or two behind the proxy of ``deploy/haproxy.cfg``, and end them afterwards."""
    with ExitStack() as stack:
        port = free_port()
        origin = () if number == 1 else ("--allow-origin", f"localhost:{port}")
        apps, each = [], []
        for _ in range(number):
            app, address = start_app(data, *origin)
            stack.callback(stop, app)
            apps.append(app)
            each.append(address)
        together = Servers(each[0], each, apps, [psutil.Process(app.pid) for app in apps])
        if number > 1:
            together.address = f"http://localhost:{port}"
            stack.enter_context(_proxy(port, each))
        yield together


@contextmanager
def _proxy(port: int, each: list[str]) -> Iterator[None]:
    places = {f"ASSIMILAB_SERVER_{name}": address.removeprefix("http://") for name, address in zip(NAMES, each, strict=True)}
    places = {name: place.replace("localhost", "127.0.0.1") for name, place in places.items()}
    process = subprocess.Popen(
        ["haproxy", "-f", str(ROOT / "deploy" / "haproxy.cfg")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | places | {"ASSIMILAB_BIND": f"127.0.0.1:{port}"},
    )  # fmt: skip
    try:
        end = time.perf_counter() + PATIENCE
        while not _answers(f"http://127.0.0.1:{port}/alive"):
            if time.perf_counter() > end:
                raise TimeoutError("HAProxy does not answer")
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False
