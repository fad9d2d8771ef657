"""The scene that a page stands in: its text, formulas and questions, what to try next, and the way to other scenes."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import panel as pn
import panel_material_ui as pmui

from backends.experiments.pairs import Pairs, to_pairs
from backends.experiments.scenes import Scene, load_scenes
from backends.pictures.coastlines import ASSETS
from dashboard.controls import html

#: A picture of each scene, which `python -m scripts.screenshots scenes` takes.
PICTURES = ASSETS / "scenes" / "pictures"
#: Round the buttons of a scene, which have one row in a small window.
CLOSE = (4, 3)


@cache
def scenes() -> Mapping[str, Scene]:
    """Return all scenes in their order, by name."""
    return load_scenes(ASSETS / "scenes")


def scene_address(name: str, theme: str = "") -> str:
    """Return the address of a scene, relative to the server."""
    asked = {"v": "1", "scene": name} | ({"theme": theme} if theme else {})
    return f"{scenes()[name].page}?{urlencode(asked)}"


class ScenePanel:
    """A box above the content of a page.

    Parameters
    ----------
    name
        Of the scene.
    apply
        Takes over changes of keys, or all settings where its second argument is true.
    address
        Makes the address of another scene from its name.
    """

    def __init__(self, name: str, apply: Callable[[Pairs, bool], Any], address: Callable[[str], str]) -> None:
        self.name, self.scene = name, scenes()[name]
        scene = self.scene
        self._apply, self._address = apply, address
        number, names = list(scenes()).index(name), list(scenes())
        heading = f'<span class="hint">{escape(scene.chapter)} · {number + 1} of {len(names)}</span>'
        self._heading = html(f'<div class="heading"><h2>{escape(scene.title)}</h2>{heading}</div>')
        self.close = pmui.IconButton(
            icon="close", size="small", description="Leave the scene; the settings stay", on_click=lambda _: self.leave()
        )
        self.fold = pmui.Button(
            label="Hide text", icon="expand_less", variant="text", size="small", margin=CLOSE,
            on_click=lambda _: self._on_fold(), css_classes=["way"],
            description="Leaves its place to the pictures, or takes it back",
        )  # fmt: skip
        self.tries = [
            pmui.Button(
                label=change.label,
                css_classes=["try"],
                variant="outlined",
                size="small",
                margin=CLOSE,
                on_click=self._doing(to_pairs(change.set)),
                description=f"Sets {', '.join(f'{key} to {value}' for key, value in to_pairs(change.set))}",
            )
            for change in scene.try_next
        ]
        again = pmui.Button(
            label="From the beginning", icon="replay", variant="text", size="small", margin=CLOSE,
            on_click=lambda _: apply(scene.pairs, True), description="All settings as the scene began",
            css_classes=["try"],
        )  # fmt: skip
        ways = [
            pmui.Button(
                label=label,
                icon=icon,
                variant="text",
                size="small",
                margin=CLOSE,
                href=address(names[to]),
                css_classes=["way"],
                description=scenes()[names[to]].title,
            )
            for label, icon, to in (("Previous", "arrow_back", number - 1), ("Next", "arrow_forward", number + 1))
            if 0 <= to < len(names)
        ]
        formulas = [
            pn.pane.LaTeX(
                f"${formula}$", renderer="katex", styles={"font-size": "14px"}, margin=(2, 12), css_classes=["formula"]
            )
            for formula in scene.formulas
        ]
        questions = "".join(f"<li>{escape(question)}</li>" for question in scene.questions)
        self._lacking = html(visible=False)
        self._again = again
        self._text = pn.Column(
            html(f'<div class="said">{escape(scene.text)}</div>', margin=(2, 10)),
            pn.FlexBox(*formulas, align_items="center", sizing_mode="stretch_width"),
            html(f'<ul style="margin: 0">{questions}</ul>', margin=(2, 10)),
            sizing_mode="stretch_width", margin=0, styles={"max-height": "none"}, css_classes=["scene-text"],
        )  # fmt: skip
        self.pane = pn.Column(
            pn.Row(self._heading, self.close, sizing_mode="stretch_width", margin=0, css_classes=["scene-head"]),
            self._lacking,
            self._text,
            pn.FlexBox(*self.tries, again, self.fold, *ways, gap="0", align_items="center", sizing_mode="stretch_width"),
            sizing_mode="stretch_width", margin=(4, 14), css_classes=["scene"],
            styles={"border-left": "4px solid #0f4c81", "padding": "0 0 2px 8px", "background": "rgba(15, 76, 129, 0.07)"},
        )  # fmt: skip

    def open_groups(self, sidebar: Sequence[pn.viewable.Viewable]) -> None:
        """Open the groups of the sidebar in which the controls lie that the scene speaks of."""
        headings: list[Any] = [heading for part in sidebar for heading in part.select(pmui.Toggle)]
        for heading in headings:
            if heading.label in self.scene.opened:
                heading.value = True

    def leave(self) -> None:
        """Take the box away."""
        self.pane.visible = False

    def _on_fold(self) -> None:
        """Leave the place of the text to what it speaks of, or take it back."""
        self._text.visible = not self._text.visible
        seen = self._text.visible
        self.fold.param.update(label="Hide text" if seen else "Show text", icon="expand_less" if seen else "expand_more")

    def lacks(self, folder: Path) -> bool:
        """Return whether the file that the scene is of is not in the data folder; the box then says so, and leads on."""
        if not missing(self.scene, folder):
            return False
        names = list(scenes())
        later = [name for name in names[names.index(self.name) + 1 :] if not missing(scenes()[name], folder)]
        onward = (
            f' Or go on with <a href="{escape(self._address(later[0]))}">{escape(scenes()[later[0]].title)}</a>.'
            if later
            else ""
        )
        said = (
            f"<b>There is nothing to see yet: this scene is of a file that does not come with the program.</b><br>"
            f"Put <code>{escape(needs(self.scene))}</code> into the data folder <code>{escape(str(folder))}</code>, or start "
            f"the server with <code>--data FOLDER</code> where it is, and load this page again.{onward}"
        )
        self._lacking.param.update(object=f'<div class="problem" role="status">{said}</div>', visible=True)
        for button in (*self.tries, self._again):
            button.visible = False
        return True

    def _doing(self, changes: Pairs) -> Callable[[object], None]:
        return lambda _event: self._apply(changes, False)


def needs(scene: Scene) -> str:
    """Return the file in the data folder that a scene is of; empty if it needs none."""
    return dict(scene.pairs).get("case.path", "")


def missing(scene: Scene, folder: Path) -> bool:
    """Return whether the file that a scene is of is not in the data folder."""
    return bool(needs(scene)) and not (folder / needs(scene)).exists()


def gallery(address: Callable[[str], str], folder: Path) -> str:
    """Return markup with a card for each scene, in their order, by chapter.

    Parameters
    ----------
    address
        Makes the address of a scene from its name.
    folder
        Of the data; a card says what is missing there.
    """
    chapters: dict[str, list[str]] = {}
    for name, scene in scenes().items():
        chapters.setdefault(scene.chapter, []).append(_card(name, address(name), folder))
    parts = (f'<h3>{escape(chapter)}</h3><div class="scenes">{"".join(cards)}</div>' for chapter, cards in chapters.items())
    first = next(iter(scenes()))
    begin = (
        f'<p class="begin">A first lecture: open <a href="{escape(address(first))}">{escape(scenes()[first].title)}</a> '
        "and press <kbd>P</kbd>. Each scene brings sentences to say, formulas, questions to the audience and what to try next; "
        "<kbd>→</kbd> goes on to the next one, <kbd>?</kbd> lists the keys.</p>"
    )
    return f'<h2 class="section" id="scenes">Scenes for a lecture</h2>{begin}{"".join(parts)}'


def _card(name: str, href: str, folder: Path) -> str:
    scene, file = scenes()[name], needs(scenes()[name])
    picture = f'<img src="/assets/scenes/pictures/{name}.webp" alt="" loading="lazy">' if _pictured(name) else ""
    said = f'<p class="missing">Not here yet: put {escape(file)} into the data folder.</p>' if missing(scene, folder) else ""
    about = f'<p>{escape(scene.line)}</p><p class="hint">{scene.page.capitalize()}</p>'
    return f'<a class="card" href="{escape(href)}">{picture}<h4>{escape(scene.title)}</h4>{about}{said}</a>'


@cache
def _pictured(name: str) -> bool:
    return (PICTURES / f"{name}.webp").exists()
