"""What a visitor without a browser takes for the page and for answers."""

import pytest

from benchmarks.visitor import Move, Visitor

SETTINGS = r'{"attr":"text","new":"data-role=&quot;settings&quot;&gt;for \u03c3&lt;sub&gt;b&lt;/sub&gt; 0.5 &lt;"}'
PICTURE = '{"kind":"ColumnDataChanged","attr":"data"}'


@pytest.mark.parametrize("messages", [[SETTINGS, PICTURE], [PICTURE, SETTINGS], [SETTINGS + PICTURE]])
def test_the_page_is_open_when_settings_and_a_picture_have_come_in_whatever_messages(messages):
    visitor = Visitor("")
    for message in messages:
        assert not visitor._pictured.is_set()
        visitor._on_patch(message, 0.0)
    assert visitor._pictured.is_set()


def test_a_move_is_answered_by_its_settings_together_with_a_picture():
    visitor = Visitor("", moves=[Move("0.4", 1.0), Move("0.5", 2.0), Move("0.6", 3.0)])
    visitor._on_patch(SETTINGS, 4.0)
    visitor._on_patch(PICTURE, 5.0)
    assert [move.answered for move in visitor.moves] == [None] * 3
    visitor._on_patch(SETTINGS + PICTURE, 6.0)
    assert [(move.answered, move.own) for move in visitor.moves] == [(6.0, False), (6.0, True), (None, False)]
    assert visitor.lost
