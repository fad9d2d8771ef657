"""A Rollout page with a small experiment."""

import pytest

from dashboard.rollout.page import RolloutPage
from tests.dashboard.rollout.pages import SMALL


@pytest.fixture
def page(tmp_path):
    page = RolloutPage(tmp_path)
    page.state.take(SMALL)
    yield page
    page.close()
