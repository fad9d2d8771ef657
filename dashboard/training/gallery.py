"""Unseen cases of the run that is looked at: drawn anew only where they have changed."""

from html import escape

import panel as pn

from backends.jobs.job import Job
from backends.learning.gallery import Panel, Series, from_json
from dashboard.controls import html, notice, one_message, tell
from dashboard.plots.race.frame import grid
from dashboard.plots.training.pictures import CurvePicture, MapPicture, key_of, picture, shape_of
from dashboard.training.metrics import Source
from dashboard.worker import FILES, LatestWins

#: The file that a task shows and leaves.
GALLERY = "gallery.json"
WORDS = '<h2 class="section">Unseen cases</h2>'
#: Which run of what, and what it shows now; None: what it has left.
Request = tuple[Source, str, bytes | None]


class GalleryView:
    """Pictures of a run, from what it shows while it runs and from its file when it has ended."""

    def __init__(self) -> None:
        self._asked: tuple[str, bytes | None, bool] | None = None
        self._shapes: tuple[tuple[object, ...], ...] = ()
        self._pictures: list[CurvePicture | MapPicture] = []
        self._run = ""
        self._reading: LatestWins[Request, tuple[Panel, ...]] = LatestWins(FILES, _read, self._on_read, self._on_failed)
        self._head, self._problem = html("", visible=False), notice("problem")
        self.pane = pn.Column(self._head, self._problem, sizing_mode="stretch_width", margin=0)

    def show(self, job: Job | None, source: Source | None) -> None:
        """Ask for the newest pictures of a run of a source, if there are newer ones than before."""
        if job is None or job.id != self._run:
            self._run = "" if job is None else job.id
            self._clear()
        if job is None or source is None:
            return
        left = GALLERY in job.artifacts
        now = None if left else source.shown(job.id, GALLERY)
        if (job.id, now, left) == self._asked or not (left or now):
            return
        self._asked = (job.id, now, left)
        self._reading.request((source, job.id, now))

    def close(self) -> None:
        """Let go of everything."""
        self._reading.close()

    def wait(self) -> None:
        """Block until what was asked for is there."""
        self._reading.wait()

    def _clear(self) -> None:
        self._asked, self._shapes, self._pictures = None, (), []
        self._head.visible = False
        tell(self._problem, "problem", "")
        self.pane.objects = [self._head, self._problem]

    def _on_read(self, request: Request, panels: tuple[Panel, ...]) -> None:
        if request[1] != self._run:
            return
        shapes = tuple(shape_of(panel) for panel in panels)
        with one_message():
            if shapes == self._shapes:
                for old, panel in zip(self._pictures, panels, strict=True):
                    old.show(panel)
                return
            # What most pictures have in common is said once, above them.
            common = next((panel.series for panel in panels if not panel.maps), ())
            self._shapes = shapes
            self._pictures = [picture(panel) for panel in panels]
            self._head.param.update(object=WORDS + key_of(common), visible=bool(panels))
            self.pane.objects = [self._head, self._problem, *self._boxes(panels, common)]

    def _boxes(self, panels: tuple[Panel, ...], common: tuple[Series, ...]) -> list[pn.viewable.Viewable]:
        """Return pictures of curves side by side, and maps of one case in a row of their own."""
        known = {(series.label, series.role) for series in common}
        boxes: list[pn.viewable.Viewable] = []
        curves: list[pn.viewable.Viewable] = []
        for panel, drawn in zip(panels, self._pictures, strict=True):
            if isinstance(drawn, CurvePicture):
                own = not known.issuperset((series.label, series.role) for series in panel.series)
                named = pn.Column(*drawn.panes, html(key_of(panel.series)), sizing_mode="stretch_width", margin=0)
                curves += [named] if own else drawn.panes
                continue
            points = ", ".join(series.label for series in panel.series)
            title = escape(panel.title) + (f' <span class="hint">points: {escape(points)}</span>' if points else "")
            boxes += [html(f'<div class="panel-title">{title}</div>'), grid(*drawn.panes, least=250, columns_at_most=4)]
        return [*([grid(*curves, least=330, columns_at_most=3)] if curves else []), *boxes]

    def _on_failed(self, problem: str) -> None:
        tell(self._problem, "problem", problem)


def _read(request: Request) -> tuple[Panel, ...]:
    source, run, now = request
    return from_json(source.artifact(run, GALLERY) if now is None else now)
