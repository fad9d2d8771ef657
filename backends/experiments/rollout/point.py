"""All fields of a rollout at one point, as meteograms and tables show them."""

from collections.abc import Iterable

import numpy as np

from backends.errors import InputError
from backends.experiments.rollout.series import Series, Winds, plume
from backends.experiments.rollout.shown import ShownField, shown
from backends.experiments.rollout.view import RolloutView
from backends.fields.quantities import Kind


def series_at(view: RolloutView, component: int, per_step: bool = True) -> tuple[Series, ...]:
    """Return the series of all fields at the point that a component belongs to, or of the component of few numbers.

    The speed of the wind, with its direction, follows its two components.

    Parameters
    ----------
    view
        The forecasts.
    component
        Any component of the point.
    per_step
        Whether sums over time are shown as amounts since the lead before, rather than since the start.

    Raises
    ------
    InputError
        If there is no such component.
    """
    layout, n = view.layout, view.truth.shape[1]
    if not 0 <= component < n:
        raise InputError(f"the state has components 0 to {n - 1}; came {component}")
    if layout.kind != "plane":
        models = {forecast.label: plume(forecast.members[:, :, component]) for forecast in view.forecasts}
        return (Series(view.quantity_of(component), view.unit_of(component), view.truth[:, component], models),)
    fields = [shown(view, field, per_step) for field in range(len(layout.names))]
    point, eastward = component % layout.size, _first(fields, "eastward wind")
    northward = _first(fields, "northward wind")
    pair = (eastward, northward) if eastward is not None and northward is not None else ()
    found = [_of_field(field, point, field in pair) for field in fields]
    if pair:
        found.insert(1 + max(field.field for field in pair), _speed(*pair, point))
    return tuple(found)


def panels(series: Iterable[Series]) -> tuple[Series, ...]:
    """Return the series that a meteogram shows: of wind its speed and direction instead of its components."""
    return tuple(one for one in series if not one.component)


def _first(fields: list[ShownField], kind: Kind) -> ShownField | None:
    return next((field for field in fields if field.quantity.kind == kind), None)


def _of_field(field: ShownField, point: int, component: bool) -> Series:
    here = field.field * field.view.layout.size + point
    models = {forecast.label: plume(field.read(forecast.members[:, :, here])) for forecast in field.view.forecasts}
    truth = field.read(field.view.truth[:, here])
    return Series(field.name, field.unit, truth, models, component, field.accumulated and field.per_step)


def _speed(eastward: ShownField, northward: ShownField, point: int) -> Series:
    """Return the speed of each member's wind, and the components of the mean wind, which has a direction."""
    view = eastward.view
    here = [field.field * view.layout.size + point for field in (eastward, northward)]
    truth = np.stack([view.truth[:, k] for k in here])
    members = {forecast.label: np.stack([forecast.members[:, :, k] for k in here]) for forecast in view.forecasts}
    models = {label: plume(np.hypot(*winds)) for label, winds in members.items()}
    mean = {label: winds.mean(2) for label, winds in members.items()}
    return Series("wind speed", eastward.unit, np.hypot(*truth), models, winds=Winds(truth, mean))
