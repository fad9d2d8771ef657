"""Presenter mode: a page that is read from the last row of a lecture hall, and moved by keys."""

from typing import Any

import param
from panel.custom import JSComponent

from backends.pictures.coastlines import ASSETS
from dashboard.scenes import scene_address, scenes

OPENER = """
.opener { font: inherit; font-size: 13px; color: #fff; background: none; border: 1px solid rgb(255 255 255 / 45%);
  border-radius: 4px; padding: 3px 9px; cursor: pointer; white-space: nowrap; }
.opener:hover { background: rgb(255 255 255 / 14%); }
.opener:focus-visible { outline: 2px solid #fff; outline-offset: 1px; }
"""


class Presenter(JSComponent):
    """A button in the header, and the key P, which begin it; how everything looks then is the browser's affair.

    Parameters
    ----------
    scene
        Name of the scene that the page stands in; empty if it stands in none.
    theme
        Of the addresses of other scenes.
    sidebar
        Whether the page has a sidebar, which goes and comes.
    """

    scenes = param.Dict({}, doc="What `ways` returns.")
    sidebar = param.Boolean(default=True, doc="Whether the page has a sidebar.")

    _esm = "\n".join(
        (ASSETS / f"{part}.js").read_text(encoding="utf-8") for part in ("enlarge", "spotlight", "tray", "presenter")
    )
    _stylesheets = [OPENER]  # noqa: RUF012, as Panel has it

    def __init__(self, scene: str, theme: str, sidebar: bool) -> None:
        super().__init__(scenes=ways(scene, theme), sidebar=sidebar, margin=(0, 4), align="center")


def ways(scene: str, theme: str = "") -> dict[str, Any]:
    """Return where the keys lead from a scene: ``previous``, ``next`` and the addresses of its ``chapter``; its ``title``,
    and in ``spotlight`` the labels of the controls that it speaks of.

    From a page that stands in no scene, the next one is the first of all, and the chapter is the first.
    """
    names = list(scenes())
    here = names.index(scene) if scene in names else -1
    chapter = scenes()[names[max(here, 0)]].chapter
    own = [name for name in names if scenes()[name].chapter == chapter]
    address = {name: scene_address(name, theme) for name in names}
    return {
        "title": f"{here + 1} of {len(names)}: {scenes()[scene].title}" if here >= 0 else f"Scenes: {len(names)}",
        "previous": address[names[here - 1]] if here > 0 else "",
        "next": address[names[here + 1]] if here + 1 < len(names) else "",
        "chapter": [address[name] for name in own],
        "spotlight": list(scenes()[scene].spotlight) if here >= 0 else [],
    }
