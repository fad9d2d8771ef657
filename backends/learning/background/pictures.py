"""Pictures of a learned B: analyses, errors beside decoded ones, responses to one observation, and standard deviations."""

from dataclasses import dataclass

import torch
from torch import Tensor

from backends.learning.gallery import Map, Panel, Role, Series
from backends.learning.variational.cases import Cases

#: Roles of statistics by their names.
ROLE: dict[str, Role] = {
    "exact": "exact", "unseen errors": "truth", "NMC": "other", "modelled": "other", "network": "network"
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Response:
    """Increments (n,) of one observation at a grid point, by what made them."""

    point: int
    innovation: float
    increments: dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class Shown:
    """What pictures are made of.

    Attributes
    ----------
    cases, network, linear
        Two unseen cases, the increments of the network, (2, n), and those of the linear reference.
    errors, decoded
        Unseen errors, and errors that the decoder made of random numbers, (k, n).
    response
        To a single observation.
    sigmas
        Standard deviations (n,) by what they are of.
    exact
        Whether the linear reference is 3D-Var with the true B; else it is that with the NMC covariance.
    """

    cases: Cases
    network: Tensor
    linear: Tensor
    errors: Tensor
    decoded: Tensor
    response: Response
    sigmas: dict[str, Tensor]
    exact: bool

    @property
    def reference(self) -> str:
        """What the linear reference is called."""
        return "3D-Var, true B" if self.exact else "3D-Var, NMC"


def line_pictures(shown: Shown) -> tuple[Panel, ...]:
    """Return panels of curves over the periodic line."""
    n = shown.errors.shape[1]
    x = torch.arange(n) / n
    place = "place on the line"
    panels = []
    for k in range(len(shown.cases)):
        case, used = shown.cases.of(torch.tensor([k])), shown.cases.used[k]
        background = case.background[0]
        series = (
            Series.of("truth", "truth", x, case.truth[0]),
            Series.of("background", "background", x, background),
            Series.of("observations", "observations", case.nodes[0, :, 0][used] / n, case.values[0][used]),
            Series.of(shown.reference, "exact", x, background + shown.linear[k]),
            Series.of("VAE-Var", "network", x, background + shown.network[k]),
        )
        panels.append(Panel(f"unseen case {k + 1}: {int(used.sum())} observations", place, "state", series))
    samples: tuple[tuple[str, Role, Tensor], ...] = (
        ("errors, unseen", "truth", shown.errors),
        ("errors, decoded", "network", shown.decoded),
    )
    for title, role, fields in samples:
        each = tuple(Series.of(f"error {k + 1}", role, x, field) for k, field in enumerate(fields))
        panels.append(Panel(title, place, "truth − background", each))
    made = tuple(Series.of(name, ROLE[name], x, y) for name, y in shown.response.increments.items())
    seen = Series.of("observation", "observations", x[[shown.response.point]], torch.tensor([shown.response.innovation]))
    panels.append(Panel("response to one observation", place, "increment", (*made, seen)))
    spread = tuple(Series.of(name, ROLE[name], x, y) for name, y in shown.sigmas.items())
    panels.append(Panel("standard deviation of errors", place, "σ_b", spread))
    return tuple(panels)


def map_pictures(
    shown: Shown, shape: tuple[int, int], extent: tuple[float, float, float, float], unit: str
) -> tuple[Panel, ...]:
    """Return panels of maps.

    Parameters
    ----------
    shown
        Of what.
    shape, extent
        Rows and columns; west, south, east and north.
    unit
        Of the field.
    """
    west, south, east, north = extent
    axes = "longitude [°E]", "latitude [°N]"

    def points(index: Tensor, label: str = "observations") -> Series:
        x = west + (east - west) * (index % shape[1]) / (shape[1] - 1)
        y = south + (north - south) * torch.div(index, shape[1], rounding_mode="floor") / (shape[0] - 1)
        return Series.of(label, "observations", x, y)

    def drawn(label: str, field: Tensor, shared: str = "state") -> Map:
        return Map.of(label, field.reshape(shape), extent, shared)

    panels = []
    for k in range(len(shown.cases)):
        used, background = shown.cases.used[k], shown.cases.background[k]
        maps = (
            drawn("truth", shown.cases.truth[k]),
            drawn("background", background),
            drawn(shown.reference, background + shown.linear[k]),
            drawn("VAE-Var", background + shown.network[k]),
            drawn("truth − background", shown.cases.truth[k] - background, "difference"),
            drawn(f"increment, {shown.reference}", shown.linear[k], "difference"),
            drawn("increment, VAE-Var", shown.network[k], "difference"),
        )
        title = f"unseen case {k + 1}: {int(used.sum())} observations, {unit}"
        panels.append(Panel(title, *axes, (points(shown.cases.nodes[k, :, 0][used]),), maps))
    samples = tuple(drawn(f"error {k + 1}, unseen", field, "difference") for k, field in enumerate(shown.errors[:3]))
    samples += tuple(drawn(f"error {k + 1}, decoded", field, "difference") for k, field in enumerate(shown.decoded[:3]))
    panels.append(Panel(f"errors, unseen and decoded, {unit}", *axes, (), samples))
    made = tuple(drawn(name, field, "difference") for name, field in shown.response.increments.items())
    seen = points(torch.tensor([shown.response.point]), "observation")
    panels.append(Panel(f"response to one observation, {shown.response.innovation:.2f} {unit} above", *axes, (seen,), made))
    spread = tuple(drawn(name, field) for name, field in shown.sigmas.items())
    panels.append(Panel(f"standard deviation of errors, {unit}", *axes, (), spread))
    return tuple(panels)
