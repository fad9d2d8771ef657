"""Starting the app and a Chromium, for the browser tests, the benchmarks and the screenshots."""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
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


def free_port() -> int:
    """Return a port where nobody listens, from below those of outgoing connections, which may take it before a server does."""
    while True:
        with socket.socket() as s, suppress(OSError):
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", port := secrets.randbelow(12_000) + 20_000))
            return port


def start_app(data: Path, *arguments: str) -> tuple[subprocess.Popen[str], str]:
    """Start app.py as ``make run`` does, wait until it prints its address, and return the process and the address."""
    environment = {"PYTHONMALLOC": "malloc", **os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(free_port()), "--data", str(data), *arguments],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
    )  # fmt: skip
    printed: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        printed.append(line)
        if found := re.search(r"Open (http://\S+)", line):
            return process, found[1]
    raise AssertionError(f"the server did not start:\n{''.join(printed)}")


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
