"""Static files leave compressed and are compressed once; a real server is asked."""

import gzip
import http.client
from pathlib import Path

import bokeh
import pytest

from backends.fields.catalogue import Catalogue
from dashboard.compression import CompressedOnce
from tests.dashboard.serving import serving

SCRIPT = "/static/js/bokeh.min.js"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(Catalogue(tmp_path_factory.mktemp("data"))) as served:
        yield served


def ask(served, path, method="GET", **headers):
    connection = http.client.HTTPConnection("localhost", served.port, timeout=60)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def test_a_script_leaves_compressed_and_is_compressed_once(served, monkeypatch):
    monkeypatch.setattr(CompressedOnce, "_results", {})
    original = (Path(bokeh.__file__).parent / "server" / SCRIPT.removeprefix("/")).read_bytes()
    _, headers, plain = ask(served, SCRIPT)
    assert plain == original
    assert "Content-Encoding" not in headers
    assert not CompressedOnce._results
    for _ in range(2):
        status, headers, sent = ask(served, SCRIPT, Accept_Encoding="gzip, deflate, br")
        assert (status, headers["Content-Encoding"]) == (200, "gzip")
        assert "Accept-Encoding" in headers["Vary"]
        assert gzip.decompress(sent) == original
        assert len(sent) < 0.4 * len(original)
        assert CompressedOnce._results == {headers["Etag"]: sent}
    assert headers["Content-Length"] == str(len(sent))
    # A browser that has it is told so, compressed or not.
    tag = headers["Etag"]
    assert ask(served, SCRIPT, Accept_Encoding="gzip", If_None_Match=tag)[0] == 304
    CompressedOnce._results[tag] = gzip.compress(b"kept")
    assert gzip.decompress(ask(served, SCRIPT, Accept_Encoding="gzip")[2]) == b"kept"


def test_other_spellings_of_a_path_keep_nothing_more(served, monkeypatch):
    monkeypatch.setattr(CompressedOnce, "_results", {})
    sent = [ask(served, f"/static/js/{way}bokeh.min.js", Accept_Encoding="gzip") for way in ("", "./", "././", "../js/")]
    assert [status for status, *_ in sent] == [200] * 4
    assert len({body for *_, body in sent}) == 1
    assert len(CompressedOnce._results) == 1


def test_parts_of_files_pages_and_pictures_leave_as_they_are(served):
    status, headers, part = ask(served, SCRIPT, Accept_Encoding="gzip", Range="bytes=10-29")
    assert (status, len(part)) == (206, 20)
    assert "Content-Encoding" not in headers
    picture = next((Path(__file__).parents[2] / "assets" / "scenes" / "pictures").glob("*.webp"))
    for path in ("/", f"/assets/scenes/pictures/{picture.name}"):
        status, headers, _ = ask(served, path, Accept_Encoding="gzip")
        assert status == 200
        assert "Content-Encoding" not in headers
    assert ask(served, SCRIPT, "HEAD", Accept_Encoding="gzip")[2] == b""
