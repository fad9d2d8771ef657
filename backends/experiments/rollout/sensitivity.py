"""What a forecast's error in a box depends on, as pages and summaries show it: by how much, where, and to what effect."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from backends.errors import InputError
from backends.experiments.cycling.layout import Layout
from backends.experiments.rollout.prepare import Prepared
from backends.rollout.sensitivity import Report, box, sensitivity
from backends.rollout.testbed import TestbedWorld
from backends.rollout.world import World

#: Places that are named, and the part of the largest sensitivity that each must have.
PLACES, LEAST = 5, 0.1
#: Places that are named lie apart by more than this part of each axis.
APART = 1 / 16

#: Numbers of the first cell and of the one beyond the last, along each axis of a field, slowest first.
Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Question:
    """Of which error the gradient is wanted.

    Attributes
    ----------
    model, start
        Numbers of them.
    member
        Which member begins the forecast; None: their mean.
    lead
        Steps ahead.
    field
        Number of the field whose error counts; of states that are a few numbers, that of the component.
    ranges
        The box; empty of a few numbers.
    """

    model: int
    start: int
    member: int | None
    lead: int
    field: int
    ranges: Ranges


@dataclass(frozen=True, eq=False)
class SensitivityView:
    """Gradient of the root-mean-square error in a box.

    Attributes
    ----------
    question
        What was asked.
    rmse
        In the box at the lead, weighted by area.
    gradient
        ∂RMSE/∂x₀, (n,): unit of the error per unit of the component. Zero where there is no error.
    error
        Forecast − truth at the lead, (n,).
    start_error
        Of what the forecast begins with, (n,).
    places
        Of each field, or of the few numbers, the components with the largest sensitivity, the largest first.
    """

    question: Question
    rmse: float
    gradient: np.ndarray
    error: np.ndarray
    start_error: np.ndarray
    places: tuple[tuple[int, ...], ...]

    @property
    def from_start(self) -> float:
        """What errors of the start contribute to the RMSE to first order, Σ ∂RMSE/∂x₀ (x₀ − truth).

        Of a linear model without errors of its own this is the RMSE itself, which is homogeneous of degree one.
        """
        return float(self.gradient @ self.start_error)


def sensitivity_of(prepared: Prepared, layout: Layout, question: Question, report: Report | None = None) -> SensitivityView:
    """Return what the error of a forecast depends on.

    Raises
    ------
    InputError
        If there is no such model, start, member or box, or the gradient is not finite.
    """
    q, world = question, prepared.world
    for name, number, count in (
        ("model", q.model, len(prepared.models)),
        ("start", q.start, len(prepared.starts)),
        ("member", q.member or 0, prepared.ensemble.shape[1]),
        ("lead", q.lead - 1, prepared.settings.steps),
    ):
        if not 0 <= number < count:
            begin = 1 if name == "lead" else 0
            raise InputError(f"the {name} must be from {begin} to {count - 1 + begin}; came {number + begin}")
    members = prepared.ensemble[q.start]
    state = members.mean(0) if q.member is None else members[q.member]
    got = sensitivity(
        world, prepared.models[q.model], prepared.starts, state, components(layout, q.field, q.ranges), q.lead, q.start, report
    )
    rmse = math.sqrt(got.value)
    gradient = (got.gradient / (2 * rmse) if rmse > 0 else torch.zeros_like(got.gradient)).double().cpu().numpy()
    error, start_error = (
        part.double().cpu().numpy() for part in (got.forecast - got.truth, state - prepared.starts.states[q.start])
    )
    return SensitivityView(q, rmse, gradient, error, start_error, _places(gradient, layout, world))


def components(layout: Layout, field: int, ranges: Ranges) -> Tensor:
    """Return which components (n,) lie in a box of a field; or the one component, where they are a few numbers.

    Raises
    ------
    InputError
        If there is no such field or box.
    """
    if not 0 <= field < len(layout.names):
        raise InputError(f"the states have {', '.join(layout.names)}, numbers 0 to {len(layout.names) - 1}; came {field}")
    if layout.kind == "phase":
        return torch.arange(layout.size) == field
    inside = torch.zeros(len(layout.names), layout.size, dtype=torch.bool)
    inside[field] = box(layout.shape, ranges)
    return inside.flatten()


def ranges_of(layout: Layout, bounds: Sequence[tuple[float, float]]) -> Ranges:
    """Return the ranges of the cells whose middles lie within bounds, least and greatest, across first.

    Of a line bounds are numbers of points. Of a box that is smaller than a cell it is the cell that holds its middle.

    Raises
    ------
    InputError
        If there are no bounds for each axis, or the box lies outside.
    """
    if layout.kind == "phase":
        return ()
    edges = layout.extent or (-0.5, layout.size - 0.5)
    if len(bounds) != len(layout.shape):
        raise InputError(f"the box needs bounds along {' and '.join(layout.axes)}; came {len(bounds)}")
    found = []
    for axis, (least, most) in enumerate(bounds):
        low, high = edges[2 * axis : 2 * axis + 2]
        cells = layout.shape[len(bounds) - 1 - axis]
        if not least <= most or most < low or least > high:
            raise InputError(
                f"{layout.axes[axis]}: the box must lie within {low:.6g} to {high:.6g}, the lower bound first; "
                f"came {least:.6g} to {most:.6g}"
            )
        first, last = ((value - low) / (high - low) * cells for value in (max(least, low), min(most, high)))
        begin, beyond = math.ceil(first - 0.5 - 1e-9), math.floor(last - 0.5 + 1e-9) + 1
        if begin >= beyond:
            begin = min(int((first + last) / 2), cells - 1)
            beyond = begin + 1
        found.append((begin, beyond))
    return tuple(reversed(found))


def bounds_of(layout: Layout, ranges: Ranges) -> tuple[tuple[float, float], ...]:
    """Return the edges of a box, least and greatest, across first; of a line the numbers of its first and last point."""
    if layout.kind == "ring":
        return tuple((float(first), float(beyond - 1)) for first, beyond in ranges)
    edges = layout.extent
    bounds = []
    for axis, (first, beyond) in enumerate(reversed(ranges)):
        low, high = edges[2 * axis : 2 * axis + 2]
        size = (high - low) / layout.shape[len(ranges) - 1 - axis]
        bounds.append((low + first * size, low + beyond * size))
    return tuple(bounds)


def _places(gradient: np.ndarray, layout: Layout, world: World) -> tuple[tuple[int, ...], ...]:
    """Return the components of the largest sensitivity of each field, apart from each other."""
    if layout.kind == "phase":
        order = np.argsort(-np.abs(gradient), kind="stable")
        return (tuple(int(k) for k in order if gradient[k]),)
    fields, closed = np.abs(gradient).reshape(-1, *layout.shape), _closed(layout, world)
    return tuple(tuple(field * layout.size + place for place in _peaks(values, closed)) for field, values in enumerate(fields))


def _closed(layout: Layout, world: World) -> tuple[bool, ...]:
    """Return which axes of a field, slowest first, come back to where they begin."""
    if layout.kind == "ring":
        return (True,)
    west, east, _, _ = layout.edges
    sphere = layout.axes[0].startswith("longitude") and east - west >= 360
    dynamics = world.dynamics if isinstance(world, TestbedWorld) else None
    return getattr(dynamics, "periodic", (False, sphere))


def _peaks(values: np.ndarray, closed: tuple[bool, ...]) -> list[int]:
    """Return the places of the largest values of a field that no neighbour exceeds, apart from each other."""
    left = np.where(_summits(values, closed), values, 0.0)
    found: list[int] = []
    least = LEAST * values.max()
    while len(found) < PLACES and left.max() > 0 and left.max() >= least:
        peak = np.unravel_index(int(left.argmax()), left.shape)
        found.append(int(np.ravel_multi_index(peak, left.shape)))
        near = []
        for at, size, ring in zip(peak, left.shape, closed, strict=True):
            apart = np.abs(np.arange(size) - at)
            near.append(np.flatnonzero((np.minimum(apart, size - apart) if ring else apart) <= max(1, round(APART * size))))
        left[np.ix_(*near)] = 0
    return found


def _summits(values: np.ndarray, closed: tuple[bool, ...]) -> np.ndarray:
    """Return which values no neighbour along an axis, or across a corner, exceeds."""
    highest = values
    for axis, ring in enumerate(closed):
        ends = [(1, 1) if k == axis else (0, 0) for k in range(values.ndim)]
        around = np.pad(highest, ends, "wrap" if ring else "edge")
        size = values.shape[axis]
        highest = np.maximum.reduce([around.take(range(by, by + size), axis) for by in range(3)])
    return values >= highest
