"""Pictures of reconstructions: one line, a longer one, and what errors depend on."""

from collections.abc import Mapping

import torch
from torch import Tensor

from backends.learning.gallery import Panel, Role, Series
from backends.learning.graph.cases import Cases
from backends.learning.graph.references import distance_to_observation

#: Nodes that a mean square error is at least taken over.
ENOUGH = 30
#: What a reconstruction is called, and its colour.
NAMES: dict[str, tuple[str, Role]] = {
    "network": ("network", "network"),
    "exact": ("kriging, exact", "exact"),
    "kriging": ("kriging, the best linear estimate", "exact"),
    "linear": ("linear interpolation", "other"),
    "mean": ("mean of the observations", "background"),
}


def line_picture(title: str, cases: Cases, estimates: Mapping[str, Tensor], which: int) -> Panel:
    """Return the picture of one of the lines; `estimates` are those of all, (E, n) each, by the names of :data:`NAMES`."""
    order = cases.places[which].argsort()
    x, seen = cases.places[which][order], cases.observed[which][order]
    series = [Series.of("truth", "truth", x, cases.truth[which][order])]
    for name, estimate in estimates.items():
        if name != "mean":
            series.append(Series.of(*NAMES[name], x, estimate[which][order]))
    series.append(Series.of("observations", "observations", x[seen], cases.values[which][order][seen]))
    return Panel(title, "place, node spacings", "value", tuple(series))


def distance_picture(cases: Cases, estimates: Mapping[str, Tensor]) -> Panel:
    """Return the RMSE of unobserved nodes against how far the nearest observation is, in bins of one spacing."""
    distance = distance_to_observation(cases)
    rings = [(k, ~cases.observed & (distance >= k) & (distance < k + 1)) for k in range(int(distance.max()) + 1)]
    rings = [(k, ring) for k, ring in rings if int(ring.sum()) >= ENOUGH]
    x = torch.tensor([float(distance[ring].mean()) for _, ring in rings])
    return Panel(
        "error and distance to the nearest observation", "distance, node spacings", "RMSE at unobserved nodes",
        tuple(
            Series.of(*NAMES[name], x, torch.stack([(e - cases.truth)[ring].square().mean().sqrt() for _, ring in rings]))
            for name, e in estimates.items() if name != "mean"
        ),
    )  # fmt: skip


def length_picture(errors: Mapping[int, Mapping[str, float]], trained: int) -> Panel:
    """Return RMSE, by the names of :data:`NAMES`, against the number of nodes of a line."""
    lengths = torch.tensor(list(errors))
    names = [name for name in next(iter(errors.values())) if name != "mean"]
    return Panel(
        f"error and length of the line, {trained} trained on", "nodes of the line", "RMSE at unobserved nodes",
        tuple(Series.of(*NAMES[name], lengths, torch.tensor([each[name] for each in errors.values()])) for name in names),
        log="x",
    )  # fmt: skip
