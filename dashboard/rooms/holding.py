"""The page of a presenter: what it shows goes to his room, which he opens and closes with a button in the header."""

from typing import Any
from urllib.parse import urlsplit

import param

from backends.errors import InputError
from backends.experiments.pairs import Pairs
from backends.pictures.coastlines import ASSETS
from dashboard.address import Address
from dashboard.presenter import OPENER
from dashboard.rooms.end import PageEnd
from dashboard.rooms.registry import ROOMS, Room, Shown
from dashboard.rooms.script import RoomScript

LONGEST_ORIGIN = 200
CLOSED: dict[str, Any] = {
    "code": "",
    "secret": "",
    "link": "",
    "qr": "",
    "followers": 0,
    "gone": False,
    "problem": "",
    "answer": 0,
}


class RoomButton(RoomScript):
    """A button in the header that opens a room, and a box with its code, its link and the number of followers."""

    state = param.Dict(dict(CLOSED), doc="Code, secret, link and picture of the room, who follows, and whether it is gone.")

    _esm = "".join((ASSETS / name).read_text(encoding="utf-8") for name in ("card.js", "room.js"))
    _stylesheets = [OPENER, ".bar { display: flex; gap: 8px; }"]  # noqa: RUF012, as Panel has it

    def __init__(self, on_message: Any) -> None:
        super().__init__(on_message, margin=(0, 4), align="center")


class Holding(PageEnd):
    """A page that may have a room, and shows it what is on it.

    Parameters
    ----------
    path
        Of the page.
    address
        What says its state; None of a page without one.
    """

    def __init__(self, path: str, address: Address | None) -> None:
        self._path, self._address = path, address
        self._scene = "" if address is None or address.scene is None else address.scene.name
        self._room: Room | None = None
        self.button = RoomButton(self._on_message)
        if address is not None:
            address.told = self._show
        super().__init__()

    def close(self) -> None:
        """Let go of the room when the session ends; the presenter may be on his next page already."""
        super().close()
        if self._room is not None:
            self._room.let_go(self)

    def _on_message(self, data: dict[str, Any]) -> None:
        origin = data.get("origin")
        if data.get("close") is True and self._room is not None:
            ROOMS.close(self._room)
        elif not isinstance(origin, str):
            return
        elif data.get("open") is True and self._room is None:
            self._open(origin)
        elif isinstance(code := data.get("code"), str) and isinstance(secret := data.get("secret"), str):
            self._hold(code, secret, origin)

    def _open(self, origin: str) -> None:
        try:
            link = join_link(origin)
            room = ROOMS.open(self._shown(() if self._address is None else self._address.now()))
        except InputError as problem:
            self.button.say(problem=str(problem))
            return
        self._hold(room.code, room.secret, link.partition("/join")[0])

    def _hold(self, code: str, secret: str, origin: str) -> None:
        """Take up a room that the presenter has opened on this page or another."""
        room = ROOMS.get(code)
        try:
            link = f"{join_link(origin)}?room={code}"
        except InputError as problem:
            self.button.say(problem=str(problem))
            return
        if room is None or not room.hold(self, secret):
            self.button.say(**{**CLOSED, "gone": True, "answer": self._answer()})
            return
        if self._room not in (None, room):
            self._room.let_go(self)
        self._room = room
        self.button.say(
            code=code, secret=secret, link=link, qr=picture_of(link), followers=room.followers, gone=False, problem="",
            answer=self._answer(),
        )  # fmt: skip
        if self._address is None:
            self._show(())
        else:
            self._address.touch()

    def _answer(self) -> int:
        """Return another number each time: a browser that asks again has not heard the same before, as its page was loading."""
        return int(self.button.state["answer"]) + 1

    def _show(self, pairs: Pairs) -> None:
        if self._room is not None:
            self._room.show(self._shown(pairs))

    def _shown(self, pairs: Pairs) -> Shown:
        return Shown(self._path, self._scene, pairs)

    def _look(self) -> None:
        room = self._room
        if room is None:
            return
        if room.closed:
            self._room = None
            self.button.say(**{**CLOSED, "gone": True})
        else:
            self.button.say(followers=room.followers)


def join_link(origin: str) -> str:
    """Return where one joins a room, under the address that the presenter's browser knows the server by.

    Raises
    ------
    InputError
        If that is no address of a server.
    """
    try:
        parts = urlsplit(origin)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or len(origin) > LONGEST_ORIGIN:
        raise InputError(f"the address of the server must begin with http:// or https://; came {origin!r:.60}")
    return f"{parts.scheme}://{parts.netloc}/join"


def picture_of(link: str) -> str:
    """Return a QR code as the address of a picture."""
    import segno

    return str(segno.make(link, error="m", micro=False).svg_data_uri(scale=1, border=2, dark="#000", light="#fff"))
