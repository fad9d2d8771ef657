"""What the figures of trainings share: a title, a legend that fits a narrow figure, and plain numbers on the axes."""

from collections.abc import Sequence

from bokeh.models import CustomJSTicker
from bokeh.models.annotations.labels import Title
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.race.frame import legend

#: Writes the numbers of an axis.
PLAIN = """
    const known = Number(tick.toPrecision(3))
    const far = (known && Math.abs(known) < 1e-3) || Math.abs(known) >= 1e5
    return (far ? known.toExponential() : known.toString()).replace("e+", "e").replace(/-/g, "−")
"""

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


def head(fig: figure, text: str) -> None:
    """Put a title above everything that is there."""
    fig.add_layout(Title(text=text, text_font_size="13px", standoff=2), "above")


def compact(fig: figure, entries: Sequence[tuple[str, list[GlyphRenderer]]]) -> None:
    """Put a legend above the frame, in rows of three short entries; a click on one hides what it names."""
    legend(fig, entries, columns=3 if len(entries) > 3 else 0)
    # It may begin left of the frame, beside the numbers of the axis.
    fig.legend[0].update(location=(-50, 0), glyph_width=14, glyph_height=14, label_standoff=4, spacing=0, padding=2)


def log_ticks() -> CustomJSTicker:
    """Return ticks at 1, 2, 5, 10, … where the axis spans few decades, and at powers of ten where it spans many."""
    return CustomJSTicker(major_code=_TICKS, minor_code="return []")
