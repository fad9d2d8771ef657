"""The Archive tab: forecasts as stores, files and pictures, and how a store is cut into chunks."""

from html import escape
from pathlib import Path
from typing import Any

import panel as pn

from backends.errors import InputError
from backends.experiments.rollout.view import RolloutView
from backends.experiments.rollout.written import kept_store
from dashboard.chunks import ChunkInspector
from dashboard.controls import html, one_message
from dashboard.plots.race.frame import ANY_HEIGHT
from dashboard.rollout.address_keys import Report, RolloutAddressView
from dashboard.rollout.films import FilmPart
from dashboard.rollout.play import EMPTY, PlayView
from dashboard.rollout.stores import StorePart

FILMS = """<h2 class="section">Pictures and films</h2><div class="hint">What the Play tab shows, with the same colours and
limits, as fast as it plays: the lead, start, field and members that are chosen there.</div>"""
STORES = """<h2 class="section">Stores and files</h2><div class="hint">Truth and all members from the start that is shown, with
lead time, valid time and places by the CF conventions. How a store is cut into chunks decides what is read fast.</div>"""
CHUNKS = '<h2 class="section">Chunks of the store</h2><div class="hint">Which parts of {name} a query reads.</div>'


class ArchiveView:
    """What can be kept of forecasts.

    Parameters
    ----------
    play
        The tab whose choices pictures and films follow.
    """

    def __init__(self, play: PlayView) -> None:
        self.films = FilmPart(play)
        self._empty = html(EMPTY)
        self.chunks = ChunkInspector()
        #: Whose chunks are shown.
        self.store: Path | None = None
        self.stores = StorePart(self._show_store)
        self._about_chunks = html("")
        self._of_chunks = pn.Column(
            self._about_chunks, self.chunks.pane, sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT
        )
        self._of_chunks.visible = False
        self._shown = pn.Column(
            html(FILMS), self.films.pane, html(STORES), self.stores.pane, self._of_chunks,
            sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT, visible=False,
        )  # fmt: skip
        self.pane = pn.Column(self._empty, self._shown, sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)

    def show(self, view: RolloutView | None) -> None:
        """Offer to keep forecasts, or say that there are none."""
        self._empty.visible, self._shown.visible = view is None, view is not None
        if view is not None:
            self.films.show(view)
            self.stores.show(view)

    def tick(self) -> None:
        """Bring the progress up to date; called some times a second."""
        self.films.tick()

    def wait(self) -> None:
        """Block until everything asked for is there; for programs without a browser."""
        self.films.wait()
        self.stores.wait()
        self.chunks.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self.films.close()
        self.stores.close()
        self.chunks.close()

    @property
    def chosen(self) -> dict[str, Any] | None:
        """The store, and what is asked of its chunks, by the keys of the page's address; None while it is read."""
        if self.store is None:
            return {}
        if self.chunks.awaited:
            return None
        asked = self.chunks.chosen
        if asked is None:  # the store is being read, or cannot be
            return {"store": self.store.name}
        largest = self.chunks.array.options[0]
        return {"store": self.store.name, **asked._asdict()} | ({"array": ""} if asked.array == largest else {})

    def choose(self, wanted: RolloutAddressView, report: Report) -> None:
        """Show the chunks of a store as an address says, or of none."""
        if wanted.store != ("" if self.store is None else self.store.name):
            try:
                self._show_store(kept_store(wanted.store) if wanted.store else None)
            except InputError as problem:
                report(f"store: {problem}")
                return
        if self.store is not None and self.chosen != {"store": wanted.store, **wanted.chunks._asdict()}:
            self.chunks.choose(wanted.chunks, "", report)

    def _show_store(self, path: Path | None) -> None:
        """Show the chunks of a store, read anew."""
        self.store = path
        with one_message():
            self._about_chunks.object = "" if path is None else CHUNKS.format(name=escape(path.name))
            self._of_chunks.visible = path is not None
            self.chunks.show(path)
