"""What the figures of trainings share: a title, a legend that fits a narrow figure, and plain numbers on the axes."""

from collections.abc import Sequence
from textwrap import fill

from bokeh.models import CustomJSTicker
from bokeh.models.annotations.labels import Title
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.race.frame import legend

#: Pixels that titles and legends of the narrowest figures have.
ROOM = 260

_TICKS = """
    const low = Math.log10(cb_data.start), high = Math.log10(cb_data.end)
    const digits = high - low < 0.9 ? [1, 1.5, 2, 3, 4, 5, 7] : high - low < 2.2 ? [1, 2, 5] : [1]
    const step = Math.max(1, Math.ceil((high - low) / 6))
    const ticks = []
    for (let power = Math.floor(low); power <= Math.ceil(high); power++)
        if (power % step == 0)
            for (const digit of digits) {
                const tick = digit * 10 ** power
                if (tick >= cb_data.start && tick <= cb_data.end) ticks.push(tick)
            }
    return ticks
"""


def head(fig: figure, text: str, room: int = ROOM) -> None:
    """Put a title above everything that is there, in lines that fit into so many pixels."""
    fig.add_layout(Title(text=fill(text, room // 7), text_font_size="13px", standoff=2), "above")


def compact(fig: figure, entries: Sequence[tuple[str, list[GlyphRenderer]]], room: int = ROOM) -> None:
    """Put a legend above the frame, in rows that fit into so many pixels; a click on an entry hides what it names."""
    widths = [26 + 7.5 * len(name) for name, _ in entries]
    legend(fig, entries, columns=0 if sum(widths) <= room else max(1, int(room / max(widths))))
    # It may begin left of the frame, beside the numbers of the axis.
    fig.legend[0].update(location=(-50, 0), glyph_width=14, glyph_height=14, label_standoff=4, spacing=0, padding=2)


def log_ticks() -> CustomJSTicker:
    """Return ticks at 1, 2, 5, 10, … where the axis spans few decades, and at powers of ten where it spans many."""
    return CustomJSTicker(major_code=_TICKS, minor_code="return []")
