"""A running server and a real Chromium."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from scripts.driver import MAPS, launch, start_app, stop
from tests.dashboard.helpers import SCRIPT
from tests.files import dataset, regional, write

#: Milliseconds that what is expected may take: two servers and two browsers share two cores.
PATIENCE = 20_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def data(tmp_path_factory) -> Path:
    """A data folder with a small file, one with markup in its attributes, and one that is broken."""
    folder = tmp_path_factory.mktemp("data")
    regional(folder / "a.nc")
    tricky = dataset(np.arange(30.0, 61.0, 2.0), np.arange(-20.0, 21.0, 2.0), comment=SCRIPT)
    tricky["t"].attrs.update(long_name=SCRIPT, units=SCRIPT)
    write(folder / "tricky.nc", tricky)
    (folder / "broken.nc").write_bytes(b"CDF\x01 this is no field")
    return folder


@pytest.fixture(scope="session")
def address(data) -> Iterator[str]:
    process, address = start_app(data)
    yield address
    stop(process)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


class Watched:
    """A browser page that is cut off from everything but the server, and what went wrong on it."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.wrong: list[str] = []
        self.address = address
        context.route("**/*", self._only_our_server)
        context.add_init_script(path=MAPS)
        self.page: Page = context.new_page()
        self.page.on("console", lambda m: m.type == "error" and self.wrong.append(f"console: {m.text}"))
        self.page.on("pageerror", lambda e: self.wrong.append(f"exception: {e}"))
        self.page.on("requestfailed", self._on_failed)
        self.page.on("response", lambda r: r.status >= 400 and self.wrong.append(f"status {r.status}: {r.url}"))
        self.page.on("dialog", lambda d: (self.wrong.append(f"script ran: {d.message}"), d.dismiss()))

    def _on_failed(self, request) -> None:
        # What a page was still loading when it is left is given up by the browser itself.
        if request.failure != "net::ERR_ABORTED":
            self.wrong.append(f"failed: {request.url} {request.failure}")

    def _only_our_server(self, route) -> None:
        url = route.request.url
        if url.startswith((self.address, "data:", "blob:")):
            route.continue_()
        else:
            self.wrong.append(f"request to elsewhere: {url}")
            route.abort()

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page


@pytest.fixture
def visitor(chromium, address) -> Iterator[Watched]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    watched = Watched(context, address)
    yield watched
    context.close()
    assert not watched.wrong
