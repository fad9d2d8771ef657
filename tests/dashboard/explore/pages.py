"""What the tests of views look at."""

import numpy as np

from dashboard.explore.views import VIEWS


def open_tab(page, name):
    """Look at a view, wait for it and return it."""
    page.views.tabs.active = 1 + list(VIEWS).index(name)
    page.wait()
    return page.views.chosen()


def pixels(live_cut):
    return np.asarray(live_cut._source.data["image"][0])
