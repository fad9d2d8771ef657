"""From settings to an observing network, an observation operator and observations with errors."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from backends.background_error.correlation import plain
from backends.errors import InputError
from backends.experiments.problem_case import ReadyCase
from backends.experiments.settings import ObservationSettings
from backends.geometry.domain import Domain, Rows
from backends.geometry.plane import VerticalPlane
from backends.observing.errors import ObservationError, check_sigma_o, correlated
from backends.observing.network import Network, place, unit_noise
from backends.observing.observations import Observations
from backends.observing.operators import FUNCTIONS, LinearOperator, ObservationOperator, PointwiseOperator

#: Purposes that random numbers are drawn for, each from a sequence of its own.
BACKGROUND, NOISE, GROSS, WITHHELD, THINNED = 1, 2, 3, 4, 5
#: The radius of an area mean where none is given, as a share of the domain.
USUAL_RADIUS = 0.05


@dataclass(frozen=True, eq=False)
class ObservedNetwork:
    """Places and operator, which stay the same when B and R are tuned.

    Attributes
    ----------
    places
        Shape (p, k).
    operator
        H.
    error_correlation
        Of the observation errors, or None.
    error_ratio
        Shape (p,): their standard deviations as multiples of σ_o, or None where all are alike.
    """

    places: Tensor
    operator: ObservationOperator
    error_correlation: Tensor | None
    error_ratio: Tensor | None = None

    def __len__(self) -> int:
        return len(self.places)

    def error(self, sigma: float | Tensor) -> ObservationError:
        """Return R for a σ_o that all observations share, or that the standard deviation of each is a multiple of."""
        check_sigma_o(plain(sigma))
        ones = torch.ones(len(self.places), dtype=self.places.dtype, device=self.places.device)
        return ObservationError((ones if self.error_ratio is None else self.error_ratio) * sigma, self.error_correlation)


def generator(seed: int, purpose: int, draw: int = 0) -> torch.Generator:
    """Return a generator of its own for each seed, purpose and draw."""
    state = np.random.SeedSequence([seed, purpose, draw]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state >> np.uint64(1)))


def observe_network(case: ReadyCase, settings: ObservationSettings) -> ObservedNetwork:
    """Return the network, H and the correlation of its errors.

    Raises
    ------
    InputError
        If the network does not fit the domain, or the operator needs another domain.
    """
    ratio = None
    if case.observations is not None and settings.placement in (None, "case"):
        places, ratio = case.observations.places, case.error_ratio
        if settings.operator != "point":
            raise InputError(
                f"the observations that come with the case are values at points; the operator {settings.operator!r} needs "
                "observations placed otherwise"
            )
    else:
        _check_places(settings.places, case.domain)
        network = Network(settings.placement or "random", settings.count, settings.seed, settings.levels, settings.places)
        places = place(network, case.domain, case.valid)
    correlation = None
    if settings.correlation_length:
        correlation = correlated(case.domain.distance(places, places), settings.correlation_length)
    return ObservedNetwork(places, _operator(case, settings, places), correlation, ratio)


def _check_places(places: tuple[tuple[float, ...], ...], domain: Domain) -> None:
    wrong = [list(where) for where in places if len(where) != len(domain.names)]
    if wrong:
        expected = f"[{', '.join(domain.names)}]"
        raise InputError(f"observations.places: each place must be {expected} in this case; came {wrong[0]}")


def observed_values(
    case: ReadyCase, network: ObservedNetwork, settings: ObservationSettings, noise: float, draw: int = 0
) -> tuple[Observations, Tensor]:
    """Return observations of the truth with errors, and which of them have gross errors, shape (p,), boolean.

    Error k is fixed by the seed, the draw and k: another σ_o scales the same errors, more observations change none.

    Parameters
    ----------
    case, network, settings
        What is observed, where, and how wrongly.
    noise
        True σ_o.
    draw
        Number of the draw; the one that belongs to the seed itself is 0.
    """
    p, like = len(network), network.places
    none = torch.zeros(p, dtype=torch.bool, device=like.device)
    if case.observations is not None and network.places is case.observations.places:
        if draw and not case.withheld:
            raise InputError("this case has one set of observations; repeat needs a case whose errors can be drawn")
        return case.observations, none
    exact = network.operator(case.truth)
    unit = unit_noise(p, generator(settings.seed, NOISE, draw)).to(like)
    errors = network.error(1.0).draw(unit) * noise
    chance = generator(settings.seed, GROSS, draw)
    gross = none
    if settings.gross_probability:
        size = settings.gross_size * noise * unit_noise(p, chance).to(like)
        gross = (torch.rand(5120, generator=chance, dtype=torch.float64)[:p] < settings.gross_probability).to(like.device)
        errors = errors + torch.where(gross, size, 0.0)
    return Observations(exact + errors, network.places), gross


def _operator(case: ReadyCase, settings: ObservationSettings, places: Tensor) -> ObservationOperator:
    domain, name = case.domain, settings.operator
    if name == "channel":
        if not isinstance(domain, VerticalPlane):
            raise InputError("vertical weighting functions need a vertical plane; choose another operator or case")
        return LinearOperator(domain.channels(places, settings.width))
    if name == "area":
        return LinearOperator(_area(domain, places, settings.radius))
    inner = LinearOperator(domain.interpolation(places))
    if name not in FUNCTIONS:
        return inner
    values = case.truth[case.valid]
    return PointwiseOperator(inner, name, float(values.mean()), float(values.std()) or 1.0)


def _area(domain: Domain, places: Tensor, radius: float | None) -> Rows:
    return domain.area_means(places, radius or usual_radius(domain))


def usual_radius(domain: Domain) -> float:
    """Return 5 % of the domain: of the line, of the plane's width, of the height of a map in km."""
    if isinstance(domain, VerticalPlane):
        return USUAL_RADIUS * (domain.extent[1] - domain.extent[0])
    coordinates = domain.coordinates()
    if len(domain.names) == 1:
        return USUAL_RADIUS
    return USUAL_RADIUS * 111.2 * float(coordinates[:, 0].max() - coordinates[:, 0].min())
