"""Zarr stores are opened from a real server by their address, and only those that may be."""

import socket
from functools import partial

import numpy as np
import pytest

from backends.errors import InputError
from backends.fields.addresses import checked, listed_stores
from backends.fields.catalogue import Catalogue
from backends.fields.isolation.decoder import decoder
from backends.fields.readers import remote
from backends.observations.catalogue import observation_path
from scripts.format_server import Quiet, address_of, listening
from tests.backends.damage import LATITUDE, LONGITUDE
from tests.files import dataset, known

FIELD = known(LATITUDE[::-1], LONGITUDE)


class Guarded(Quiet):
    """Serves files; of those whose name says so it is forbidden to read."""

    def send_head(self):
        if "forbidden" not in self.path:
            return super().send_head()
        self.send_error(403)
        return None


@pytest.fixture
def served(tmp_path):
    """The address of a server on this machine, and its folder."""
    folder = tmp_path / "served"
    folder.mkdir()
    with listening(partial(Guarded, directory=str(folder))) as server:
        yield address_of(server), folder, server


@pytest.mark.parametrize("format", [2, 3])
def test_a_store_is_opened_and_read_over_http(served, tmp_path, format, monkeypatch):
    monkeypatch.setattr("backends.fields.stored.KEPT_VALUES", 100)
    address, folder, server = served
    dataset(LATITUDE, LONGITUDE).to_zarr(folder / "a.zarr", zarr_format=format)
    catalogue = Catalogue(tmp_path / "data", any_address=True)
    opened = catalogue.open(f" {address}/a.zarr/")
    assert (opened.label, opened.format, opened.path) == (f"{address}/a.zarr", "Zarr", None)
    np.testing.assert_allclose(opened.field("t", {"time": 2}).values, FIELD + 2, rtol=1e-6)
    assert catalogue.open(f"{address}/a.zarr") is opened
    assert observation_path(catalogue, f"{address}/a.zarr") is None
    decoder().close()  # the next process opens the store again
    np.testing.assert_allclose(opened.field("t", {"time": 1}).values, FIELD + 1, rtol=1e-6)
    server.shutdown()
    server.server_close()
    with pytest.raises(InputError, match=r"variable 't' of http://127.* cannot be read"):
        opened.field("t", {"time": 3})


def test_only_stores_that_the_owner_named_are_open_to_other_machines(served, tmp_path, monkeypatch):
    address, folder, _ = served
    dataset(LATITUDE, LONGITUDE).to_zarr(folder / "a.zarr", zarr_format=2)
    catalogue = Catalogue(tmp_path)
    with pytest.raises(InputError, match="reads only the stores that ASSIMILAB_STORES names; came 'http://127"):
        catalogue.open(f"{address}/a.zarr")
    monkeypatch.setenv("ASSIMILAB_STORES", f"s3://bucket/b.zarr, {address}/a.zarr/ ,")
    assert listed_stores() == ("s3://bucket/b.zarr", f"{address}/a.zarr")
    assert [e.key for e in catalogue.entries() if e.origin == "named"] == list(listed_stores())
    assert catalogue.open(f"{address}/a.zarr").variables
    with pytest.raises(InputError, match="reads only the stores"):
        catalogue.open(f"{address}/a.zarr/../b.zarr")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("https://me:secret@example.org/a.zarr", "the address at 'example.org' has a user, a password"),
        ("https://token@example.org/a.zarr", "credentials come from the environment"),
        ("https://example.org/a.zarr?sig=secret", "the address at 'example.org' has a user, a password or something after a ?"),
        ("file:///etc/passwd", "begins with http://, https://, s3://, gs://; came 'file:///etc/passwd'"),
        ("simplecache::https://example.org/a", "begins with http://"),
        ("https:///a.zarr", "begins with http://"),
        ("https://exa mple.org/a", "begins with http://"),
        ("https://[::1/a", "no address of a Zarr store"),
        ("https://example.org:port/a", "no address of a Zarr store"),
    ],
)
def test_addresses_that_are_none_or_carry_secrets_are_refused(text, says):
    with pytest.raises(InputError, match=says.replace("?", r"\?")) as refused:
        checked(text, any_address=True)
    assert "secret" not in str(refused.value)


def test_what_is_missing_is_to_be_installed(monkeypatch):
    monkeypatch.setattr("backends.fields.addresses.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"s3:// need the package s3fs: pip install s3fs"):
        checked("s3://bucket/a.zarr", any_address=True)
    with pytest.raises(InputError, match=r"gs:// need the package gcsfs"):
        checked("gs://bucket/a.zarr", any_address=True)


def test_no_store_and_no_server_are_sentences(served, tmp_path):
    address, _, server = served
    catalogue = Catalogue(tmp_path, any_address=True)
    with pytest.raises(InputError, match=rf"there is no Zarr store at {address}/nothing\.zarr$"):
        catalogue.open(f"{address}/nothing.zarr")
    with pytest.raises(InputError, match=rf"{address}/forbidden\.zarr cannot be opened: 403"):
        catalogue.open(f"{address}/forbidden.zarr")
    server.shutdown()
    server.server_close()
    with pytest.raises(InputError, match=rf"{address}/a\.zarr cannot be opened: Cannot connect"):
        catalogue.open(f"{address}/a.zarr")


def test_a_silent_server_is_a_sentence(monkeypatch):
    monkeypatch.setattr(remote, "READ", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/a.zarr"
        with pytest.raises(InputError, match=r"a\.zarr cannot be opened: Timeout on reading"):
            remote.read(address, address)
