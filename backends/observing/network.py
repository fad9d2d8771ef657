"""Observing networks: where the observations of an experiment are taken, and with which errors."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError
from backends.geometry.domain import REACH, Domain
from backends.geometry.plane import VerticalPlane

PLACEMENTS = ("random", "grid", "columns", "clicked")
#: Numbers are drawn in blocks of this many, because torch draws other numbers for another size: asking for more
#: observations then moves none of those that are there.
BLOCK = 1024


@dataclass(frozen=True)
class Network:
    """How observations are placed.

    Attributes
    ----------
    placement
        ``random``: uniform over the area of the domain; ``grid``: evenly, about `count` of them; ``columns``: in about
        `count` / `levels` vertical columns at random places of a plane, `levels` observations each; ``clicked``: exactly
        the places in `places`.
    count
        Number of observations p wanted; ``clicked`` ignores it.
    seed
        Seed of the random places and of the observation noise.
    levels
        Observations in a column.
    places
        Coordinates of the clicked places, as the domain orders them.
    """

    placement: str = "random"
    count: int = 100
    seed: int = 0
    levels: int = 20
    places: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        if self.placement not in PLACEMENTS:
            raise InputError(f"the placement of observations must be one of {', '.join(PLACEMENTS)}; came {self.placement!r}")
        if self.placement != "clicked" and self.count < 0:
            raise InputError(f"the number of observations must not be negative; came {self.count}")
        if self.levels < 1:
            raise InputError(f"a column needs at least one level; came {self.levels}")


def place(network: Network, domain: Domain, valid: Tensor) -> Tensor:
    """Return the observed places on a domain, shape (p, k).

    Random places come from one fixed sequence per seed, of which the first `count` are taken: asking for more adds
    observations and moves none.

    Parameters
    ----------
    network
        What to place.
    domain
        The domain, n points.
    valid
        Shape (n,), boolean: the points that have values. Places that need any other are left out.

    Raises
    ------
    InputError
        If more observations are asked for than there are points with values, a clicked place lies outside the domain or
        on missing values, or too few places with values are found.
    """
    available = int(valid.sum())
    wanted = len(network.places) if network.placement == "clicked" else network.count
    if wanted > available:
        raise InputError(f"{wanted} observations were asked for, but the field has only {available} grid points with values")
    if network.placement == "clicked":
        places = as_places(network.places, domain)
        domain.interpolation(places)  # raises where a place lies outside
        missing = ~_has_values(places, domain, valid)
        if bool(missing.any()):
            raise InputError(f"{int(missing.sum())} of the clicked observations lie where the field has no values")
        return places
    if not network.count:
        return as_places((), domain)
    if network.placement == "columns":
        return _columns(network, domain)
    if network.placement == "grid":
        places = domain.regular(network.count)
        return places[_has_values(places, domain, valid)]
    return _random(network, domain, valid)


def toggled(places: Sequence[Sequence[float]], place: Sequence[float], domain: Domain) -> list[tuple[float, ...]]:
    """Return the places without those within reach of the given one, or with it added where none is.

    The reach is 2 % of the domain's size, about what a finger or a pointer can hit.
    """
    apart = domain.apart(as_places(places, domain), as_places([place], domain)[0]).tolist()
    beyond = [tuple(p) for p, distance in zip(places, apart, strict=True) if distance > REACH]
    return beyond if len(beyond) < len(places) else [*beyond, tuple(place)]


def toggled_column(places: Sequence[Sequence[float]], x: float, levels: int, plane: VerticalPlane) -> list[tuple[float, ...]]:
    """Return the places without those in the columns within reach of x, or with a column of `levels` heights there."""
    west, east, _, _ = plane.extent
    beyond = [tuple(place) for place in places if abs(place[0] - x) > REACH * (east - west)]
    if len(beyond) < len(places):
        return beyond
    column = plane.columns(torch.tensor([min(max(x, west), east)], dtype=torch.float64), levels)
    return [*beyond, *(tuple(place) for place in column.tolist())]


def as_places(places: Sequence[Sequence[float]], domain: Domain) -> Tensor:
    """Return coordinates as a tensor (p, k) of the domain's precision, on its device."""
    like = domain.area_weights()
    return torch.as_tensor(places, dtype=like.dtype, device=like.device).reshape(len(places), len(domain.names))


def unit_noise(count: int, generator: torch.Generator) -> Tensor:
    """Return the first `count` numbers of a standard normal sequence, shape (count,), float64."""
    blocks = [torch.randn(BLOCK, generator=generator, dtype=torch.float64) for _ in range(-(-count // BLOCK))]
    return torch.cat([torch.empty(0, dtype=torch.float64), *blocks])[:count]


def _random(network: Network, domain: Domain, valid: Tensor) -> Tensor:
    generator = torch.Generator().manual_seed(network.seed)
    kept: list[Tensor] = []
    for _ in range(64):
        places = domain.uniform(torch.rand(BLOCK, 2, generator=generator, dtype=torch.float64))
        kept.append(places[_has_values(places, domain, valid)])
        if sum(map(len, kept)) >= network.count:
            return torch.cat(kept)[: network.count]
    raise InputError(
        f"only {sum(map(len, kept))} of {network.count} random observations found a place where the field has values"
    )


def _columns(network: Network, domain: Domain) -> Tensor:
    if not isinstance(domain, VerticalPlane):
        raise InputError("observations in columns need a vertical plane; place them at random, on a grid, or by clicking")
    generator = torch.Generator().manual_seed(network.seed)
    u = torch.rand(BLOCK, 2, generator=generator, dtype=torch.float64)
    x = domain.uniform(u)[: max(1, round(network.count / network.levels)), 0]
    return domain.columns(x, network.levels)


def _has_values(places: Tensor, domain: Domain, valid: Tensor) -> Tensor:
    if not len(places) or bool(valid.all()):
        return torch.ones(len(places), dtype=torch.bool, device=places.device)
    rows = domain.interpolation(places)
    return ((rows.weight == 0) | valid[rows.index]).all(1)
