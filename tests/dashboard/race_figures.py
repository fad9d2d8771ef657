"""Every kind of figure of a race, and states and curves for them, that tests of plots share."""

import numpy as np
import panel as pn

from dashboard.plots.race.attractor import Attractor
from dashboard.plots.race.cloud import Cloud
from dashboard.plots.race.hovmoller import Hovmoller
from dashboard.plots.race.innovations import Innovations
from dashboard.plots.race.planes import PlaneRace
from dashboard.plots.race.ring import RingProfile
from dashboard.plots.race.timeline import RaceTimeline

LABELS = ("LETKF", "3D-Var")
#: Every kind of figure, and what its system is.
FIGURES = {
    RaceTimeline: None,
    Attractor: ("xyz",),
    RingProfile: (np.arange(8),),
    Hovmoller: (8,),
    PlaneRace: ((0, 1, 0, 1),),
    Cloud: ("xyz",),
    Innovations: None,
}


def made(kind):
    plot = kind()
    if FIGURES[kind] is not None:
        plot.configure(*FIGURES[kind])
    return plot


def figures(plot):
    """Return all Bokeh figures of a plot."""
    panes = [plot.pane] if isinstance(plot.pane, pn.pane.Bokeh) else list(plot.pane)
    return [pane.object for pane in panes]


def ends(axis):
    return axis.start, axis.end


def curves(count, level=1.0, labels=LABELS):
    base = level * (1 + 0.1 * np.sin(np.arange(count)))
    return {label: {"analysis": base * (k + 1), "background": base * (k + 2), "spread": base} for k, label in enumerate(labels)}


def states(count=300):
    t = np.arange(count) / 10
    return np.column_stack([np.sin(t), np.cos(t), t / 10])
