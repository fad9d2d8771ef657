"""Markup in what an address asks for is shown as text, or not at all."""

from urllib.parse import quote_plus

import panel as pn
import pytest

from dashboard.analysis.page import AnalysisPage
from dashboard.cycling.page import CyclingPage
from dashboard.explore.page import ExplorePage
from dashboard.rollout.page import RolloutPage
from dashboard.training.page import TrainingPage
from tests.dashboard.helpers import SCRIPT

PAGES = {
    "explore": (lambda catalogue, query: ExplorePage(catalogue, query=query), ("dataset", "variable", "projection")),
    "analysis": (lambda catalogue, query: AnalysisPage(catalogue, query=query), ("dataset", "case", "experiment", "sigma_b")),
    "cycling": (lambda _, query: CyclingPage(query=query), ("race", "dynamics", "methods")),
    "training": (lambda catalogue, query: TrainingPage(catalogue.folder, True, query), ("run", "record", "task")),
    "rollout": (lambda catalogue, query: RolloutPage(catalogue.folder, query), ("race", "method", "analysis", "truth")),
}
ASKED = [(name, key) for name, (_, keys) in PAGES.items() for key in (*keys, SCRIPT)]


@pytest.mark.parametrize(("name", "key"), ASKED)
def test_markup_in_an_address_is_text(catalogue, name, key):
    make, _ = PAGES[name]
    page = make(catalogue, f"{quote_plus(key)}={quote_plus(SCRIPT)}")
    content = page.content()
    if hasattr(page.state, "wait"):
        page.state.wait()
    shown = [pane.object for part in (*content.main, *content.sidebar) for pane in part.select(pn.pane.HTML)]
    assert shown
    for text in shown:
        assert "<script" not in f"{text}"
        assert "<img" not in f"{text}"
    content.close()
