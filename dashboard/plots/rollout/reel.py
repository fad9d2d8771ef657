"""Frames that a browser holds and exchanges by itself, so that playing waits for nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from bokeh.models import Callback, ColumnDataSource, CustomJS

#: Bytes of all frames of a page that are sent at once; of more, the server sends each frame when it is its turn.
MOST_BYTES = 30_000_000

# Changing the columns in place, rather than the data, keeps the browser from sending them back to the server.
_DRAW = """
    const lead = clock.data.lead[0]
    for (const [name, frames] of Object.entries(store.data)) {
      const frame = frames[Math.min(lead, frames.length - 1)]
      source.data[name] = single ? [frame] : frame
    }
    source.change.emit()
"""


@dataclass(eq=False)
class Strip:
    """The frames of some columns of a source.

    Attributes
    ----------
    source
        What is drawn.
    frames
        For each column the arrays that it holds, one for each lead.
    single
        Whether a frame is one entry of the column, as an image is, rather than the column.
    """

    source: ColumnDataSource
    frames: Mapping[str, Sequence[np.ndarray]]
    single: bool = False
    store: ColumnDataSource = field(default_factory=ColumnDataSource)

    @property
    def bytes(self) -> int:
        """Bytes of all frames."""
        return sum(frame.nbytes for frames in self.frames.values() for frame in frames)

    def draw(self, lead: int) -> None:
        """Let the source hold the frame of a lead."""
        chosen = {name: frames[min(lead, len(frames) - 1)] for name, frames in self.frames.items()}
        columns = {name: [frame] if self.single else frame for name, frame in chosen.items()}
        self.source.data = {**self.source.data, **columns}


class Reel:
    """All strips that are played together, and the clock that says which frame is shown.

    The clock is a source of Bokeh's, which the player sets in the browser: ``clock.data = {lead: [number]}``.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.clock = ColumnDataSource(data={"lead": [0]})
        self._most = most_bytes
        self._strips: list[Strip] = []
        #: Whether the browser has all frames.
        self.held = True

    @property
    def lead(self) -> int:
        """Number of the frame that is shown."""
        return int(self.clock.data["lead"][0])

    def load(self, strips: Sequence[Strip], lead: int = 0) -> None:
        """Exchange all strips, and show the frame of a lead."""
        self._strips = list(strips)
        self.held = sum(strip.bytes for strip in strips) <= self._most
        draws: list[Callback] = []
        for strip in self._strips:
            strip.draw(lead)
            if not self.held:
                continue
            strip.store.data = {name: list(frames) for name, frames in strip.frames.items()}
            args = {"clock": self.clock, "store": strip.store, "source": strip.source, "single": strip.single}
            draws.append(CustomJS(args=args, code=_DRAW))
        self.clock.js_property_callbacks = {"change:data": draws}
        if self.lead != lead:
            self.clock.data = {"lead": [lead]}

    def go(self, lead: int) -> None:
        """Show the frame of a lead; called when the player has gone there, and does nothing where the browser did it."""
        if not self.held:
            for strip in self._strips:
                strip.draw(lead)

    def clear(self) -> None:
        """Forget all frames."""
        self.load([])


def as_frames(values: np.ndarray) -> list[np.ndarray]:
    """Return an array (K + 1, …) as one array for each lead, in single precision, without infinities."""
    with np.errstate(over="ignore"):
        single = np.asarray(values).astype(np.float32)
    return list(np.where(np.isfinite(single), single, np.float32(np.nan)))
