"""The histogram of a field, with the shares of the area upwards, linear or logarithmic."""

import numpy as np
from bokeh.models import ColumnDataSource, HoverTool
from bokeh.models.glyphs import Quad

from dashboard.plots.cuts import Framed, Scale
from dashboard.plots.numbers import Writers, reading
from dashboard.theme import ANALYSIS

HEIGHT = 330


class LiveShares(Framed):
    """Bars whose data are replaced while the axes stay."""

    def __init__(self) -> None:
        super().__init__(HEIGHT)
        self._source = ColumnDataSource(data={"left": [], "right": [], "share": [], "count": [], "bottom": []})

    def show(self, edges: np.ndarray, share: np.ndarray, count: np.ndarray, x: Scale, log: bool) -> None:
        """Draw bars between edges (n + 1,) of shares (n,), and the numbers of values (n,) that the pointer reads."""
        percent = 100 * share
        some = percent[percent > 0]
        low = float(some.min()) / 2 if log else 0.0
        y = Scale("number", "share of the area [%]", "share", log=log)
        ends = (low, float(some.max()) * (1.5 if log else 1.06))
        new = self.framed(x, y, (float(edges[0]), float(edges[-1])), ends)
        self._source.data = {
            "left": edges[:-1], "right": edges[1:], "share": percent, "count": count, "bottom": np.full(len(share), low)
        }  # fmt: skip
        if new is not None:
            bars = Quad(left="left", right="right", bottom="bottom", top="share", fill_color=ANALYSIS, line_color=None)
            drawn = new.add_glyph(self._source, bars)
            tooltips = [("value", "@left{custom} to @right{custom}"), ("share", "@share{custom}"), ("values", "@count{0,0}")]
            written: Writers = {"@left": reading(), "@right": reading(), "@share": reading("%", digits=3)}
            new.add_tools(HoverTool(renderers=[drawn], tooltips=tooltips, formatters=written))
        self.finish(new)
