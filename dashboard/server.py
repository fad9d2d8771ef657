"""Serving the pages."""

import gc
import sys
from collections.abc import Callable
from pathlib import Path

import panel as pn
from bokeh.server.server import Server
from bokeh.settings import settings
from panel_material_ui.template import Page

from backends.device import compute_device, device_name
from backends.errors import InputError
from backends.fields.catalogue import Catalogue
from backends.fields.isolation.decoder import decoder
from dashboard.access import LOOPBACK, Access, cipher
from dashboard.address import asked
from dashboard.analysis.page import AnalysisPage
from dashboard.collection import COLLECTION, THRESHOLDS
from dashboard.compression import CompressedOnce
from dashboard.connection import keep_lost_sessions
from dashboard.cycling.page import CyclingPage
from dashboard.delivery import send_all
from dashboard.door import watch_door
from dashboard.explore.observations.file_state import DECODING
from dashboard.explore.observations.state import COUNTING, DRAWING
from dashboard.explore.page import ExplorePage
from dashboard.headers import SafeHeaders
from dashboard.home import HomePage
from dashboard.jobs import close_jobs
from dashboard.oauth import keep_answers_secret
from dashboard.races import MAKING, RACES
from dashboard.rollout.page import RolloutPage
from dashboard.rollout.state import FORECASTS
from dashboard.rooms.following import asked_to_follow
from dashboard.rooms.join import Join
from dashboard.rooms.registry import Room
from dashboard.shell import ASSETS, LIVING, TITLE, Content, asked_for_dark, frame
from dashboard.status import SHARED, Status, handlers
from dashboard.training.page import TrainingPage
from dashboard.worker import DEVICE, FILES, PICTURES

#: A message from a browser may have this many bytes; uploads come in chunks below it.
MESSAGE_LIMIT = 20 * 2**20
ALONE = Access()
#: Makes a page from the query of its address and the room that it follows, if it does.
Make = Callable[[str, Room | None], Content]

SCRIPTS = ("connection", "focus", "motion", "spoken")
pn.extension("filedropper", "katex", "tabulator", js_files={name: f"assets/{name}.js" for name in SCRIPTS})


def build_server(catalogue: Catalogue, port: int, access: Access = ALONE, **options: object) -> Server:
    """Return the server of all pages, not yet started; `options` go to :func:`panel.serve`."""
    pages: dict[str, Make] = {
        "/": lambda *_: HomePage(catalogue, asked_for_dark()).content(),
        "/explore": lambda query, _: ExplorePage(catalogue, query=query).content(),
        "/analysis": lambda query, _: AnalysisPage(catalogue, query=query).content(),
        "/cycling": lambda query, room: CyclingPage(query=query, room=room).content(),
        "/training": lambda query, _: TrainingPage(catalogue.folder, access.alone, query).content(),
        "/rollout": lambda query, _: RolloutPage(catalogue.folder, query).content(),
    }
    watch_door()
    send_all()
    COLLECTION.take_over()
    status = Status()
    options = access.options(port) | {"extra_patterns": [*handlers(status), ("/join", Join)]} | keep_lost_sessions() | options
    if access.closed:
        pn.state.encryption = cipher(str(options["cookie_secret"]))
    if access.oauth_provider:
        keep_answers_secret(access.oauth_provider)
    server = pn.serve(
        {path: _served(path, make) for path, make in pages.items()},
        port=port,
        title=TITLE,
        show=False,
        start=False,
        verbose=False,
        static_dirs={"assets": str(ASSETS)},
        websocket_max_message_size=MESSAGE_LIMIT,
        **options,
    )
    for transform in (SafeHeaders, CompressedOnce):
        server._tornado.add_transform(transform)
    status.watch(server)
    return server


def _served(path: str, make: Make) -> Callable[[], Page]:
    """Return what makes the page of an address for each visitor; Panel takes nothing but functions."""
    return lambda: _page(path, make)


def _page(path: str, make: Make) -> Page:
    """Return a page, which begins with what its address says, or with what the presenter of a room in it shows."""
    following, fault = None, ""
    try:
        following = asked_to_follow(path, "dark" if asked_for_dark() else "")
    except InputError as problem:
        fault = str(problem)
    if following is None:
        content = make(asked(), None)
    elif following.here:
        content = make(following.query, following.room)
    else:  # the browser goes on to where the presenter is
        content = Content([], [], lambda: None)
    return frame(path, content, following, fault)


def serve(port: int, access: Access, data: Path) -> None:
    """Serve the application until it is interrupted; prints the address when it is ready.

    Raises
    ------
    InputError
        If the device asked for is not there, the port is taken, or a limit in the environment is no number.
    """
    # An analysis is some fifty short calls into torch; after each, its thread would wait up to Python's usual 5 ms
    # for the interpreter while another visitor's page is built.
    sys.setswitchinterval(0.0005)
    # Bokeh would look at the signature of each of a thousand callbacks of a page, which are the same for all pages: a sixth
    # of the time that it takes to make one.
    settings.perform_error_diagnostics = settings.perform_document_validation = False
    device = compute_device()
    catalogue = Catalogue(data, any_address=access.alone)
    try:
        server = build_server(catalogue, port, access)
    except OSError as problem:
        raise InputError(
            f"cannot listen on {access.address}:{port}: {problem.strerror}; choose another with --port"
        ) from problem
    decoder().start()
    warm_up(catalogue)
    # What has been imported and made so far stays for good, and no collection need walk through it.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    COLLECTION.afterwards(_forget)
    shown = "localhost" if access.address in LOOPBACK else f"[{access.address}]" if ":" in access.address else access.address
    print(f"Computing on {device_name(device)}. Data folder: {data}{'' if data.is_dir() else ' (does not exist yet)'}.")
    if access.address not in LOOPBACK and not access.origins:
        print("Browsers on other machines are let in under the names that --allow-origin gives; it gives none.")
    if not access.alone and not access.closed:
        print("Whoever reaches this server may use it. --basic-auth or --oauth-provider makes people log in.")
    print(f"Open http://{shown}:{port} in a browser. Ctrl-C stops the server.", flush=True)
    try:
        server.run_until_shutdown()
    finally:
        close_jobs()
        RACES.close()
        for worker in (DEVICE, FILES, MAKING, FORECASTS, PICTURES, COUNTING, DECODING, DRAWING):
            worker.shutdown(wait=False, cancel_futures=True)


def _forget() -> None:
    """Let go of the results that visitors share when there are no visitors."""
    if not LIVING:
        for _, kept in SHARED:
            kept.clear()


def warm_up(catalogue: Catalogue) -> None:
    """Draw every page once, without a visitor: the first drawing of a process takes seconds longer than the next."""
    for page in (ExplorePage(catalogue), AnalysisPage(catalogue)):
        content = page.content()
        page.state.wait()
        content.close()
