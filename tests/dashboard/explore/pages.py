"""What the tests of views look at."""

import numpy as np

from backends.fields.catalogue import Catalogue
from dashboard.explore.page import ExplorePage
from dashboard.explore.views import VIEWS


def open_tab(page, name):
    """Look at a view, wait for it and return it."""
    page.views.tabs.active = 1 + list(VIEWS).index(name)
    page.wait()
    return page.views.chosen()


def pixels(live_cut):
    return np.asarray(live_cut._source.data["image"][0])


CSV = "station,lat,lon,time,T [°C],error\n" + "\n".join(
    f"S{k},{40 + k},{k},2021-05-16T{12 + k % 3}:00,{10 + k},0.5" for k in range(12)
)


def opened(folder, key, query=""):
    """Return the page with a file of a folder."""
    page = ExplorePage(Catalogue(folder), key, query)
    page.content()
    wait(page)
    return page


def wait(page):
    """Wait until all is there: decoding leads to choosing, and that to counting and drawing."""
    for _ in range(4):
        page.state.wait()
