"""Logging in through a provider of OAuth: the whole way, with one that runs on this machine."""

import json
import re
from contextlib import contextmanager
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from backends.fields.catalogue import Catalogue
from dashboard.access import access_of
from scripts.format_server import address_of, listening
from tests.dashboard.serving import serving
from tests.dashboard.test_access import COOKIE_SECRET, SECRET, ask, greeted, token_of, untouched

__all__ = ["untouched"]
KEY, CODE, TOKEN, PERSON = "assimilab", "code-1843", "access-token-1852", {"email": "ada@lab.example"}


class Provider(BaseHTTPRequestHandler):
    """Lets in whoever comes with the right code and secret, as RFC 6749, 4.1, has it."""

    code, knows_people = CODE, True

    def do_GET(self):
        path, asked = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path == "/authorize":
            assert asked["client_id"] == [KEY]
            assert asked["response_type"] == ["code"]
            self._go(asked["redirect_uri"][0], code=CODE, state=asked["state"][0])
        elif self.knows_people and self.headers["Authorization"] == f"Bearer {TOKEN}":
            self._answer(200, PERSON)
        else:
            self._answer(503, {"error": "unavailable"})

    def do_POST(self):
        form = {
            key: values[0] for key, values in parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()
        }
        right = (form["client_id"], form["client_secret"], form.get("code")) == (KEY, SECRET, self.code)
        self._answer(200 if right else 400, {"access_token": TOKEN} if right else {"error": "invalid_grant"})

    def log_message(self, *_):
        pass

    def _go(self, where, **query):
        self.send_response(302)
        self.send_header("Location", f"{where}?{urlencode(query)}")
        self.end_headers()

    def _answer(self, status, content):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())


@contextmanager
def provider(monkeypatch, **how):
    with listening(type("ThisProvider", (Provider,), how)) as server:
        address = address_of(server)
        values = {"AUTHORIZE_URL": f"{address}/authorize", "TOKEN_URL": f"{address}/token", "USER_URL": f"{address}/user"}
        for name, value in (values | {"KEY": KEY, "SECRET": SECRET}).items():
            monkeypatch.setenv(f"PANEL_OAUTH_{name}", value)
        yield address


class Visitor:
    """A browser as far as it keeps cookies and goes where it is sent."""

    def __init__(self, served):
        self.served, self.cookies = served, SimpleCookie()

    @property
    def said(self):
        return "; ".join(f"{name}={cookie.coded_value}" for name, cookie in self.cookies.items())

    def get(self, path):
        """Return status, address to go on to, and body."""
        status, headers, body = ask(self.served, path, cookies=self.said)
        for cookie in headers.get_all("Set-Cookie", []):
            self.cookies.load(cookie)
        return status, headers.get("Location", ""), body

    def to_the_provider_and_back(self, path):
        """Ask for a page, log in, and return where one is sent in the end."""
        status, location, _ = self.get(self._returned(path))
        assert status == 302
        return location

    def to_the_provider_and_refused(self, path):
        """Ask for a page, log in, and return the answer that comes in its place."""
        status, _, body = self.get(self._returned(path))
        return status, body

    def _returned(self, path):
        """Go to the provider, and return where in the app it sends the visitor, after the look at whether he is known."""
        for _ in range(2):
            status, path, _ = self.get(path.removeprefix("."))
            assert status == 302
        there = urlsplit(path)
        connection = HTTPConnection(there.netloc, timeout=60)
        connection.request("GET", f"{there.path}?{there.query}")
        back = urlsplit(connection.getresponse().headers["Location"])
        assert back.netloc == f"localhost:{self.served.port}"
        status, location, _ = self.get(f"{back.path or '/'}?{back.query}")
        assert status == 302
        return location.removeprefix(".")


def test_a_login_leads_through_the_provider_to_the_page_that_was_asked_for(tmp_path, monkeypatch, caplog):
    with provider(monkeypatch), serving(Catalogue(tmp_path), access=access_of("127.0.0.1", oauth_provider="generic")) as served:
        visitor, here = Visitor(served), f"http://localhost:{served.port}"
        path = visitor.to_the_provider_and_back("/analysis?case=xz-2d")
        assert path == "/analysis?case=xz-2d"
        status, _, page = visitor.get(path)
        assert status == 200
        assert greeted(served, token_of(page), here, visitor.said) == "ACK"
        # A token that has been seen is of no use without the cookie, and cookies keep the provider's to themselves.
        assert greeted(served, token_of(page), here) == 403
        assert TOKEN not in visitor.said
        assert visitor.get("/logout")[0] in (200, 302)
        assert visitor.get("/")[0] == 302
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]
    for secret in (SECRET, COOKIE_SECRET, TOKEN):
        assert secret not in caplog.text


@pytest.mark.parametrize("what", ["code", "person"])
def test_whoever_is_not_let_in_is_told_so_without_the_internet_and_the_log_keeps_secrets(tmp_path, monkeypatch, caplog, what):
    how = {"knows_people": False} if what == "person" else {"code": "another"}
    with (
        provider(monkeypatch, **how),
        serving(Catalogue(tmp_path), access=access_of("127.0.0.1", oauth_provider="generic")) as served,
    ):
        visitor = Visitor(served)
        status, body = visitor.to_the_provider_and_refused("/")
        assert status == 401
        assert "You are not logged in" in body
        assert ("invalid_grant" if what == "code" else "nothing that says who you are (status 200)") in body
        assert not re.search(r"https?://", body)
        assert visitor.get("/")[0] == 302
        # What another site says in the provider's place is text.
        said = visitor.get("/login?error=<script>alert(1)</script>&error_description=<script>alert(2)</script>")[2]
        assert "You are not logged in" in said
        assert "<script>" not in said
        assert TOKEN not in body
    for secret in (SECRET, COOKIE_SECRET, TOKEN):
        assert secret not in caplog.text
