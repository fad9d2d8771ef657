"""Rooms on a real server: what a follower's browser says does not count, a slow one gets the newest, and how one joins."""

import asyncio
import http.client
import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from bokeh.models import Plot
from tornado.websocket import websocket_connect

from backends.fields.catalogue import Catalogue
from dashboard.rooms.registry import ROOMS, Shown
from tests.dashboard.serving import PATIENCE, serving
from tests.dashboard.test_access import token_of

READY = {
    "kind": "MessageSent", "msg_type": "bokeh_event",
    "msg_data": {"type": "event", "name": "document_ready", "values": {"type": "map", "entries": []}},
}  # fmt: skip


@pytest.fixture
def room(monkeypatch):
    monkeypatch.setattr(ROOMS, "_rooms", {})
    monkeypatch.setattr(ROOMS, "_wrong", {})
    return ROOMS.open(Shown("/analysis", "", (("case.name", "periodic-1d"),)))


class Browser:
    """Speaks with the server as the script of a page does."""

    def __init__(self, served, path):
        with urllib.request.urlopen(f"{served.address}{path}", timeout=PATIENCE) as answer:
            self._token = token_of(answer.read().decode())
        self._page = page = path.partition("?")[0]
        self.document = max(
            served.server.get_sessions(page), key=lambda session: int(session.document.roots[0].id[1:])
        ).document
        self._served = served

    async def __aenter__(self):
        url = f"ws://localhost:{self._served.port}{self._page}/ws"
        self._socket = await websocket_connect(url, subprotocols=["bokeh", self._token])
        await self._answer()
        return self

    async def __aexit__(self, *_exception):
        self._socket.close()

    async def say(self, *events, kind="PATCH-DOC", content=None):
        """Send a message, and return what kind of message answers it."""
        header = {"msgid": "1", "msgtype": kind}
        for part in (header, {}, content or {"events": list(events)}):
            await self._socket.write_message(json.dumps(part))
        return await self._answer()

    async def _answer(self):
        while True:  # what the server says by itself lies between
            message = await asyncio.wait_for(self._socket.read_message(), PATIENCE)
            found = json.loads(message) if isinstance(message, str) and message.startswith('{"msgid"') else {}
            if found.get("msgtype") in ("ACK", "OK", "ERROR"):
                return found["msgtype"]


