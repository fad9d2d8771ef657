"""The address of a page holds its whole state: it follows what a person does, and what it says is taken over."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from unicodedata import normalize
from urllib.parse import parse_qsl, quote_plus

import panel as pn
import panel_material_ui as pmui

from backends.errors import InputError
from backends.experiments.pairs import Pairs
from dashboard.activity import follow
from dashboard.address_bar import AddressBar
from dashboard.controls import notice, one_message, tell
from dashboard.scenes import ScenePanel, scene_address, scenes

#: Of the form in which addresses say a state; an address says it as `v`.
VERSION = "1"
#: Characters of a query. Longer ones are cut off on some ways, and refused by some servers.
LONGEST = 8000
#: Milliseconds between two looks at the state. Browsers refuse addresses that change some hundred times in half a minute.
LOOK_EVERY = 400
#: What is in an address and not of the page's state: form, mode, and the scene of a lecture.
_OURS = ("v", "theme", "scene")
#: What brings a page back to a session that the server has forgotten, and to a room that is closed.
_OF_THE_WAY = ("bokeh-session-id", "room")
TOO_LONG = (
    "These settings make an address of {length:,} characters; at most {longest:,} arrive everywhere. Download the file on the "
    "File tab, and hand that on."
)


class Addressed(Protocol):
    """What an address can be the state of; made by each page."""

    #: The keys whose change is a step that the browser's Back undoes; the first of a level of keys may stand for all.
    STEPS: Sequence[str]

    def pairs(self) -> Pairs | None:
        """Return the state; None while another one is on its way.

        Raises
        ------
        InputError
            If settings are out of range.
        """

    def take(self, pairs: Pairs) -> Sequence[str]:
        """Take over a state, as far as it is right, and return a sentence for whatever is not."""


class Address:
    """Keeps the address of a page in step with its state, and the other way round when a person goes back and forward.

    The state is not watched but looked up a moment after something has happened in the session: so every change is seen,
    whoever makes it, none more often than browsers like, and a page that rests costs nothing. What changes a page without
    having been asked by its browser, such as a timer, calls :meth:`touch`.

    Parameters
    ----------
    page
        What the address is of.
    query
        What it said when the page was opened.
    beside
        Called when the state is looked at: what else is brought up to date when a page rests, in the same message.
    """

    def __init__(self, page: Addressed, query: str = "", beside: Callable[[], None] = lambda: None) -> None:
        self._page, self._beside = page, beside
        self.faults: tuple[str, ...] = ()
        #: Told of the state whenever it is looked up; set by a page whose room shows it to others.
        self.told: Callable[[Pairs], Any] = lambda _pairs: None
        self._said = notice("problem")
        self._close = pmui.IconButton(icon="close", size="small", description="Close", on_click=lambda _: self._say(()))
        self.notice = pn.Row(self._said, self._close, sizing_mode="stretch_width", margin=(4, 14, 0, 14), visible=False)
        self.bar = AddressBar(on_travel=self.travel)
        given = dict(_pairs_of(query))
        self._theme, name = given.get("theme", ""), given.get("scene", "")
        self.scene = ScenePanel(name, self.apply, self._link) if name in scenes() else None
        self._written: Pairs = ()
        self._settled = False
        self._read(query)
        self._document, self._looking = pn.state.curdoc, False
        if self._document is not None:
            pn.state.onload(self._on_load)

    def travel(self, query: str) -> None:
        """Take over what the address says after a person went back or forward."""
        asked = _pairs_of(query)
        if _state_of(asked) and _state_of(asked) != self._written:
            self._read(query)

    def touch(self) -> None:
        """Look at the state in a moment."""
        if self._document is not None and not self._looking:
            self._looking = True
            self._document.add_timeout_callback(self._look_now, LOOK_EVERY)

    def look(self) -> None:
        """Write the state into the address, if it is another."""
        try:
            pairs = self._page.pairs()
        except InputError as problem:
            self.bar.refuse(f"The address still says the last settings that were right: {problem}")
            return
        if pairs is not None:
            self.told(pairs)
        if pairs is None or (pairs == self._written and not self.bar.wanted["refused"]):
            self._settled = self._settled or pairs is not None
            return
        step = self._settled and _steps(pairs, self._page.STEPS) != _steps(self._written, self._page.STEPS)
        query = query_of(pairs, self._theme, "" if self.scene is None else self.scene.name)
        self._written, self._settled = pairs, True
        if len(query) > LONGEST:
            self.bar.refuse(TOO_LONG.format(length=len(query), longest=LONGEST))
        else:
            self.bar.write(query, step)

    def now(self) -> Pairs:
        """Return the state, or the last one that was right where another one is on its way."""
        try:
            pairs = self._page.pairs()
        except InputError:
            pairs = None
        return self._written if pairs is None else pairs

    def add(self, fault: str) -> None:
        """Say of something else in the address that it does not count, which has turned out since."""
        self._say((*self.faults, fault))

    def apply(self, changes: Pairs, whole: bool = False) -> None:
        """Take over other values of some keys, or, as a whole, a state in place of this one."""
        kept = {} if whole else dict(self._written)
        self._say(self._take(tuple({**kept, **dict(changes)}.items())))

    def close(self) -> None:
        """Stop following: when the session ends, and where the page only follows another."""
        self._document = None

    def _on_load(self) -> None:
        if self._document is not None:
            follow(self._document, self)
            self.touch()

    def _look_now(self) -> None:
        self._looking = False
        if self._document is not None:
            with one_message():
                self._beside()
                self.look()

    def _read(self, query: str) -> None:
        asked = _pairs_of(query)
        state = _state_of(asked) or (() if self.scene is None else self.scene.scene.pairs)
        version, name = dict(asked).get("v", VERSION), dict(asked).get("scene", "")
        faults = [] if version == VERSION else [f"v: this program knows addresses of version {VERSION}; came {version!r:.20}"]
        if name not in ("", *scenes()):
            faults.append(f"scene: there is none of this name; came {name!r:.60}")
        if state:
            faults += self._take(state)
        self._written, self._settled = state, False
        self._say(tuple(faults))

    def _take(self, state: Pairs) -> tuple[str, ...]:
        """Take over a state, and return all that is wrong of it, with what the page has said meanwhile by `add`."""
        self.faults = ()
        return (*self._page.take(state), *self.faults)

    def _link(self, name: str) -> str:
        return scene_address(name, self._theme)

    def _say(self, faults: tuple[str, ...]) -> None:
        """Say what of the address is wrong, until a person has read it."""
        self.faults = faults
        tell(self._said, "problem", f"This of the address does not count: {'; '.join(faults)}" if faults else "")
        self.notice.visible = bool(faults)


def says_something(query: str) -> bool:
    """Return whether an address says anything of a state."""
    pairs = _pairs_of(query)
    return bool(_state_of(pairs)) or dict(pairs).get("scene") in scenes()


def query_of(pairs: Pairs, theme: str = "", scene: str = "") -> str:
    """Return pairs as the query of an address, which begins with a question mark."""
    ours = tuple((key, text) for key, text in (("scene", scene), ("theme", theme)) if text)
    whole = (("v", VERSION), *pairs, *ours)
    return "?" + "&".join(f"{quote_plus(key)}={quote_plus(text, safe='/:,')}" for key, text in whole)


def link(page: str, pairs: Pairs | Mapping[str, str], theme: str = "") -> str:
    """Return the address of a page, such as ``explore``, in a state."""
    return page + query_of(tuple(pairs.items()) if isinstance(pairs, Mapping) else pairs, theme)


def apart(pairs: Pairs, keys: Sequence[str]) -> tuple[Pairs, Pairs]:
    """Return the pairs with one of the keys, and the others."""
    return tuple(pair for pair in pairs if pair[0] in keys), tuple(pair for pair in pairs if pair[0] not in keys)


def asked() -> str:
    """Return the query of the address that the page was opened with."""
    arguments: Mapping[str, list[bytes]] = pn.state.session_args
    given = [
        (key, value.decode(errors="replace")) for key, values in arguments.items() if key not in _OF_THE_WAY for value in values
    ]
    return "&".join(f"{quote_plus(key)}={quote_plus(text)}" for key, text in given)


@dataclass(frozen=True)
class Tab:
    """The tab of a page, whose name in addresses is that on the page in small letters with hyphens."""

    tabs: Any
    names: Sequence[str]

    @property
    def name(self) -> str:
        """Of the tab that is shown."""
        return tab_name(self.names[self.tabs.active])

    def show(self, name: str) -> None:
        """Show a tab."""
        self.tabs.active = [tab_name(known) for known in self.names].index(name)


def tab_name(label: str) -> str:
    """Return what addresses call a tab."""
    plain = normalize("NFD", label).encode("ascii", "ignore").decode()
    return plain.lower().replace(" ", "-")


def _pairs_of(query: str) -> Pairs:
    return tuple(parse_qsl(query.removeprefix("?"), keep_blank_values=True, errors="replace"))


def _state_of(pairs: Pairs) -> Pairs:
    return apart(pairs, _OURS)[1]


def _steps(pairs: Pairs, steps: Sequence[str]) -> Pairs:
    return tuple(pair for pair in pairs if any(pair[0] == step or pair[0].startswith(f"{step}.") for step in steps))
