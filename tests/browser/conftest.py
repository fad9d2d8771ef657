"""A running server and a real Chromium."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from scripts.driver import MAPS, App, launch, start_app, stop
from tests.dashboard.helpers import SCRIPT
from tests.files import dataset, regional, write

#: Milliseconds that anything may take: two servers and two browsers share two cores, which others may be using too.
PATIENCE = 60_000
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


@contextmanager
def running(data: Path, *arguments: str) -> Iterator[tuple[App, str]]:
    """Start a server of its own, end it afterwards, and fail where its log tells of an error."""
    app, address = start_app(data, *arguments)
    try:
        yield app, address
    finally:
        stop(app)
    assert_clean(app)


def assert_clean(app: App) -> None:
    """Fail where the log tells of an error that no test has failed for yet."""
    found, app.faults[:] = list(app.faults), []
    assert found == [], "".join(app.printed)


@pytest.fixture(scope="session")
def server(data) -> Iterator[tuple[App, str]]:
    """The server of all visitors but those who come to one of their own."""
    with running(data) as started:
        yield started


@pytest.fixture(scope="session")
def address(server) -> str:
    return server[1]


@pytest.fixture(autouse=True)
def _log(request) -> Iterator[None]:
    """Fail where the server's log tells of an error; a test that fails shows the last lines of it."""
    if "address" not in request.fixturenames:
        yield
        return
    app, _ = request.getfixturevalue("server")
    yield
    print("".join(list(app.printed)[-50:]))
    assert_clean(app)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


def new_context(chromium: Browser, width: int = 1440, height: int = 900) -> BrowserContext:
    """Return a browser without a past, with a window of this size, that waits as long as all of them."""
    context = chromium.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(PATIENCE)
    return context


class Watched:
    """A page in a browser that finds nothing but the servers of this machine, and what went wrong on it."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.wrong: list[str] = []
        self.address = address
        self.context = context
        context.on("request", self._on_request)  # routing them instead would switch off the browser's cache
        self.page: Page = context.new_page()
        self.pages = [self.page]
        self.page.on("popup", self._on_popup)
        self.page.add_init_script(path=MAPS)
        self.page.on("console", lambda m: m.type == "error" and self.wrong.append(f"console: {m.text}"))
        self.page.on("pageerror", lambda e: self.wrong.append(f"exception: {e}"))
        self.page.on("requestfailed", self._on_failed)
        self.page.on("response", lambda r: r.status >= 400 and self.wrong.append(f"status {r.status}: {r.url}"))
        self.page.on("dialog", lambda d: (self.wrong.append(f"script ran: {d.message}"), d.dismiss()))

    def _on_popup(self, page: Page) -> None:
        self.pages.append(page)

    def _on_failed(self, request) -> None:
        # What a page was still loading when it is left is given up by the browser itself.
        if request.failure != "net::ERR_ABORTED":
            self.wrong.append(f"failed: {request.url} {request.failure}")

    def _on_request(self, request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.wrong.append(f"request to elsewhere: {request.url}")

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    def leave(self) -> None:
        """Close its pages and forget what they have left, but not the files of all pages; fails if anything went wrong."""
        session = self.context.new_cdp_session(self.page)
        session.send("Storage.clearDataForOrigin", {"origin": self.address, "storageTypes": "all"})
        self.context.remove_listener("request", self._on_request)
        for page in self.pages:
            page.close()
        assert not self.wrong


@pytest.fixture(scope="session")
def context(chromium) -> Iterator[BrowserContext]:
    """The browser of all visitors who come one after another; its cache of scripts spares each a second of computing."""
    context = new_context(chromium)
    yield context
    context.close()


@contextmanager
def visit(context: BrowserContext, address: str) -> Iterator[Watched]:
    """Let somebody come to the server, and leave it afterwards; fails if anything went wrong."""
    watched = Watched(context, address)
    yield watched
    watched.leave()


@pytest.fixture
def visitor(context, address) -> Iterator[Watched]:
    with visit(context, address) as watched:
        yield watched


@pytest.fixture
def page(opened) -> Iterator[Page]:
    """The page that the tests of a module share, which the module's `opened` opens once."""
    yield opened.page
    assert opened.wrong == []
