"""Pictures and films of what the Play tab shows."""

import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import panel as pn
import panel_material_ui as pmui

from backends.errors import InputError
from backends.experiments.rollout.view import RolloutView
from dashboard.controls import html, notice, one_message, show_progress, tell
from dashboard.movie import NO_FFMPEG, can_film, write_gif, write_mp4, write_png
from dashboard.plots.chunks import size_of
from dashboard.plots.rollout.film import Film
from dashboard.rollout.play import PlayView
from dashboard.worker import PICTURES, LatestWins

FORMATS = {"MP4": "mp4", "GIF": "gif", "PNG, the lead shown": "png"}
SIZES = {"960": 960, "1280": 1280, "1920": 1920}
STRIDES = {"all": 1, "every 2nd": 2, "every 5th": 5, "every 10th": 10}
#: Frames of a film, pixels of all frames of a GIF, which are held in memory, and bytes of a file, at most.
MOST_FRAMES, MOST_GIF_PIXELS, MOST_BYTES = 1000, 250_000_000, 200_000_000


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is to be drawn.

    Attributes
    ----------
    view
        Of which forecasts.
    make
        Makes the film for so many pixels across.
    kind
        mp4, gif or png.
    pixels
        Across.
    leads
        Numbers of the leads that are drawn.
    rate
        Frames a second.
    """

    view: RolloutView
    make: Callable[[int], Film]
    kind: str
    pixels: int
    leads: range
    rate: float


class FilmPart:
    """Format, size and leads, a button that draws, and what comes out.

    Parameters
    ----------
    play
        The tab whose choices are drawn.
    """

    def __init__(self, play: PlayView) -> None:
        self._play = play
        self._view: RolloutView | None = None
        self._stop = threading.Event()
        self.progress = (0, 0)
        self._work: LatestWins[Wanted, tuple[str, bytes]] = LatestWins(PICTURES, self._draw, self._on_drawn, self._on_failed)
        formats = list(FORMATS) if can_film() else list(FORMATS)[1:]
        self.format = pmui.Select(
            label="Format", options=formats, value=formats[0], size="small", width=180,
            description="MP4: small, plays everywhere. GIF: 256 colours, repeats by itself. PNG: one picture",
        )  # fmt: skip
        self.pixels = pmui.Select(
            label="Width", options=list(SIZES), value="1280", size="small", width=110, description="Pixels across"
        )
        self.leads = pmui.Select(
            label="Leads", options=list(STRIDES), value="all", size="small", width=130, description="Which leads are drawn"
        )
        self.draw = pmui.Button(
            label="Draw", icon="movie", variant="contained", size="small", width=110, on_click=self._on_draw,
            description="Draw the film or picture on the server; again: stop",
        )  # fmt: skip
        self.download = pmui.FileDownload(
            file=BytesIO(), filename="rollout.mp4", visible=False, size="small", description="Save the film that was made last"
        )
        self.bar = pmui.LinearProgress(
            value=0, variant="determinate", sizing_mode="stretch_width", visible=False, margin=(4, 5)
        )
        self._problem = notice("problem")
        self._missing = html("" if can_film() else f'<div class="hint">MP4: {NO_FFMPEG}.</div>')
        row = pn.FlexBox(self.format, self.pixels, self.leads, self.draw, self.download, gap="8px", align_items="center")
        self.pane = pn.Column(row, self._missing, self.bar, self._problem, sizing_mode="stretch_width", margin=0)

    @property
    def drawing(self) -> bool:
        """Whether a film is on its way."""
        return bool(self.bar.visible)

    def show(self, view: RolloutView) -> None:
        """Take over other forecasts; a film of earlier ones is neither offered nor drawn to its end."""
        if view is self._view:
            return
        self._view = view
        self._stop.set()
        self.download.visible = False

    def tick(self) -> None:
        """Bring the progress up to date; called some times a second."""
        if self.drawing:
            show_progress(self.bar, *self.progress)

    def wait(self) -> None:
        """Block until the film is there; for programs without a browser."""
        self._work.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self._stop.set()
        self._work.close()
        self._view = None

    def _on_draw(self, _event: object) -> None:
        view = self._view
        if self.drawing:
            self._stop.set()
        elif view is not None:
            kind, lead = FORMATS[self.format.value], self._play.player.lead
            leads = range(0, len(view.leads), STRIDES[self.leads.value])
            if kind == "png":
                leads = range(min(lead, len(view.leads) - 1), min(lead, len(view.leads) - 1) + 1)
            self._stop.clear()
            self.progress = (0, len(leads))
            tell(self._problem, "problem", "")
            self.draw.param.update(label="Stop", icon="stop")
            self.bar.param.update(visible=True, value=0)
            rate = 1000 / self._play.player.clock.period
            self._work.request(Wanted(view, self._play.film(view), kind, SIZES[self.pixels.value], leads, rate))

    def _draw(self, wanted: Wanted) -> tuple[str, bytes]:
        count = len(wanted.leads)
        if count > MOST_FRAMES:
            raise InputError(f"a film may have {MOST_FRAMES} frames; came {count}. Draw fewer of the leads")
        film = wanted.make(wanted.pixels)
        across, down = film.size
        if wanted.kind == "gif" and count * across * down > MOST_GIF_PIXELS:
            raise InputError(
                f"a GIF may have {MOST_GIF_PIXELS / 1e6:.0f} million pixels in all; came {count} frames of {across} × {down}, "
                f"{count * across * down / 1e6:.0f} million. Take MP4, fewer leads, or a smaller width"
            )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"rollout.{wanted.kind}"
            frames = self._frames(film, wanted.leads)
            if wanted.kind == "png":
                write_png(next(frames), path)
            elif wanted.kind == "gif":
                samples = [film.frame(wanted.leads[k]) for k in (0, count // 2, count - 1)]
                write_gif(frames, samples, wanted.rate, path)
            else:
                write_mp4(frames, film.size, wanted.rate, path)
            size = path.stat().st_size
            if size > MOST_BYTES:
                raise InputError(
                    f"the film has {size_of(size)}; at most {size_of(MOST_BYTES)} go through the page. Draw fewer leads, or "
                    "take a smaller width"
                )
            return path.name, path.read_bytes()

    def _frames(self, film: Film, leads: range) -> Iterator[np.ndarray]:
        for number, lead in enumerate(leads):
            if self._stop.is_set():
                raise InputError(f"stopped after {number} of {len(leads)} frames; nothing of it is kept")
            yield film.frame(lead)
            self.progress = (number + 1, len(leads))

    def _on_drawn(self, wanted: Wanted, drawn: tuple[str, bytes]) -> None:
        name, content = drawn
        frames = f", {len(wanted.leads)} frames" if wanted.kind != "png" else ""
        label = f"Download {name} ({size_of(len(content))}{frames})"
        with one_message():
            self._ready()
            if wanted.view is self._view:
                self.download.param.update(file=BytesIO(content), filename=name, label=label, visible=True)

    def _on_failed(self, problem: str) -> None:
        with one_message():
            self._ready()
            tell(self._problem, "problem", problem)

    def _ready(self) -> None:
        self.draw.param.update(label="Draw", icon="movie")
        self.bar.visible = False
