"""Pictures of observation to observation: fields at the time that is asked for, the curtain, the unseen column, errors."""

import torch
from torch import Tensor

from backends.learning.gallery import Map, Panel, Role, Series
from backends.learning.observations.references import Exact
from backends.learning.observations.testbed import Testbed, Trajectories

#: The transition that is shown, as a part of all.
SHOWN = 0.4
PHI = "φ"


def pictures(
    bed: Testbed, drawn: Trajectories, network: Tensor, exact: Exact, mean: Tensor, learned_from: str
) -> tuple[Panel, ...]:
    """Return the panels of the first trajectory at one time, and of errors of all at all times.

    Parameters
    ----------
    bed
        What is observed.
    drawn
        Unseen trajectories.
    network
        The network's fields, shape (K, transitions, nz, nx).
    exact
        The references' fields.
    mean
        The model without observations, shape (T, nz, nx).
    learned_from
        What the network was trained with.
    """
    j = int(SHOWN * len(bed.transitions))
    k = bed.transitions[j] + 1
    when = f"{bed.time(k):g} s"
    lines: list[tuple[str, Role, Tensor]] = [
        ("truth", "truth", drawn.truth[0, k]),
        ("network", "network", network[0, j]),
        ("exact: best analysis and the model", "exact", exact.forecast[0, j]),
        ("the model without observations", "other", mean[k]),
    ]
    return (
        _fields(
            bed,
            f"unseen trajectory at {when}, {bed.steps * bed.model.dt:g} s after what was observed; "
            f"the network learned from {learned_from}",
            lines,
        ),
        *(_channel(bed, c, when, lines, drawn, k) for c in range(len(bed.heights))),
        _column(bed, when, [*lines, ("analysis kept as it is", "background", exact.analysis[0, j])]),
        _errors(bed, drawn, network, exact, mean),
    )


def _fields(bed: Testbed, when: str, lines: list[tuple[str, Role, Tensor]]) -> Panel:
    extent = (0.0, 0.0, bed.model.width, bed.model.height)
    truth, network, exact = (field for _, _, field in lines[:3])
    maps = (
        Map.of("truth", truth, extent),
        Map.of("network, asked at all cells", network, extent),
        Map.of("network − truth", network - truth, extent, "difference"),
        Map.of("exact: best analysis and the model", exact, extent),
        Map.of("exact − truth", exact - truth, extent, "difference"),
    )
    x, z = bed.places.unbind(1)
    unseen = bed.model.x[bed.unseen_cell].expand(bed.levels)
    points = (
        Series.of("radiosondes", "observations", x, z),
        Series.of("the unseen column", "other", unseen, z[: bed.levels]),
    )
    return Panel(f"φ, {when}", "x [km]", "z [km]", points, maps)


def _channel(bed: Testbed, c: int, when: str, lines: list[tuple[str, Role, Tensor]], drawn: Trajectories, k: int) -> Panel:
    x = bed.model.x
    return Panel(
        f"channel {c + 1} about {1000 * bed.heights[c]:g} m, {when}",
        "x [km]",
        PHI,
        (
            *(Series.of(label, role, x, bed.curtain(field)[c]) for label, role, field in lines),
            Series.of("observed before", "background", x, drawn.curtain[0, k - 1, c]),
            Series.of("observed then", "observations", x, drawn.curtain[0, k, c]),
        ),
    )


def _column(bed: Testbed, when: str, lines: list[tuple[str, Role, Tensor]]) -> Panel:
    z, ix = bed.model.z, bed.unseen_cell
    return Panel(
        f"unseen column at {float(bed.model.x[ix]):.3g} km, {when}",
        PHI,
        "z [km]",
        tuple(Series.of(label, role, field[:, ix], z) for label, role, field in lines),
    )


def _errors(bed: Testbed, drawn: Trajectories, network: Tensor, exact: Exact, mean: Tensor) -> Panel:
    truth = drawn.truth[:, bed.times :]
    times = torch.tensor([bed.time(k + 1) for k in bed.transitions])
    fields: list[tuple[str, Role, Tensor]] = [
        ("network", "network", network),
        ("exact, same observations", "exact", exact.forecast),
        ("Kalman filter, all observations so far", "other", exact.filtered),
        ("the model without observations", "other", mean[bed.times :].expand_as(truth)),
        ("analysis kept as it is", "background", exact.analysis),
    ]
    return Panel(
        f"RMSE of the field, {len(truth)} unseen trajectories",
        "time of the trajectory [s]",
        "RMSE",
        tuple(Series.of(label, role, times, (field - truth).square().mean((0, 2, 3)).sqrt()) for label, role, field in fields),
        log="y",
    )
