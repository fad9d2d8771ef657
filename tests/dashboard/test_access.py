"""Who reaches the server: origins, logins and headers, asked of a real one."""

import asyncio
import http.client
import json
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlencode, urlsplit

import panel as pn
import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from backends.errors import InputError
from backends.fields.catalogue import Catalogue
from dashboard.access import Access, access_of
from dashboard.headers import HEADERS
from tests.dashboard.serving import serving

PASSWORD, SECRET, COOKIE_SECRET = "countess-of-lovelace", "provider-secret-0815", "cookie-secret-4711"


@pytest.fixture(autouse=True)
def untouched(monkeypatch):
    """Panel keeps some of this for the whole process."""
    monkeypatch.setattr(pn.state, "encryption", None)
    monkeypatch.setattr(pn.config, "cookie_secret", None, raising=False)
    monkeypatch.setenv("PANEL_COOKIE_SECRET", COOKIE_SECRET)
    yield
    pn.config.oauth_provider = None


def ask(served, path, method="GET", cookies="", **form):
    """Return status, headers and body of one answer; redirections are not followed."""
    connection = http.client.HTTPConnection("localhost", served.port, timeout=60)
    headers = {"Cookie": cookies} | ({"Content-Type": "application/x-www-form-urlencoded"} if form else {})
    connection.request(method, path, urlencode(form) or None, headers)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read().decode(errors="replace")


def log_in(served, name, password):
    """Return the cookies that a login brings."""
    _, headers, _ = ask(served, "/login", "POST", username=name, password=password)
    return "; ".join(cookie.partition(";")[0] for cookie in headers.get_all("Set-Cookie", []))


def greeted(served, token, origin, cookies=""):
    """Return the first thing that a websocket says, or the status with which it is refused."""

    async def connect():
        url = f"ws://localhost:{served.port}/ws"
        request = HTTPRequest(url, headers={"Origin": origin, "Cookie": cookies})
        try:
            socket = await websocket_connect(request, subprotocols=["bokeh", token])
        except HTTPClientError as refused:
            return refused.code
        message = await socket.read_message()
        socket.close()
        return json.loads(message)["msgtype"]

    with ThreadPoolExecutor(1) as pool:  # where no other event loop runs
        return pool.submit(asyncio.run, connect()).result(60)


def token_of(page):
    return re.search(r'"token":"([^"]+)"', page)[1]


def test_only_this_machine_is_served_unless_told_otherwise():
    assert access_of("127.0.0.1") == Access()
    assert Access().alone
    assert access_of("127.0.0.1", ["localhost:8000"]).alone
    assert not access_of("0.0.0.0").alone
    assert not access_of("127.0.0.1", ["lab.example.org"]).alone  # a proxy on this machine lets others in
    assert Access().options(5006)["websocket_origin"] == ["localhost:5006", "127.0.0.1:5006"]
    assert access_of("::1", ["a.example"]).options(80)["websocket_origin"][2:] == ["a.example", "a.example:80"]


@pytest.mark.parametrize("origin", ["*", "*.example.org", "https://example.org", "a b", "example.org:99999", "", "a:b", "a/b"])
def test_an_origin_is_one_host(origin):
    with pytest.raises(InputError, match="--allow-origin: must be one host"):
        access_of("0.0.0.0", [origin])


@pytest.mark.parametrize("text", ["", "no json", "[1]", "{}", '{"ada": 7}', '{"ada": ""}'])
def test_a_file_of_passwords_is_read_and_a_fault_repeats_nothing_of_it(tmp_path, text):
    path = tmp_path / "passwords.json"
    path.write_text(json.dumps({"ada": PASSWORD}))
    access = access_of("127.0.0.1", passwords=path)
    assert access.passwords == {"ada": PASSWORD}
    assert PASSWORD not in repr(access)
    path.write_text(text)
    with pytest.raises(InputError, match=r"passwords\.json must hold names and passwords as JSON"):
        access_of("127.0.0.1", passwords=path)
    with pytest.raises(InputError, match="absent' cannot be read: No such file"):
        access_of("127.0.0.1", passwords=tmp_path / "absent")


