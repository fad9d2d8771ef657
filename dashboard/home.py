"""The Home page: what each page does, the device that computes, and the data that there are."""

from collections.abc import Callable
from html import escape
from pathlib import Path
from urllib.parse import urlencode

import panel as pn

from backends.device import compute_device, device_memory, device_name
from backends.fields.catalogue import Catalogue, Entry
from backends.observations.catalogue import listed
from dashboard.controls import html
from dashboard.help import Help
from dashboard.home_help import TOPICS, TOUR
from dashboard.plots.race.frame import ANY_HEIGHT
from dashboard.rooms.join import join_form
from dashboard.scenes import gallery, scene_address
from dashboard.shell import PAGES, Content
from dashboard.worker import FILES, LatestWins

WELCOME = """
<div class="welcome"><h1>Data assimilation, live</h1>
<p>Browse fields, turn the background error B, the observation error R and the observing network, and watch the
analysis answer. The exact solution is always on the page.</p></div>
"""
#: For who comes to a lecture.
JOIN = '<div class="joining">{form}<span class="hint">Follow the page of a presenter, whose screen shows the code.</span></div>'
#: What can be done with a dataset of each kind, and the page that does it.
OF_OBSERVATIONS = {"explore": "/explore"}
OF_FIELDS = {**OF_OBSERVATIONS, "analyse": "/analysis"}


class HomePage:
    """A page without state of its own; the catalogue is listed on the file thread."""

    def __init__(self, catalogue: Catalogue, dark: bool) -> None:
        self._query = {"theme": "dark"} if dark else {}
        self._scenes = html(
            gallery(lambda name: scene_address(name, "dark" if dark else ""), catalogue.folder), styles=ANY_HEIGHT
        )
        self._folder = catalogue.folder
        self.help = Help(TOPICS, "What this is, and where to begin", "What this is, symbols, references, keys, and a tour")
        self._data = html('<div class="hint">Looking for data …</div>')
        self._listing = LatestWins(FILES, lambda _: listed(catalogue), self._on_listed, self._on_failed)
        self._listing.request("home")

    def content(self) -> Content:
        """Return the page for the frame."""
        main = pn.Column(
            pn.Row(html(WELCOME, styles=ANY_HEIGHT), self.help.button, sizing_mode="stretch_width", margin=0),
            html(JOIN.format(form=join_form(bool(self._query))) + self._cards(), styles=ANY_HEIGHT),
            self._scenes,
            html(_compute()),
            self._data,
            self.help.drawer,
            sizing_mode="stretch_width",
            max_width=1240,
            styles=ANY_HEIGHT,
            margin=(8, 28),
        )
        return Content([main], [], self._listing.close, tour=TOUR)

    def wait(self) -> None:
        """Block until the catalogue is listed; for programs without a browser."""
        self._listing.wait()

    def _address(self, path: str, **query: str) -> str:
        query = {**self._query, **query}
        return path + (f"?{escape(urlencode(query))}" if query else "")

    def _cards(self) -> str:
        cards = (
            f'<a class="card" href="{self._address(path)}"><img src="/assets/pictures{path}.png" alt="The {escape(name)} page">'
            f"<h2>{escape(name)}</h2><p>{escape(about)}</p></a>"
            for path, name, about in PAGES
            if path != "/"
        )
        return f'<div class="cards">{"".join(cards)}</div>'

    def _on_listed(self, _request: str, entries: list[Entry]) -> None:
        self._data.object = _data_table(self._address, entries, self._folder)

    def _on_failed(self, problem: str) -> None:
        self._data.object = f'<div class="problem">{escape(problem)}</div>'


def _compute() -> str:
    device = compute_device()
    where = "" if device.type != "cpu" else "; a GPU is used where there is one"
    return (
        f'<h2 class="section">Compute</h2><div class="facts"><span><span class="name">device</span>'
        f"<b>{escape(device_name(device))}</b>{where}</span>"
        f'<span><span class="name">memory in use</span><b>{device_memory(device)}</b></span></div>'
    )


def _data_table(address: Callable[..., str], entries: list[Entry], folder: Path) -> str:
    fields = [entry for entry in entries if entry.origin != "observed"]
    observations = [entry for entry in entries if entry.origin == "observed"]
    found, place = sum(entry.origin == "found" for entry in fields), f"the data folder <code>{escape(str(folder))}</code>"
    of_fields = (
        f"{_files(found)} of fields in {place}."
        if found
        else f"No readable file of fields in {place} yet: put NetCDF or GRIB files there, or start with "
        "<code>--data FOLDER</code>. The embedded datasets are always here."
    )
    of_observations = (
        f"{_files(len(observations))} of observations in {place}."
        if observations
        else f"No file of observations in {place} yet: put BUFR, ODB-2, feedback, IODA or CSV files there."
    )
    return (
        f'<h2 class="section">Fields</h2><div class="hint">{of_fields}</div>{_rows(address, fields, OF_FIELDS)}'
        f'<h2 class="section">Observations</h2><div class="hint">{of_observations}</div>'
        f"{_rows(address, observations, OF_OBSERVATIONS)}"
    )


def _files(count: int) -> str:
    return f"{count:,} readable file{'s' if count != 1 else ''}"


def _rows(address: Callable[..., str], entries: list[Entry], onward: dict[str, str]) -> str:
    rows = "".join(
        f'<tr><td>{escape(entry.title)}</td><td class="hint">{entry.origin}</td>'
        + "".join(f'<td><a href="{address(page, dataset=entry.key)}">{word}</a></td>' for word, page in onward.items())
        + "</tr>"
        for entry in entries
    )
    return f'<table class="data">{rows}</table>' if rows else ""
