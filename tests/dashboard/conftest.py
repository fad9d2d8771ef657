"""A catalogue with one small file in its folder, and no document that a test before has had."""

import pytest
from bokeh.io import doc
from bokeh.io.state import curstate

from backends.fields.catalogue import Catalogue
from dashboard.analysis.shared import ANALYSES, CASES, COMPLETED
from dashboard.rollout.shared import ROLLOUTS
from tests.files import regional


@pytest.fixture(autouse=True)
def no_document_of_a_session_that_has_ended() -> None:
    """A server that is stopped in the middle of a callback leaves its document as the current one, of all threads."""
    doc._PATCHED_CURDOCS.clear()


@pytest.fixture(autouse=True)
def a_document_of_its_own() -> None:
    """HoloViews ties each figure to the current document, which without a session would keep the pages of all tests."""
    curstate().reset()


@pytest.fixture(autouse=True)
def nothing_kept_of_other_tests() -> None:
    for kept in (CASES, COMPLETED, ANALYSES, ROLLOUTS):
        kept.clear()


@pytest.fixture
def catalogue(tmp_path) -> Catalogue:
    regional(tmp_path / "a.nc")
    return Catalogue(tmp_path)
