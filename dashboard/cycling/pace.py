"""Pictures no faster than the browser can draw them."""

import time

import panel as pn

#: Seconds after which a picture is sent whether the one before has been seen or not.
PATIENCE = 3.0


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
        self._number, self._when = 0, 0.0
        self.pane = pn.Row(self._sent, self._seen, visible=False)

    @property
    def ready(self) -> bool:
        """Whether another picture may be sent."""
        return self._seen.value == self._number or time.monotonic() - self._when > PATIENCE

    def sending(self) -> None:
        """Say that a picture is being sent; in the same message."""
        self._number += 1
        self._sent.value = self._number
        self._when = time.monotonic()
