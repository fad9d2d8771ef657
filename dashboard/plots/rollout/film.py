"""Frames of forecasts as pixels, for pictures and films that are kept; drawn by matplotlib on light paper."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from backends.experiments.cycling.layout import Layout
from backends.pictures.rollout_states import map_palette
from backends.pictures.style import DASHES
from dashboard.plots.race.frame import calm, method_colour, short, with_units
from dashboard.plots.rollout.lines import Plume
from dashboard.plots.rollout.maps import Named
from dashboard.theme import DIVERGING, NEUTRAL, TRUTH

#: Inches that all films are laid out for; more pixels make everything larger.
WIDTH = 12.8
#: What is missing, as after a model has ended.
GAP = "#dddddd"


class Film:
    """A picture that is built once, and of which only what moves is drawn anew for each lead.

    Parameters
    ----------
    fig
        With all that stands still.
    update
        Called with the number of a lead; changes `moving`.
    moving
        What moves, in the order in which it is drawn.
    titles
        One for each lead.
    pixels
        Across.
    """

    def __init__(
        self, fig: Figure, update: Callable[[int], None], moving: Sequence[Artist], titles: Sequence[str], pixels: int
    ) -> None:
        self._fig, self._update, self.titles = fig, update, tuple(titles)
        fig.set_dpi(pixels / WIDTH)
        # Films want even numbers of pixels.
        high = 2 * round(pixels / WIDTH * fig.get_figheight() / 2)
        fig.set_size_inches(WIDTH, high * WIDTH / pixels)
        self._canvas = FigureCanvasAgg(fig)
        self._title = fig.suptitle(self.titles[0], fontsize=14)
        update(0)
        self._canvas.draw()  # finds the places of everything, which then stay
        fig.set_layout_engine("none")
        self._moving = (*moving, self._title)
        for artist in self._moving:
            artist.set_animated(True)
        self._canvas.draw()
        self._still = self._canvas.copy_from_bbox(fig.bbox)

    @property
    def size(self) -> tuple[int, int]:
        """Pixels across and down."""
        return self._canvas.get_width_height()

    def __len__(self) -> int:
        """Return the number of leads."""
        return len(self.titles)

    def frame(self, lead: int) -> np.ndarray:
        """Return the picture of a lead, (height, width, 3) bytes of red, green and blue."""
        self._canvas.restore_region(self._still)
        self._update(lead)
        self._title.set_text(self.titles[lead])
        for artist in self._moving:
            self._fig.draw_artist(artist)
        return np.array(self._canvas.buffer_rgba())[..., :3]


def map_film(
    layout: Layout,
    named: Named,
    truth: np.ndarray | None,
    models: Mapping[str, np.ndarray],
    limits: tuple[float, float],
    difference_limit: float,
    differences: Mapping[str, np.ndarray],
    coastlines: np.ndarray | None,
    titles: Sequence[str],
    pixels: int,
) -> Film:
    """Return a film of maps of states in one row, and of differences from the truth in another below.

    All but `titles` and `pixels` is as in :meth:`dashboard.plots.rollout.maps.MapFrames.show`.
    """
    states = {**({} if truth is None else {"truth": truth}), **models}
    west, east, south, north = layout.edges
    ratio = (east - west) / (north - south) if layout.true_to_scale else 2.0
    if coastlines is not None:  # as it is in the middle of the map
        ratio = (east - west) / (north - south) * math.cos(math.radians((north + south) / 2))
    rows, across = 2 if differences else 1, max(len(states), 2)
    fig = Figure((WIDTH, 0.9 + rows * (0.85 * WIDTH / across / ratio + 0.7)), layout="compressed")
    axes = fig.subplots(rows, across, squeeze=False)
    colours = ListedColormap(map_palette(named.name, limits[0] == -limits[1])).with_extremes(bad=GAP)
    apart = ListedColormap(DIVERGING).with_extremes(bad=GAP)
    images: list[tuple[Any, np.ndarray]] = []
    moving: list[Artist] = []
    first = len(states) - len(differences)
    for row, (shown, column, look, ends, words) in enumerate((
        (states, 0, colours, limits, named.value),
        (differences, first, apart, (-difference_limit, difference_limit), named.difference),
    )[:rows]):  # fmt: skip
        for place, (name, values) in enumerate(shown.items()):
            ax = axes[row, column + place]
            image = ax.imshow(
                values[0].reshape(layout.shape), origin="lower", extent=layout.edges, cmap=look, vmin=ends[0], vmax=ends[1],
                interpolation="nearest", aspect=(east - west) / (north - south) / ratio,
            )  # fmt: skip
            images.append((image, values))
            moving.append(image)
            if coastlines is not None:
                moving += ax.plot(*coastlines.T, color="black", linewidth=0.8, alpha=0.7)
            moving += ax.spines.values()
            ax.set(xlim=(west, east), ylim=(south, north), title=short(name))
            ax.set_xlabel(layout.axes[0])
            if column + place in (0, first) and (row or not place):
                ax.set_ylabel(layout.axes[1])
        fig.colorbar(image, ax=list(axes[row]), label=words, fraction=0.05, pad=0.01)
    for ax in axes.ravel():
        ax.set_visible(bool(ax.images))

    def update(lead: int) -> None:
        for image, values in images:
            image.set_data(values[lead].reshape(layout.shape))

    return Film(fig, update, moving, titles, pixels)


def line_film(
    truth: np.ndarray, models: Mapping[str, Plume], name: str, units: str, x_label: str, titles: Sequence[str], pixels: int
) -> Film:
    """Return a film of curves along a line: the truth (K + 1, n), and of each model the mean and where its members lie."""
    fig = Figure((WIDTH, 5.4), layout="constrained")
    ax = fig.subplots()
    points = np.arange(truth.shape[1])
    bands, lines = [], []
    for place, (label, plume) in enumerate(models.items()):
        colour = method_colour(place)
        bands.append(ax.fill_between(points, plume.low[0], plume.high[0], color=colour, alpha=0.18, linewidth=0))
        lines += ax.plot(points, plume.mean[0], color=colour, linewidth=1.8, label=short(label), zorder=3)
    (true,) = ax.plot(points, truth[0], color=TRUTH, linewidth=3, dashes=DASHES["truth"], label="truth", zorder=2.5)
    ax.set(xlim=(-0.5, points[-1] + 0.5), ylim=calm(None, float(truth.min()), float(truth.max())))
    ax.set(xlabel=x_label, ylabel=with_units(name, units))
    ax.grid(alpha=0.25)
    fig.legend(*_truth_first(ax), loc="outside lower center", ncols=6, frameon=False)

    def update(lead: int) -> None:
        true.set_ydata(truth[lead])
        for band, line, plume in zip(bands, lines, models.values(), strict=True):
            band.set_data(points, plume.low[lead], plume.high[lead])
            line.set_ydata(plume.mean[lead])

    return Film(fig, update, [*bands, true, *lines], titles, pixels)


def phase_film(
    names: Sequence[str],
    truth: np.ndarray,
    models: Mapping[str, np.ndarray],
    members: Mapping[str, np.ndarray],
    backdrop: np.ndarray,
    titles: Sequence[str],
    pixels: int,
) -> Film:
    """Return a film of paths in the plane or space of two or three components, and of where everything is.

    Parameters
    ----------
    names
        Of the components that are drawn.
    truth, models, members, backdrop
        (K + 1, c), (K + 1, c) and (K + 1, M, c) by the label of the model, and (m, c).
    titles, pixels
        As in :class:`Film`.
    """
    solid = len(names) == 3
    fig = Figure((WIDTH, 7.2), layout="constrained")
    ax: Any = fig.add_subplot(projection="3d") if solid else fig.add_subplot()
    ax.plot(*backdrop.T, ".", color=NEUTRAL, markersize=1.5, alpha=0.35)
    clouds, heads = [], []
    everyone = {"truth": (TRUTH, truth), **{label: (method_colour(k), path) for k, (label, path) in enumerate(models.items())}}
    for label, (colour, path) in everyone.items():
        width, dashes = (3, DASHES["truth"]) if label == "truth" else (1.4, ())
        ax.plot(*path.T, color=colour, linewidth=width, dashes=dashes, alpha=0.6, label=short(label))
        cloud = members[label] if label in members else path[:, None]
        clouds.append((ax.plot(*cloud[0].T, "o", color=colour, markersize=3.5, alpha=0.6, markeredgewidth=0)[0], cloud))
        look: dict[str, Any] = {"color": colour, "markersize": 11 if label == "truth" else 8, "markeredgecolor": "white"}
        heads.append((ax.plot(*path[:1].T, "o", **look)[0], path[:, None]))
    for axis, name, values in zip("xyz", names, np.concatenate([backdrop, truth]).T, strict=False):
        ax.set(**{f"{axis}label": name, f"{axis}lim": calm(None, float(values.min()), float(values.max()))})
    fig.legend(*_truth_first(ax), loc="outside right upper", frameon=False)

    def update(lead: int) -> None:
        for artist, values in (*clouds, *heads):
            (artist.set_data_3d if solid else artist.set_data)(*values[lead].T)

    return Film(fig, update, [artist for artist, _ in (*clouds, *heads)], titles, pixels)


def _truth_first(ax: Any) -> tuple[list[Any], list[str]]:
    handles, labels = ax.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda k: labels[k] != "truth")
    return [handles[k] for k in order], [labels[k] for k in order]
