"""Zarr stores at s3://, read by s3fs from a small server: credentials are those of the environment, and are not repeated."""

import logging
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

import numpy as np
import pytest

from backends.errors import InputError
from backends.fields.catalogue import Catalogue
from backends.fields.isolation.decoder import decoder
from backends.fields.readers import remote
from scripts.format_server import address_of, listening
from tests.backends.damage import LATITUDE, LONGITUDE
from tests.files import dataset, known

KEY, SECRET, TOKEN = "AKIAEXAMPLEEXAMPLE01", "secret/that+nobody/may0read/00000000000000", "token-that-nobody-may-read"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN}


class Bucket(BaseHTTPRequestHandler):
    """Gets, heads and lists objects of one bucket, to those who sign with the right key."""

    folder: Path
    #: Of each request the header that signs it.
    signed: list[str]
    #: Whether anybody may read.
    public = False

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        signature = self.headers.get("Authorization", "")
        self.signed.append(signature)
        if not (self.public or f"Credential={KEY}/" in signature):
            words = f"the request was signed with {signature or 'nothing'}, {self.headers.get('X-Amz-Security-Token')}"
            self._send(403, _error("AccessDenied", words), body)
            return
        parts = urlsplit(self.path)
        path, query = self.folder / parts.path.strip("/"), parse_qs(parts.query)
        if "list-type" in query:
            self._send(200, self._listed(path, query), body)
        elif path.is_file():
            self._send(200, path.read_bytes(), body)
        else:
            self._send(404, _error("NoSuchKey", "The specified key does not exist."), body)

    def _listed(self, bucket: Path, query: dict[str, list[str]]) -> bytes:
        prefix = query.get("prefix", [""])[0]
        keys = [str(p.relative_to(bucket)) for p in sorted(bucket.rglob("*")) if p.is_file()]
        found = "".join(f"<Contents><Key>{escape(k)}</Key><Size>1</Size></Contents>" for k in keys if k.startswith(prefix))
        head = f"<Name>{bucket.name}</Name><Prefix>{escape(prefix)}</Prefix><IsTruncated>false</IsTruncated>"
        return f"<ListBucketResult>{head}{found}</ListBucketResult>".encode()

    def _send(self, status: int, content: bytes, body: bool) -> None:
        begin, end = 0, len(content)
        if status == 200 and (asked := self.headers.get("Range", "")).startswith("bytes="):
            first, _, last = asked.removeprefix("bytes=").partition("-")
            begin = int(first) if first else end - int(last)
            end = min(int(last) + 1, end) if first and last else end
            status = 206
        self.send_response(status)
        self.send_header("Content-Length", str(end - begin))
        self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{len(content)}")
        self.end_headers()
        if body:
            self.wfile.write(content[begin:end])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _error(code: str, words: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>{escape(words)}</Message></Error>".encode()


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    """The server's class, whose bucket has a store that only those with the credentials of the environment can read."""
    dataset(LATITUDE, LONGITUDE).to_zarr(tmp_path / "s3" / "fields" / "a.zarr", zarr_format=2)
    kind = type("ThisBucket", (Bucket,), {"folder": tmp_path / "s3", "signed": []})
    with listening(kind) as server:
        for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION", "FSSPEC_S3_ANON", *CREDENTIALS):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", address_of(server))
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # otherwise a machine of Amazon is asked for its own
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        decoder().close()  # the next process has this environment
        yield kind
        decoder().close()


@pytest.fixture
def credentials(monkeypatch):
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


def test_a_store_is_read_with_the_credentials_of_the_environment(bucket, credentials, tmp_path, monkeypatch):
    monkeypatch.setattr("backends.fields.stored.KEPT_VALUES", 100)
    catalogue = Catalogue(tmp_path / "data", any_address=True)
    opened = catalogue.open("s3://fields/a.zarr")
    np.testing.assert_allclose(opened.field("t", {"time": 2}).values, known(LATITUDE[::-1], LONGITUDE) + 2, rtol=1e-6)
    assert bucket.signed
    assert all(f"Credential={KEY}/" in header for header in bucket.signed)
    with pytest.raises(InputError, match=r"there is no Zarr store at s3://fields/b\.zarr"):
        catalogue.open("s3://fields/b.zarr")


def test_no_credentials_are_repeated(bucket, credentials, tmp_path, monkeypatch, caplog, capfd):
    """Not even where a server says with what a request was signed; the log of the process that reads has its words."""
    caplog.set_level(logging.INFO)
    catalogue = Catalogue(tmp_path / "data", any_address=True)
    opened = catalogue.open("s3://fields/a.zarr")
    monkeypatch.setattr(bucket, "do_HEAD", lambda self: self._send(200, bytes(100), body=False))
    monkeypatch.setattr(
        bucket, "do_GET", lambda self: self._send(403, _error("AccessDenied", f"not {KEY}, {TOKEN}"), body=True)
    )
    said = []
    for ask in (lambda: opened.field("t", {}), lambda: catalogue.open("s3://fields/b.zarr")):
        with pytest.raises(InputError) as refused:
            ask()
        said.append(str(refused.value))
    assert said == [
        "variable 't' of s3://fields/a.zarr cannot be read, the file may be damaged: not …, …",
        "s3://fields/b.zarr cannot be opened: not …, …",
    ]
    log = capfd.readouterr().err + caplog.text
    assert "PermissionError: not …, …" in log
    for secret in CREDENTIALS.values():
        assert secret not in log


def test_without_credentials_a_store_is_not_opened_and_a_public_one_is(bucket, monkeypatch):
    with pytest.raises(InputError, match=r"s3://fields/a\.zarr cannot be opened: Unable to locate credentials"):
        remote.read("s3://fields/a.zarr", "s3://fields/a.zarr")
    monkeypatch.setattr(bucket, "public", True)
    from fsspec.config import conf, set_conf_env

    monkeypatch.setenv("FSSPEC_S3_ANON", "true")
    monkeypatch.setitem(conf, "s3", {})
    set_conf_env(conf)  # which is read once, when a process begins
    (found,) = remote.read("s3://fields/a.zarr", "s3://fields/a.zarr")
    assert found.sizes["time"] == 4
    assert set(bucket.signed) == {""}


def test_a_server_that_is_gone_is_a_sentence(bucket, credentials, tmp_path, monkeypatch):
    monkeypatch.setattr("backends.fields.stored.KEPT_VALUES", 100)
    catalogue = Catalogue(tmp_path / "data", any_address=True)
    opened = catalogue.open("s3://fields/a.zarr")
    monkeypatch.setattr(bucket, "_answer", lambda self, body: self.connection.close())
    with pytest.raises(InputError, match=r"variable 't' of s3://fields/a\.zarr cannot be read"):
        opened.field("t", {"time": 3})
