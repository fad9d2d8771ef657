"""The scripts of a room in the browser: each is told a state, and what it sends comes to one function."""

from collections.abc import Callable
from typing import Any

import param
from panel.custom import JSComponent


class RoomScript(JSComponent):
    """A script of a room: `on_message` is called with each mapping that it sends."""

    state = param.Dict({}, doc="What the browser is told.")

    def __init__(self, on_message: Callable[[dict[str, Any]], Any], **layout: Any) -> None:
        super().__init__(**layout)
        self._on_message = on_message

    def say(self, **changes: object) -> None:
        """Change some of what the browser is told."""
        state = {**self.state, **changes}
        if state != self.state:
            self.state = state

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, dict):
            self._on_message(data)
