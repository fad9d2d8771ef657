"""The tabs of a page, whose views lie in the column of the page itself."""

from collections.abc import Callable, Sequence

import panel as pn
import panel_material_ui as pmui


def empty_tabs(names: Sequence[str], on_change: Callable[..., None]) -> pmui.Tabs:
    """Return tabs without content of their own.

    What a tab that is left takes out of the document, the browser does not know any more when the next result comes.
    """
    tabs = pmui.Tabs(*((name, pn.Spacer(height=0)) for name in names), sizing_mode="stretch_width")
    tabs.param.watch(on_change, "active")
    return tabs


def bring_forward(column: pn.Column, panes: Sequence[pn.viewable.Viewable], chosen: pn.viewable.Viewable) -> None:
    """Show one of the views of a page and hide the others; it is put into the column when it is looked at first, and stays."""
    if chosen not in column.objects:
        column.append(chosen)
    for pane in panes:
        pane.visible = pane is chosen
