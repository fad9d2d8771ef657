"""The list of keys that `?` opens on every page."""

import param
from panel.custom import JSComponent

from backends.pictures.coastlines import ASSETS
from dashboard.keys import KeyLines

#: Keys that work on every page, in presenter mode and not.
EVERYWHERE: KeyLines = (
    (("?",), "this list"),
    (("P",), "presenter mode: large type, and keys for the scenes of a lecture"),
    (("Tab",), "the next control"),
    (("Escape",), "close a drawer, a list or this"),
)
#: Those of presenter mode, which come before those of the page; see assets/presenter.js.
PRESENTER: KeyLines = (
    (("P", "Escape"), "enter and leave presenter mode"),
    (("→", "←", "PageDown", "PageUp"), "next and previous scene"),
    (("1 … 9",), "a scene of this chapter"),
    (("S",), "spotlight on what the pointer or the focus is on"),
    (("C",), "controls of the sidebar"),
    (("T",), "text of the scene"),
    (("F",), "follow me: the room, its code and link"),
    (("?",), "this list"),
)


class KeyList(JSComponent):
    """What `?` opens; it has no place of its own on the page.

    Parameters
    ----------
    page
        Keys of the page.
    """

    keys = param.Dict({}, doc="Keys of the page, of the presenter, and of all pages, each with what it does.")

    _esm = (ASSETS / "key_list.js").read_text(encoding="utf-8")

    def __init__(self, page: KeyLines = ()) -> None:
        lines = {"page": page, "presenter": PRESENTER, "everywhere": EVERYWHERE}
        plain = {name: [[list(keys), words] for keys, words in known] for name, known in lines.items()}
        super().__init__(keys=plain, width=0, height=0, margin=0)