def visit(conversation):
    """Let a browser speak where no other event loop runs."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, conversation).result(2 * PATIENCE)


def changed(model, attribute, value):
    return {"kind": "ModelChanged", "model": {"id": model.id}, "attr": attribute, "new": value}


def said(model, data):
    entries = [["model", {"id": model.id}], ["data", {"type": "map", "entries": list(map(list, data.items()))}]]
    event = {"type": "event", "name": "data_event", "values": {"type": "map", "entries": entries}}
    return {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": event}


def slider_of(document, label):
    return next(m for m in document.models if getattr(m, "label", "") == label and hasattr(m, "value"))


async def figure_of(document):
    """Return a figure, once there is one: it comes with the first analysis."""
    while not (found := [model for model in document.models if isinstance(model, Plot)]):
        await asyncio.sleep(0.05)
    return found[0]


def test_a_follower_changes_nothing_whatever_the_browser_sends(catalogue, room):
    with serving(catalogue) as served:
        own, follower = Browser(served, "/analysis?v=1&case=periodic-1d"), Browser(served, f"/analysis?room={room.code}")

        async def turn(browser):
            async with browser:
                await browser.say(READY)
                slider, figure = slider_of(browser.document, "σ_o"), await figure_of(browser.document)
                events = (changed(slider, "value", 0.5), changed(figure, "inner_width", 777))
                assert await browser.say(*events) == "OK"
                return slider.value, figure.inner_width

        assert visit(turn(own)) == (0.5, 777)
        assert visit(turn(follower)) == (0.2, 777)  # its figures have a size all the same

        async def press(browser):
            button = next(m for m in browser.document.models if getattr(m, "label", "") == "Most likely σ_b, L, σ_o")
            tab = next(m for m in browser.document.models if "active" in m.properties())
            async with browser:
                await browser.say(READY)
                figure = await figure_of(browser.document)
                stream = {"kind": "ColumnsStreamed", "model": {"id": figure.id}, "attr": "data", "data": {}}
                title = {"kind": "TitleChanged", "title": "mine"}
                root = {"kind": "RootRemoved", "model": {"id": browser.document.roots[0].id}}
                for event in (said(button, {"x": 1}), changed(tab, "active", 2), stream, title, root):
                    assert await browser.say(event) == "OK"
                return tab.active, browser.document.title, bool(browser.document.roots)

        assert visit(press(Browser(served, f"/analysis?room={room.code}"))) == (0, "Assimilab", True)


def test_a_follower_pushes_no_document(tmp_path, room):
    with serving(Catalogue(tmp_path)) as served:
        browser = Browser(served, f"/analysis?room={room.code}")

        async def push():
            async with browser:
                document = {"doc": {"version": "3.9.2", "title": "mine", "roots": []}}
                return await browser.say(kind="PUSH-DOC", content=document)

        assert visit(push()) == "ERROR"
        assert browser.document.title == "Assimilab"


def test_a_slow_follower_gets_the_newest_and_not_all_on_the_way(tmp_path, room):
    with serving(Catalogue(tmp_path)) as served:
        browser = Browser(served, f"/analysis?room={room.code}")
        (end,), taken = room._followers, set()

        def show(sigma):
            room.show(Shown("/analysis", "", (("case.name", "periodic-1d"), ("background_error.sigma", str(sigma)))))

        async def until(version):
            while end._taken < version:
                taken.add(end._taken)
                await asyncio.sleep(0.002)

        async def follow():
            bar = next(m for m in browser.document.models if m.id == next(iter(end.bar._models.values()))[0].id)
            async with browser:
                await browser.say(READY)
                served.loop.add_callback(show, 0.5)
                await asyncio.wait_for(until(1), PATIENCE)
                for sigma in (0.6, 0.7, 0.8):
                    served.loop.add_callback(show, sigma)
                while room.version < 4:
                    await asyncio.sleep(0.02)
                await browser.say(READY)  # answered after all that was to be done before
                assert end._taken == 1  # the browser has not said yet that it has this
                await browser.say(said(bar, {"seen": 1}))
                await asyncio.wait_for(until(4), PATIENCE)
                assert taken <= {0, 1}

        visit(follow())
        assert slider_of(browser.document, "σ_b").value == 0.8


def ask(served, path):
    connection = http.client.HTTPConnection("localhost", served.port, timeout=PATIENCE)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.headers.get("Location", ""), answer.read().decode()


def test_who_joins_is_led_to_the_presenter_or_told_that_there_is_no_room(tmp_path, room):
    with serving(Catalogue(tmp_path)) as served:
        assert ask(served, f"/join?room={room.code.lower()}")[:2] == (302, f"/analysis?room={room.code}")
        assert ask(served, f"/join?room={room.code}&theme=dark")[1].endswith("&theme=dark")
        status, _, text = ask(served, "/join?room=%3Cscript%3Ealert(1)%3C%2Fscript%3E")
        assert status == 404
        assert "there is none with this code" in text
        assert "<script>alert" not in text
        assert ask(served, "/join")[0] == 200
        page = Browser(served, "/cycling?room=XXXXX")
        assert any("there is none with this code" in str(getattr(m, "text", "")) for m in page.document.models)


def test_a_follower_who_leaves_is_counted_no_more(tmp_path, room):
    with serving(Catalogue(tmp_path), check_unused_sessions_milliseconds=50) as served:
        browser = Browser(served, f"/analysis?room={room.code}")
        assert room.followers == 1

        async def leave():
            async with browser:
                await browser.say(READY)
                browser._socket.close(1001)
            while room.followers:
                await asyncio.sleep(0.02)

        visit(asyncio.wait_for(leave(), PATIENCE))
        assert room.followers == 0
