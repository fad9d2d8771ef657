"""Forecasts of a few numbers in the plane or space of these: paths, and where truth, models and members are at a lead."""

from collections.abc import Mapping, Sequence

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, Line, Scatter
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.axes import dashes, set_limits
from dashboard.plots.race.frame import calm, legend, method_colour, method_marker, race_figure, value_hover
from dashboard.plots.race.turning import Coordinates, Turning
from dashboard.plots.rollout.reel import Strip, as_frames
from dashboard.theme import NEUTRAL, TRUTH

#: Pixels across members, means, and the truth.
MEMBER, MEAN, TRUE = 5, 10, 15


class PhaseFrames:
    """Paths through phase space; two components are drawn as a plane, three in a box that a drag turns.

    Parameters
    ----------
    height
        Pixels.
    """

    def __init__(self, height: int = 440) -> None:
        self._height = height
        self._turning = Turning()
        self._key: tuple = ()
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)

    def show(
        self,
        names: Sequence[str],
        truth: np.ndarray,
        models: Mapping[str, np.ndarray],
        members: Mapping[str, np.ndarray],
        backdrop: np.ndarray,
        components: Sequence[int],
    ) -> list[Strip]:
        """Take over forecasts; return their frames.

        Parameters
        ----------
        names
            Of all n components.
        truth, models
            True states and, by the label of the model, the means of the members, (K + 1, n) each.
        members
            (K + 1, M, n) of each model.
        backdrop
            States that the true model visits, (m, n).
        components
            Two or three that are drawn.
        """
        chosen = list(components)
        key = (tuple(names), tuple(models), tuple(chosen))
        if key != self._key:
            self._key = key
            self._build([names[k] for k in chosen], tuple(models))
        behind = np.concatenate([backdrop[:, chosen], truth[:, chosen]])
        ends = [calm(None, float(values.min()), float(values.max())) for values in behind.T]
        if len(chosen) == 3:
            self._turning.hold(np.array(ends, float), [names[k] for k in chosen])
        else:
            set_limits(self.figure.x_range, *ends[0])
            set_limits(self.figure.y_range, *ends[1])
        self._backdrop.data = _columns(backdrop[:, chosen])
        for label, states in {"truth": truth, **models}.items():
            self._paths[label].data = _columns(states[:, chosen])
        heads = np.stack([truth, *models.values()], 1)[:, :, chosen]
        strips = [Strip(self._heads, {f"c{k}": as_frames(heads[:, :, k]) for k in range(len(chosen))})]
        for label, cloud in members.items():
            frames = {f"c{k}": as_frames(cloud[:, :, c]) for k, c in enumerate(chosen)}
            strips.append(Strip(self._clouds[label], frames))
        return strips

    def clear(self) -> None:
        """Take everything away."""
        self._key = ()
        self.pane.object = None

    def _build(self, names: Sequence[str], labels: tuple[str, ...]) -> None:
        solid = len(names) == 3
        across, up = ("", "") if solid else names
        fig = race_figure(self._height, across, up, tools="save" if solid else "pan,wheel_zoom,reset,save")
        at: Coordinates = self._turning.attach(fig) if solid else {"x": "c0", "y": "c1"}
        empty: dict[str, list] = {f"c{k}": [] for k in range(len(names))}
        self._backdrop = ColumnDataSource(data=empty)
        fig.add_glyph(self._backdrop, Scatter(**at, size=2, line_color=None, fill_color=NEUTRAL, fill_alpha=0.35))
        self._paths = {label: ColumnDataSource(data=empty) for label in ("truth", *labels)}
        self._clouds = {label: ColumnDataSource(data=empty) for label in labels}
        drawn: dict[str, list[GlyphRenderer]] = {}
        colours = {"truth": TRUTH, **{label: method_colour(place) for place, label in enumerate(labels)}}
        for label, source in self._paths.items():
            width, dash = (3.0, dashes("truth", 3)) if label == "truth" else (1.4, [])
            path = Line(**at, line_color=colours[label], line_width=width, line_dash=dash, line_alpha=0.7)
            drawn[label] = [fig.add_glyph(source, path)]
        nowhere = ColumnDataSource(data={name: [np.nan] for name in empty})
        for place, (label, source) in enumerate(self._clouds.items()):
            sign = Scatter(**at, size=MEAN, marker=method_marker(place), fill_color=colours[label], line_color=None)
            drawn[label].append(fig.add_glyph(nowhere, sign))
            look = Scatter(**at, size=MEMBER, fill_color=colours[label], fill_alpha=0.6, line_color=None)
            drawn[label].append(fig.add_glyph(source, look))
        everyone = ["truth", *labels]
        self._heads = ColumnDataSource(
            data={
                **{name: [np.nan] * len(everyone) for name in empty},
                "color": [colours[label] for label in everyone],
                "label": everyone,
                "marker": ["circle", *(method_marker(place) for place in range(len(labels)))],
                "size": [TRUE, *[MEAN] * len(labels)],
            }
        )
        look = Scatter(**at, size="size", marker="marker", fill_color={"field": "color"}, line_color="white", line_width=1.5)
        heads = fig.add_glyph(self._heads, look)
        legend(fig, list(drawn.items()), "right")
        hover = HoverTool(renderers=[heads], tooltips=[("", "@label"), *((n, f"@c{k}{{custom}}") for k, n in enumerate(names))])
        hover.formatters = {f"@c{k}": value_hover() for k in range(len(names))}
        fig.add_tools(hover)
        self.figure: figure = fig
        self.pane.object = fig


def _columns(states: np.ndarray) -> dict[str, np.ndarray]:
    return {f"c{k}": column for k, column in enumerate(as_frames(states.T))}
