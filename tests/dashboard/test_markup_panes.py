"""Panes for our own markup: what the browser is sent when their text changes."""

import panel as pn
from bokeh.document import Document

from dashboard.controls import html, notice, tell


def shown(pane):
    """Return the model of a pane, and the names of its properties that are sent from now on."""
    document, sent = Document(), []
    document.add_root(model := pane.get_root(document))
    document.on_change(lambda event: sent.append(event.attr))
    return model, sent


def test_a_new_text_is_sent_and_nothing_else():
    pane = html("one")
    model, sent = shown(pane)
    pane.object = "<b>two</b>"
    assert model.text == "&lt;b&gt;two&lt;/b&gt;"
    assert sent == ["text"]


def test_a_notice_that_is_told_something_appears_with_it_and_goes():
    pane = notice("problem")
    model, _ = shown(pane)
    assert not model.visible
    tell(pane, "problem", "sigma is <negative>")
    assert model.visible
    assert "Sigma is &amp;lt;negative" in model.text
    tell(pane, "problem", "")
    assert not model.visible
    assert model.text == ""


def test_text_that_somebody_shows_gets_panels_own_pane():
    assert type(pn.panel("<b>text</b>")) is not type(html("one"))
