"""The linear inverse model: the best linear forecast of anomalies, a baseline that learned models must beat."""

from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError
from backends.rollout.models import ForecastModel
from backends.rollout.world import Starts, World

#: Numbers of EOFs that are tried.
CANDIDATES = (1, 2, 3, 5, 8, 12, 18, 27, 40, 60)
#: Part of what may be fitted to that the number of EOFs is chosen with, the last third, and most leads that it is chosen by.
CHOSEN_WITH, LEADS = 1 / 3, 24


@dataclass(frozen=True, eq=False)
class Propagator:
    """One step of weighted anomalies y (..., n): y ← E G Eᵀ y + ρ (y − E Eᵀ y).

    Attributes
    ----------
    eofs
        E, orthonormal columns, (n, r).
    G
        Of the coefficients, (r, r).
    rho
        Autocorrelation of what the EOFs leave out, after a step.
    """

    eofs: Tensor
    G: Tensor
    rho: float

    def forward(self, anomalies: Tensor, steps: int) -> Tensor:
        """Return anomalies (..., n) after so many steps."""
        coefficients = anomalies @ self.eofs
        left = anomalies - coefficients @ self.eofs.T
        return coefficients @ torch.linalg.matrix_power(self.G, steps).T @ self.eofs.T + self.rho**steps * left


def fit(anomalies: Tensor, count: int) -> Propagator:
    """Fit G = C_τ C_0⁻¹ in the space of the leading EOFs, with the lag τ of one step.

    Penland and Sardeshmukh (1995, J. Climate 8, 1999–2024), equations 4 to 6. What the EOFs leave out, which they drop,
    decays here with its own autocorrelation: without it forecasts would begin with the error of the truncation.

    Parameters
    ----------
    anomalies
        Sequences (J, L, n), weighted so that their mean square is that of the norm.
    count
        Number of EOFs r.
    """
    now, later = anomalies[:, :-1].flatten(0, 1), anomalies[:, 1:].flatten(0, 1)
    return _fitted(now, later, _eofs(anomalies, count))


def choose(anomalies: Tensor, leads: int) -> int:
    """Return the number of EOFs whose forecasts up to so many steps ahead have the least mean square error.

    They are fitted to the first two thirds of the sequences, or of the only one, and compared with the last third.
    """
    J, L, _ = anomalies.shape
    if J > 1:
        parts = anomalies[: J - round(J * CHOSEN_WITH)], anomalies[J - round(J * CHOSEN_WITH) :]
    else:
        parts = anomalies[:, : L - round(L * CHOSEN_WITH)], anomalies[:, L - round(L * CHOSEN_WITH) :]
    seen, unseen = parts
    leads = min(leads, LEADS, unseen.shape[1] - 1)
    if seen.shape[1] < 3 or leads < 1 or len(unseen) == 0:
        raise InputError(f"a linear inverse model needs at least 9 states in sequence, or 3 sequences; came {J} of {L}")
    now, later = seen[:, :-1].flatten(0, 1), seen[:, 1:].flatten(0, 1)
    most = min(len(now) // 2, anomalies.shape[2])
    counts = [count for count in CANDIDATES if count <= most] or [1]
    eofs = _eofs(seen, counts[-1])
    errors = {count: _error(_fitted(now, later, eofs[:, :count]), unseen, leads) for count in counts}
    return min(errors, key=lambda count: errors[count])


class LinearInverse(ForecastModel):
    """A linear inverse model of the anomalies from the climate, which has the daily cycle where there is one.

    Attributes
    ----------
    count
        Number of EOFs.
    propagator
        One step.
    """

    name = "linear-inverse"

    def __init__(
        self,
        world: World,
        generator: torch.Generator,
        leads: int,
        count: int | None = None,
        label: str = "linear inverse model",
    ) -> None:
        """Fit it to what the world has to be fitted to.

        Parameters
        ----------
        world
            What it forecasts.
        generator
            Of the trajectories of a testbed that it is fitted to.
        leads
            Steps ahead that the number of EOFs is chosen by.
        count
            Number of EOFs; None: chosen.
        label
            What it is called.

        Raises
        ------
        InputError
            If there is too little to fit to.
        """
        self.label, self.size, self._world = label, world.size, world
        states, steps = world.training(generator)
        self._weight = world.norm.area.sqrt() * world.norm.scale
        anomalies = self._weight * (states - world.climate(steps.flatten()).reshape(states.shape))
        if count is not None and count > min(states.shape[1] * len(states) - 1, world.size):
            raise InputError(f"eofs must be at most {min(states.shape[1] * len(states) - 1, world.size)}; came {count}")
        self.count = choose(anomalies, leads) if count is None else count
        self.propagator = fit(anomalies, self.count)

    def advance(self, states: Tensor, starts: Starts, lead: int, steps: int) -> Tensor:
        """Return the states later: the climate at that time, and the anomalies carried on."""
        before, after = (self._world.climate(starts.steps + lead + k)[:, None] for k in (0, steps))
        return after + self.propagator.forward(self._weight * (states - before), steps) / self._weight


def _eofs(anomalies: Tensor, count: int) -> Tensor:
    """Return the leading EOFs of sequences (J, L, n), (n, count): eigenvectors of their covariance."""
    flat = anomalies.flatten(0, 1)
    if len(flat) < flat.shape[1]:
        return torch.linalg.svd(flat, full_matrices=False).Vh[:count].T
    return torch.linalg.eigh(flat.T @ flat).eigenvectors.flip(-1)[:, :count]


def _fitted(now: Tensor, later: Tensor, eofs: Tensor) -> Propagator:
    """Return G = C_τ C_0⁻¹ and ρ of pairs of anomalies (M, n)."""
    z, z_later = now @ eofs, later @ eofs
    G = torch.linalg.solve(z.T @ z, z.T @ z_later).T
    left, left_later = now - z @ eofs.T, later - z_later @ eofs.T
    power = left.square().sum()
    rho = float((left * left_later).sum() / power) if float(power) > 0 else 0.0
    return Propagator(eofs, G, rho)


def _error(propagator: Propagator, unseen: Tensor, leads: int) -> float:
    """Return the mean over leads of the mean square error of forecasts from all times of unseen sequences."""
    state, errors = unseen, []
    for k in range(1, leads + 1):
        state = propagator.forward(state, 1)
        errors.append((state[:, : unseen.shape[1] - k] - unseen[:, k:]).square().sum(-1).mean())
    total = float(torch.stack(errors).mean())
    return total if total < float("inf") else float("inf")
