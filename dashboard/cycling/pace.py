"""Pictures no faster than the browser can draw them."""

import time

import panel as pn

#: Seconds after which a picture is sent whether the one before has been seen or not.
PATIENCE = 3.0
#: Time that the browser is left for everything else, as a part of the time it takes to draw a picture.
REST = 0.25


class Pace:
    """Knows whether the browser has drawn the newest picture, by a number that it sends back after the drawing.

    Without this, pictures that come faster than a slow browser draws them queue up, and it shows the past.
    """

    def __init__(self) -> None:
        self._sent = pn.widgets.IntInput(value=0, visible=False)
        self._seen = pn.widgets.IntInput(value=0, visible=False)
        # The second frame begins after the first, with all that has changed, has been painted.
        self._sent.jscallback(
            value="requestAnimationFrame(() => requestAnimationFrame(() => { seen.value = cb_obj.value }))",
            args={"seen": self._seen},
        )
        self._number, self._when, self._again = 0, 0.0, 0.0
        self._seen.param.watch(self._on_seen, "value")
        self.pane = pn.Row(self._sent, self._seen, visible=False)

    @property
    def answering(self) -> tuple[pn.widgets.Widget, ...]:
        """What the browser answers with."""
        return (self._seen,)

    @property
    def ready(self) -> bool:
        """Whether another picture may be sent."""
        now = time.monotonic()
        seen = self._seen.value == self._number and now >= self._again
        return seen or now - self._when > PATIENCE

    def sending(self) -> None:
        """Say that a picture is being sent; in the same message."""
        self._number += 1
        self._sent.value = self._number
        self._when = time.monotonic()

    def _on_seen(self, _event: object) -> None:
        now = time.monotonic()
        self._again = now + REST * (now - self._when)
