"""A server that is full says so, and lets in whoever is inside already."""

import asyncio
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from bokeh.util.token import get_session_id

from backends.errors import InputError
from backends.fields.catalogue import Catalogue
from dashboard.door import MOST_VISITORS, most_visitors
from dashboard.doorway import doorway
from tests.dashboard.serving import PATIENCE, serving
from tests.dashboard.test_access import token_of
from tests.dashboard.test_resources import wait_until


def fetched(address: str, **headers: str) -> str:
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=PATIENCE) as answer:
        return answer.read().decode()


def test_who_comes_when_all_places_are_taken_is_told_and_gets_the_next(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSIMILAB_VISITORS", "2")
    with serving(Catalogue(tmp_path)) as served:
        mine = get_session_id(token_of(fetched(f"{served.address}/")))
        fetched(f"{served.address}/")
        with pytest.raises(urllib.error.HTTPError, match="503") as full:
            fetched(f"{served.address}/cycling")
        assert full.value.headers["Retry-After"] == "10"
        assert "All places are taken" in full.value.read().decode()
        assert len(served.server.get_sessions("/")) == 2
        assert not served.server.get_sessions("/cycling")
        # One who comes back to his page after a broken connection is no newcomer, nor is one who follows a link of ours.
        assert get_session_id(token_of(fetched(f"{served.address}/?bokeh-session-id={mine}"))) == mine
        fetched(f"{served.address}/", **{"Sec-Fetch-Site": "same-origin"})
        with pytest.raises(urllib.error.HTTPError, match="503"):
            fetched(f"{served.address}/?bokeh-session-id=nobodys")
        for session in served.server.get_sessions("/"):
            session.request_expiration()
        fetched(f"{served.address}/")


def test_who_comes_while_others_wait_at_the_door_is_counted(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSIMILAB_VISITORS", "2")
    with serving(Catalogue(tmp_path)) as served, ThreadPoolExecutor(5) as pool:
        came = [pool.submit(fetched, f"{served.address}/") for _ in range(5)]
        refused = [answer.exception(PATIENCE) for answer in came]
        assert [problem.code for problem in refused if problem is not None] == [503] * 3
        assert len(served.server.get_sessions("/")) == 2


def test_no_page_is_made_for_who_goes_while_others_are_served(tmp_path):
    with serving(Catalogue(tmp_path)) as served, ThreadPoolExecutor(2) as pool:
        way, gate = doorway(served.server._tornado), threading.Event()

        async def linger() -> None:
            async with way.entered():
                while not gate.is_set():
                    await asyncio.sleep(0.02)

        served.loop.add_callback(linger)
        wait_until(lambda: way._taken)
        with pytest.raises(TimeoutError):
            urllib.request.urlopen(f"{served.address}/", timeout=0.5)
        stays = pool.submit(fetched, f"{served.address}/")
        wait_until(lambda: len(way._waiting) == 2)
        gate.set()
        assert token_of(stays.result(PATIENCE))
        assert len(served.server.get_sessions("/")) == 1


def test_the_number_of_places_is_a_positive_whole_number(monkeypatch):
    monkeypatch.delenv("ASSIMILAB_VISITORS", raising=False)
    assert most_visitors() == MOST_VISITORS
    for text in ("many", "0", "-3", "2.5", "²"):
        monkeypatch.setenv("ASSIMILAB_VISITORS", text)
        with pytest.raises(InputError, match="ASSIMILAB_VISITORS: must be a positive whole number of pages; came"):
            most_visitors()
