"""The content of a help drawer: what the numbers of a page mean, with their formulas."""

from collections.abc import Sequence

import panel as pn

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
