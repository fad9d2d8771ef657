"""A catalogue with one small file in its folder."""

import pytest

from backends.fields.catalogue import Catalogue
from tests.files import regional


@pytest.fixture
def catalogue(tmp_path) -> Catalogue:
    regional(tmp_path / "a.nc")
    return Catalogue(tmp_path)
