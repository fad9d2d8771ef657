"""Help beside the tabs of a page: what its numbers mean, with their formulas; its keys, and the way to its tour."""

from collections.abc import Sequence
from html import escape

import panel as pn
import panel_material_ui as pmui

from dashboard.controls import html
from dashboard.key_list import EVERYWHERE
from dashboard.keys import KeyLines
from dashboard.tour import TourButton


def help_content(
    topics: Sequence[tuple[str, str, str]], title: str = "What the numbers mean", keys: KeyLines = ()
) -> pn.Column:
    """Return topics, each a heading, a sentence or two in our own markup, and a formula in TeX or nothing; and keys."""
    parts: list[pn.viewable.Viewable] = [html(f'<h2 class="section">{title}</h2>')]
    for heading, text, formula in (*topics, ("Keys", _table(keys), "")):
        parts.append(html(f'<div class="topic"><b>{heading}</b><div class="hint">{text}</div></div>'))
        lines = formula.split(r",\quad") if len(formula) > 110 else [formula] if formula else []
        parts += [
            pn.pane.LaTeX(f"${line}$", renderer="katex", styles={"font-size": "13px"}, margin=(2, 0, 2, 8)) for line in lines
        ]
    return pn.Column(*parts, width=500, margin=(6, 14))


def _table(keys: KeyLines) -> str:
    rows = "".join(
        f"<tr><th>{escape('  '.join(names))}</th><td>{escape(about)}</td></tr>" for names, about in (*keys, *EVERYWHERE)
    )
    return f'They work while no text, list or slider has the focus.<table class="about">{rows}</table>'


class Help:
    """A button that opens a drawer with the topics of a page; its content is made when it is opened first.

    Parameters
    ----------
    topics, title
        See :func:`help_content`.
    about
        What the button is described by.
    keys
        Those of the page.
    """

    def __init__(self, topics: Sequence[tuple[str, str, str]], title: str, about: str, keys: KeyLines = ()) -> None:
        self._topics, self._title, self._keys = topics, title, keys
        self._about = about
        self.drawer = pmui.Drawer(anchor="right", size=530, open=False)
        self.button = self.another()

    def another(self) -> pmui.Button:
        """Return one more button, for a view that takes the place of the one with the first."""
        return pmui.Button(
            label="Help", icon="help_outline", variant="text", size="small", align="center", on_click=self._on_click,
            description=self._about, css_classes=["desk"],
        )  # fmt: skip

    def _on_click(self, _event: object) -> None:
        if not self.drawer.objects:
            close = pmui.IconButton(icon="close", size="small", description="Close", on_click=lambda _: self._shut())
            top = pn.Row(TourButton(self._shut), pn.Spacer(sizing_mode="stretch_width"), close, sizing_mode="stretch_width")
            self.drawer.objects = [top, help_content(self._topics, self._title, self._keys)]
        self.drawer.open = True

    def _shut(self) -> None:
        self.drawer.open = False
