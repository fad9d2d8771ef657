"""Help beside the tabs of a page: what its numbers mean, with their formulas."""

from collections.abc import Sequence

import panel as pn
import panel_material_ui as pmui

from dashboard.controls import html


def help_content(topics: Sequence[tuple[str, str, str]], title: str = "What the numbers mean") -> pn.Column:
    """Return topics, each a heading, a sentence or two in our own markup, and a formula in TeX or nothing."""
    parts: list[pn.viewable.Viewable] = [html(f'<h2 class="section">{title}</h2>')]
    for heading, text, formula in topics:
        parts.append(html(f'<div class="topic"><b>{heading}</b><div class="hint">{text}</div></div>'))
        lines = formula.split(r",\quad") if len(formula) > 110 else [formula] if formula else []
        parts += [
            pn.pane.LaTeX(f"${line}$", renderer="katex", styles={"font-size": "13px"}, margin=(2, 0, 2, 8)) for line in lines
        ]
    return pn.Column(*parts, width=500, margin=(6, 14))


class Help:
    """A button that opens a drawer with the topics of a page; its content is made when it is opened first.

    Parameters
    ----------
    topics, title
        See :func:`help_content`.
    about
        What the button is described by.
    """

    def __init__(self, topics: Sequence[tuple[str, str, str]], title: str, about: str) -> None:
        self._topics, self._title = topics, title
        self.drawer = pmui.Drawer(anchor="right", size=530, open=False)
        self.button = pmui.Button(
            label="Help", icon="help_outline", variant="text", size="small", on_click=self._on_click, description=about
        )

    def _on_click(self, _event: object) -> None:
        if not self.drawer.objects:
            self.drawer.objects = [help_content(self._topics, self._title)]
        self.drawer.open = True
