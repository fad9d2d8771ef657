"""Starting the app and a Chromium, for the browser tests, the benchmarks and the screenshots."""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Browser, Playwright

ROOT = Path(__file__).parent.parent
#: Loaded into a page, it looks at the pixels of the maps there.
MAPS = Path(__file__).parent / "maps.js"
#: Loaded into a page, it counts the pictures of a race there.
PICTURES = Path(__file__).parent / "pictures.js"
#: Loaded into a page after MAPS, it times what a person waits for.
BROWSING = Path(__file__).parent / "browsing.js"
#: As root, in containers, Chromium needs the first; the others keep it from looking for anything outside, and from finding it.
CHROMIUM_OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]  # fmt: skip
#: What must not stand in a server's log.
FAULTS = re.compile(r"Traceback|\bERROR\b|CRITICAL")
#: How many lines of a server's log are kept.
KEPT = 500


def free_port() -> int:
    """Return a port where nobody listens, from below those of outgoing connections, which may take it before a server does."""
    while True:
        with socket.socket() as s, suppress(OSError):
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", port := secrets.randbelow(12_000) + 20_000))
            return port


class App(subprocess.Popen[str]):
    """The app in a process of its own, and what it prints, which somebody has to read: a full pipe would stop it.

    Attributes
    ----------
    printed
        The last lines that it has printed.
    faults
        All lines of it that tell of an error.
    """

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        super().__init__(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
        self.printed: deque[str] = deque(maxlen=KEPT)
        self.faults: list[str] = []

    def address(self) -> str:
        """Wait until it prints its address, and return that; what follows is read on a thread.

        Raises
        ------
        AssertionError
            If it ends before; it says what it has printed.
        """
        assert self.stdout is not None
        for line in self.stdout:
            self._keep(line)
            if found := re.search(r"Open (http://\S+)", line):
                threading.Thread(target=self._listen, daemon=True).start()
                return found[1]
        raise AssertionError(f"the server did not start:\n{''.join(self.printed)}")

    def _listen(self) -> None:
        assert self.stdout is not None
        for line in self.stdout:
            self._keep(line)

    def _keep(self, line: str) -> None:
        self.printed.append(line)
        if FAULTS.search(line):
            self.faults.append(line.rstrip())


def start_app(data: Path, *arguments: str) -> tuple[App, str]:
    """Start app.py as ``make run`` does, wait until it prints its address, and return the process and the address."""
    environment = {"PYTHONMALLOC": "malloc", **os.environ, "PYTHONUNBUFFERED": "1"}
    app = App([sys.executable, "app.py", "--port", str(free_port()), "--data", str(data), *arguments], environment)
    return app, app.address()


def installed_chromium() -> str | None:
    """Return where the system's Chromium is; None where Playwright's own must do."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def launch(playwright: Playwright) -> Browser:
    """Start the system's Chromium, or Playwright's own where there is none."""
    return playwright.chromium.launch(executable_path=installed_chromium(), args=CHROMIUM_OPTIONS)


def stop(process: subprocess.Popen[str]) -> None:
    """End a server that was started here."""
    process.terminate()
    process.wait(20)
