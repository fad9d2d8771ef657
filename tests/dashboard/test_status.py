"""The status of the server, as scripts and the one who runs it see it."""

import json
import re
import urllib.error
import urllib.request
from html import unescape

import pytest

from dashboard.status import page
from tests.dashboard.serving import serving


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    from backends.fields.catalogue import Catalogue

    with serving(Catalogue(tmp_path_factory.mktemp("data"))) as served:
        yield served.address


def fetched(address: str, **headers: str) -> str:
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
        return answer.read().decode()


def test_a_script_reads_numbers(address):
    fetched(f"{address}/analysis")
    numbers = json.loads(fetched(f"{address}/status.json"))
    assert numbers["sessions"]["/analysis"] == 1
    assert numbers["visitors"] == 0  # the page was asked for, but no browser has connected
    assert numbers["in_memory"] >= 1
    assert numbers["resident"] > 50 * 2**20
    assert set(numbers["threads"]) == {"device", "files"}
    assert numbers["shared"]["analyses"]["most_bytes"] > 0
    assert numbers["uptime"] > 0


def test_a_person_reads_the_same(address):
    text = unescape(re.sub(r"<[^>]+>", " ", fetched(f"{address}/status")))
    for word in ("Visitors", "Analysis", "waiting", "GiB", "found"):
        assert word in text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-Ip"])
@pytest.mark.parametrize("path", ["/status", "/status.json"])
def test_whoever_comes_through_a_proxy_is_sent_away(address, path, header):
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        fetched(address + path, **{header: "127.0.0.1"})
    assert "localhost" in refused.value.read().decode()


def test_a_proxy_elsewhere_learns_that_the_server_answers_and_no_more(address):
    assert fetched(f"{address}/alive", **{"X-Forwarded-For": "10.0.0.1"}) == "alive\n"


def test_another_name_of_this_machine_is_sent_away(address):
    """A page of another server could give itself such a name, and read the numbers."""
    with pytest.raises(urllib.error.HTTPError, match="403"):
        fetched(f"{address}/status.json", Host="evil.example")


def test_names_are_escaped():
    numbers = {
        "visitors": 0, "uptime": 90061.0, "resident": 2**30, "in_memory": 0, "sessions": {}, "threads": {}, "shared": {},
        "jobs": {"<b>": 1}, "device": {"name": "<script>", "memory_used": 5 * 2**20, "memory_total": 0},
    }  # fmt: skip
    text = page(numbers)
    assert "<script>" not in text
    assert "<b>" not in text
    assert "1 d 1 h 01 min" in text
    assert "5 MiB" in text
