"""Opening on the Explore page without a browser: files, addresses, uploads, messages, and what it says of bad ones."""

import re
from types import SimpleNamespace

import numpy as np

from backends.fields.catalogue import Catalogue
from dashboard.explore import uploads
from dashboard.explore.page import ExplorePage
from tests.backends.damage import grib
from tests.backends.test_readers import broken_files
from tests.dashboard.helpers import LATITUDE, LONGITUDE, image, text_of
from tests.files import known, regional


def test_a_file_that_cannot_be_opened_leaves_the_last_picture(explore, tmp_path):
    before = image(explore.map).copy()
    for path, says in broken_files(tmp_path).items():
        explore.opening.path.value = path.name
        explore.state.wait()
        assert re.search(says, text_of(explore.opening.problem))
        assert explore.state.dataset == "a.nc" == explore.opening.datasets.key
    explore.opening.path.value = "../secret.nc"
    explore.state.wait()
    assert "leads outside the data folder" in text_of(explore.opening.problem)
    np.testing.assert_array_equal(image(explore.map), before)
    explore.opening.path.value = "a.nc"
    explore.state.wait()
    assert not text_of(explore.opening.problem)


def test_an_address_is_refused_beside_its_field_unless_any_may_be_opened(explore, tmp_path):
    explore.opening.path.value = "https://example.org/a.zarr"
    explore.state.wait()
    assert "reads only the stores that ASSIMILAB_STORES names" in text_of(explore.opening.problem)
    assert "https://" not in explore.opening.path.placeholder
    alone = ExplorePage(Catalogue(tmp_path, any_address=True), "a.nc")
    alone.state.wait()
    assert "https://" in alone.opening.path.placeholder
    alone.opening.path.value = "https://me:secret@example.org/a.zarr"
    alone.state.wait()
    said = text_of(alone.opening.problem)
    assert "credentials come from the environment" in said
    assert "secret" not in said
    assert alone.state.dataset == "a.nc"


def test_an_upload_is_opened_and_goes_with_the_session(explore, tmp_path):
    content = regional(tmp_path / "up.nc").read_bytes()
    explore.state.upload("../../up.nc", content)
    explore.state.wait()
    assert explore.state.dataset == "uploaded up.nc"
    (path,) = explore.state.uploads.values()
    assert path.read_bytes() == content
    explore.state.close()
    assert not path.exists()


def test_an_upload_over_the_limit_is_refused(explore, monkeypatch):
    monkeypatch.setattr(uploads, "UPLOAD_LIMIT", 2**20)
    explore.state.upload("big.nc", bytes(2**21))
    assert "big.nc has 2 MB; at most 1 MB can be uploaded" in text_of(explore.opening.problem)
    assert not explore.state.uploads


def test_a_message_of_a_grib_file_is_chosen_in_the_table(tmp_path):
    both = [grib(tmp_path / "first", steps=1, shortName="10u"), grib(tmp_path / "second", steps=3)]
    (tmp_path / "b.grib").write_bytes(b"".join(part.read_bytes() for part in both))
    page = ExplorePage(Catalogue(tmp_path), "b.grib")
    page.state.wait()
    page.state.choose_variable("u10")
    page.state.wait()
    assert page.message_box.visible
    assert not len(page.messages.table.value)  # not before it is looked at
    page.message_box.active = [0]
    page.state.wait()
    assert list(page.messages.table.value["step"]) == ["0", "0", "6", "12"]
    page.messages._on_click(SimpleNamespace(row=3, column="step"))
    page.state.wait()
    np.testing.assert_allclose(image(page.map), known(LATITUDE, LONGITUDE) + 2, rtol=1e-4)
    assert "2020-01-01 12:00 UTC" in page._heading.object
    assert (page.controls.player.value, page.controls.variables.value) == (2, "t2m")
    regional(tmp_path / "a.nc")
    page.state.open("a.nc")
    page.state.wait()
    assert not page.message_box.visible
    assert not page.state.messages


def test_a_message_that_another_hides_is_told(tmp_path):
    path = grib(tmp_path / "b.grib", steps=1)
    path.write_bytes(2 * path.read_bytes())
    page = ExplorePage(Catalogue(tmp_path), "b.grib")
    page.state.wait()
    page.state.list_messages()
    page.state.wait()
    page.messages._on_click(SimpleNamespace(row=1, column="step"))
    assert "an earlier message has the same variable, time, level and member" in text_of(page._problem)