def test_oauth_needs_its_key_and_secret_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.delenv("PANEL_OAUTH_SECRET", raising=False)
    monkeypatch.setenv("PANEL_OAUTH_KEY", "key")
    with pytest.raises(InputError, match="--oauth-provider github: PANEL_OAUTH_SECRET must be set in the environment"):
        access_of("127.0.0.1", oauth_provider="github")
    with pytest.raises(InputError, match=r"must be one of auth0, .*; came 'gitpub'"):
        access_of("127.0.0.1", oauth_provider="gitpub")
    with pytest.raises(InputError, match="not both"):
        access_of("127.0.0.1", passwords=tmp_path, oauth_provider="github")


def test_a_websocket_is_let_in_by_its_origin(tmp_path):
    with serving(Catalogue(tmp_path), access=access_of("127.0.0.1", ["lab.example.org"])) as served:
        _, _, page = ask(served, "/")
        here = f"http://localhost:{served.port}"
        for origin in (here, "https://lab.example.org", f"http://lab.example.org:{served.port}"):
            assert greeted(served, token_of(page), origin) == "ACK"
        for origin in ("https://evil.example", "http://localhost:1", "https://lab.example.org.evil.example", "null"):
            assert greeted(served, token_of(page), origin) == 403


def test_nothing_is_shown_without_the_right_password(tmp_path, caplog):
    with serving(Catalogue(tmp_path), access=Access(passwords={"ada": PASSWORD})) as served:
        here = f"http://localhost:{served.port}"
        for path in (
            "/",
            "/explore",
            "/training?run=1",
            "/assets/logo.svg",
            "/autoload.js?bokeh-autoload-element=1",
            "/metadata",
        ):
            status, headers, _ = ask(served, path)
            assert status == 302
            assert urlsplit(headers["Location"]).path.endswith("/login")
        good = log_in(served, "ada", PASSWORD)
        status, _, page = ask(served, "/", cookies=good)
        assert status == 200
        assert greeted(served, token_of(page), here, good) == "ACK"
        # A token that has been seen is of no use without the cookie.
        assert greeted(served, token_of(page), here) == 403
        for name, password in (("ada", "wrong"), ("ada", ""), ("", PASSWORD), ("bob", PASSWORD)):
            bad = log_in(served, name, password)
            assert ask(served, "/", cookies=bad)[0] == 302
            assert greeted(served, token_of(page), here, bad) == 403
        forged = re.sub(r"user=([^;]*)", lambda found: f"user={found[1][:-4]}0000", good)
        assert ask(served, "/", cookies=forged)[0] == 302
        # The page of the login says what was wrong, not what was typed, and leads nowhere else.
        _, _, page = ask(served, "/login?error=<script>alert(1)</script>")
        assert "The name or the password is wrong." in page
        assert "alert(1)" not in page
        assert ask(served, "/login?next=https://evil.example")[0] == 400
        assert not re.search(r"https?://", page)  # it draws without the internet
    for secret in (PASSWORD, COOKIE_SECRET):
        assert secret not in caplog.text


def test_oauth_sends_to_its_provider_without_the_secret(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("PANEL_OAUTH_KEY", "public-key")
    monkeypatch.setenv("PANEL_OAUTH_SECRET", SECRET)
    with serving(Catalogue(tmp_path), access=access_of("127.0.0.1", oauth_provider="github")) as served:
        assert ask(served, "/")[1]["Location"].startswith("./login")
        status, headers, body = ask(served, "/login")
        sent = urlsplit(headers["Location"])
        assert (status, sent.scheme, sent.hostname) == (302, "https", "github.com")
        assert parse_qs(sent.query)["client_id"] == ["public-key"]
        # An answer that was not asked for, as another site may send one, is refused.
        assert ask(served, "/login?code=abc&state=forged")[0] == 401
        for secret in (SECRET, COOKIE_SECRET):
            assert secret not in f"{headers}{body}{caplog.text}"


@pytest.mark.parametrize("path", ["/", "/static/js/bokeh.min.js", "/assets/logo.svg", "/nowhere", "/assets/../app.py", "/ws"])
def test_every_answer_carries_the_headers(tmp_path, path, served_alone):
    status, headers, _ = ask(served_alone, path)
    assert status in (200, 400, 403, 404)
    for name, value in HEADERS.items():
        assert headers[name] == value
    assert "Server" not in headers


@pytest.fixture(scope="module")
def served_alone(tmp_path_factory):
    with serving(Catalogue(tmp_path_factory.mktemp("data"))) as served:
        yield served
