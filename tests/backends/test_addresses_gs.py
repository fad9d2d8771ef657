"""Zarr stores at gs://, read by gcsfs from a small server: credentials are those of the environment."""

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from backends.errors import InputError
from backends.fields.catalogue import Catalogue
from backends.fields.isolation.decoder import decoder
from scripts.format_server import address_of, listening
from tests.backends.damage import LATITUDE, LONGITUDE
from tests.files import dataset, known

TOKEN = "ya29.token-for-those-who-signed"


class Bucket(BaseHTTPRequestHandler):
    """Describes, gives and lists objects as the JSON interface does, and gives tokens to those who ask for one."""

    folder: Path
    #: Of each request for objects the header that says who asks.
    asked: list[str]
    #: Whether anybody may read.
    public = False

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._send(200, {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"})

    def do_GET(self) -> None:
        who = self.headers.get("Authorization", "")
        self.asked.append(who)
        if not (self.public or who == f"Bearer {TOKEN}"):
            self._send(403, {"error": {"code": 403, "message": "Anonymous caller does not have storage.objects.get access"}})
            return
        parts = urlsplit(self.path)
        bucket, _, key = parts.path.partition("/b/")[2].partition("/o")
        file, query = self.folder / bucket / unquote(key).strip("/"), parse_qs(parts.query)
        if not key.strip("/"):
            self._send(200, self._listed(file, query.get("prefix", [""])[0]))
        elif not file.is_file():
            self._send(404, {"error": {"code": 404, "message": "No such object"}})
        elif query.get("alt") == ["media"]:
            self._send(200, file.read_bytes())
        else:
            self._send(200, _described(file, bucket, unquote(key).strip("/")))

    def _listed(self, bucket: Path, prefix: str) -> dict[str, object]:
        keys = [(p, str(p.relative_to(bucket))) for p in sorted(bucket.rglob("*")) if p.is_file()]
        return {"kind": "storage#objects", "items": [_described(p, bucket.name, k) for p, k in keys if k.startswith(prefix)]}

    def _send(self, status: int, content: bytes | dict[str, object]) -> None:
        answer = content if isinstance(content, bytes) else json.dumps(content).encode()
        if status == 200 and (wanted := self.headers.get("Range", "")).startswith("bytes="):
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            begin = int(first) if first else len(answer) - int(last)
            status, answer = 206, answer[begin : int(last) + 1 if first and last else None]
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _described(file: Path, bucket: str, key: str) -> dict[str, object]:
    return {"kind": "storage#object", "name": key, "bucket": bucket, "size": str(file.stat().st_size), "generation": "1"}


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    """The server's class, whose bucket has a store; the environment has no credentials."""
    dataset(LATITUDE, LONGITUDE).to_zarr(tmp_path / "gs" / "fields" / "a.zarr", zarr_format=2)
    kind = type("ThisBucket", (Bucket,), {"folder": tmp_path / "gs", "asked": []})
    with listening(kind) as server:
        kind.address = address_of(server)
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", kind.address)
        monkeypatch.setenv("HOME", str(tmp_path / "home"))  # in which no tokens of earlier times are kept
        monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "home"))
        monkeypatch.setenv("NO_GCE_CHECK", "true")  # otherwise a machine of Google is asked for its own
        monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
        decoder().close()  # the next process has this environment
        yield kind
        decoder().close()


@pytest.fixture
def credentials(bucket, tmp_path, monkeypatch):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {
        "type": "service_account", "project_id": "weather", "private_key_id": "1", "private_key": key.decode(),
        "client_email": "reader@weather.iam.gserviceaccount.com", "token_uri": f"{bucket.address}/token",
    }  # fmt: skip
    file = tmp_path / "account.json"
    file.write_text(json.dumps(account), encoding="utf-8")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))


def test_a_store_is_read_with_the_credentials_of_the_environment(bucket, credentials, tmp_path, monkeypatch):
    monkeypatch.setattr("backends.fields.stored.KEPT_VALUES", 100)
    catalogue = Catalogue(tmp_path / "data", any_address=True)
    opened = catalogue.open("gs://fields/a.zarr")
    np.testing.assert_allclose(opened.field("t", {"time": 2}).values, known(LATITUDE[::-1], LONGITUDE) + 2, rtol=1e-6)
    assert bucket.asked
    assert set(bucket.asked) == {f"Bearer {TOKEN}"}
    with pytest.raises(InputError, match=r"there is no Zarr store at gs://fields/b\.zarr"):
        catalogue.open("gs://fields/b.zarr")


def test_without_credentials_a_store_is_not_opened_and_a_public_one_is(bucket, tmp_path, monkeypatch):
    catalogue = Catalogue(tmp_path / "data", any_address=True)
    with pytest.raises(InputError, match=r"gs://fields/a\.zarr cannot be opened: Forbidden"):
        catalogue.open("gs://fields/a.zarr")
    monkeypatch.setattr(bucket, "public", True)
    monkeypatch.setenv("FSSPEC_GS_TOKEN", "anon")  # nobody is asked for credentials
    monkeypatch.delenv("NO_GCE_CHECK")
    decoder().close()
    assert catalogue.open("gs://fields/a.zarr").variable("t").shape == (4, len(LATITUDE), len(LONGITUDE))
    assert set(bucket.asked) == {""}


def test_a_server_that_is_gone_is_a_sentence(bucket, tmp_path, monkeypatch):
    monkeypatch.setattr(bucket, "public", True)
    monkeypatch.setattr("backends.fields.stored.KEPT_VALUES", 100)
    opened = Catalogue(tmp_path / "data", any_address=True).open("gs://fields/a.zarr")
    monkeypatch.setattr("backends.fields.isolation.decoder.PATIENCE", 2.0)  # gcsfs tries again for half a minute
    monkeypatch.setattr(bucket, "do_GET", lambda self: self.connection.close())
    with pytest.raises(InputError, match=r"variable 't' of gs://fields/a\.zarr cannot be read"):
        opened.field("t", {"time": 3})
