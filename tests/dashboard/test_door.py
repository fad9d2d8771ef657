"""A server that is full says so, and lets in whoever is inside already."""

import urllib.error
import urllib.request

import pytest
from bokeh.util.token import get_session_id

from backends.errors import InputError
from backends.fields.catalogue import Catalogue
from dashboard.door import MOST_VISITORS, most_visitors
from tests.dashboard.serving import PATIENCE, serving
from tests.dashboard.test_access import token_of


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


def test_the_number_of_places_is_a_positive_whole_number(monkeypatch):
    monkeypatch.delenv("ASSIMILAB_VISITORS", raising=False)
    assert most_visitors() == MOST_VISITORS
    for text in ("many", "0", "-3", "2.5", "²"):
        monkeypatch.setenv("ASSIMILAB_VISITORS", text)
        with pytest.raises(InputError, match="ASSIMILAB_VISITORS: must be a positive whole number of pages; came"):
            most_visitors()
