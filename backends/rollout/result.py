"""What a rollout leaves: scores of every start and lead, and the states of one start."""

from dataclasses import dataclass

from torch import Tensor

from backends.rollout.skill import Curve, curve, lead_below, relative, resamples
from backends.rollout.verification import NUMBERS


@dataclass(eq=False)
class Forecast:
    """What one model forecast.

    Attributes
    ----------
    name, label
        Of the kind, and what it is called.
    numbers
        Of :data:`NUMBERS`, each start, each lead and each field that has scores of its own, (len(NUMBERS), S, K + 1, F); NaN
        after the model ended.
    frames
        Forecasts of the start that is shown, (K + 1, M, n), float32 on the CPU: of the first M members, as many as the memory
        for frames holds. NaN after the model ended.
    quantities
        Each that :attr:`Rollout.quantities` names, mean over the members, (S, K + 1).
    spectra
        Power by lead and wavenumber, mean over starts and members, (K + 1, W); W is 0 where there are none.
    seconds
        Time that the model took for all starts, members and steps.
    ended
        Why it ends before the others, in a sentence; empty where it does not.
    finite_until
        Number of the last lead with scores.
    """

    name: str
    label: str
    numbers: Tensor
    frames: Tensor
    quantities: dict[str, Tensor]
    spectra: Tensor
    seconds: float = 0.0
    ended: str = ""
    finite_until: int = 0

    def of(self, number: str, field: int = 0) -> Tensor:
        """Return one of the numbers of a field, (S, K + 1)."""
        return self.numbers[NUMBERS.index(number), ..., field]


@dataclass(eq=False)
class Rollout:
    """Forecasts of several models from the same starts, verified with the same truth.

    Attributes
    ----------
    leads
        Lead times (K + 1,), the first 0, in `time_unit`.
    time_unit, unit
        Of leads and of the state, or of its first field; empty where there is none.
    steps, members
        Steps that the forecasts ran, and members N of each.
    start_steps, blocks
        Of the starts, (S,) each: see :class:`backends.rollout.world.Starts`.
    shown
        Number of the start whose states are kept.
    truth
        Its true states, (K + 1, n), float32 on the CPU.
    shape
        How the n components are arranged.
    forecasts
        One for each model, in their order.
    quantities, sizes
        True values of quantities that a model should keep or get right, by name, (S, K + 1), and what their drift is measured
        in, (S,): see :class:`backends.rollout.conserved.Quantity`.
    wavenumbers, spectra
        Of the power spectra, (W,), and those of the truth, mean over starts, (K + 1, W).
    seed
        Of the bootstrap.
    scored
        Key, title and unit of each field that has scores of its own; the key is empty where the state is scored as a whole.
    """

    leads: Tensor
    time_unit: str
    unit: str
    steps: int
    members: int
    start_steps: Tensor
    blocks: Tensor
    shown: int
    truth: Tensor
    shape: tuple[int, ...]
    forecasts: tuple[Forecast, ...]
    quantities: dict[str, Tensor]
    sizes: dict[str, Tensor]
    wavenumbers: Tensor
    spectra: Tensor
    seed: int = 0
    scored: tuple[tuple[str, str, str], ...] = (("", "", ""),)

    def __post_init__(self) -> None:
        self._weights = resamples(self.blocks, self.seed)

    def __getitem__(self, label: str) -> Forecast:
        """Return the forecast of a model by its label."""
        return next(forecast for forecast in self.forecasts if forecast.label == label)

    def rmse(self, forecast: Forecast, field: int = 0) -> Curve:
        """Return the root-mean-square error of the ensemble mean by lead."""
        return curve(forecast.of("mse", field), self._weights, "root")

    def spread(self, forecast: Forecast, field: int = 0) -> Curve:
        """Return the spread by lead, √((N + 1)/N · mean variance): that of a reliable ensemble is its RMSE.

        The factor is for the finite number of members (Fortin et al., 2014, J. Hydrometeorol. 15, 1708–1713).
        """
        return curve((self.members + 1) / self.members * forecast.of("variance", field), self._weights, "root")

    def bias(self, forecast: Forecast, field: int = 0) -> Curve:
        """Return the mean error by lead."""
        return curve(forecast.of("bias", field), self._weights)

    def crps(self, forecast: Forecast, field: int = 0) -> Curve:
        """Return the fair continuous ranked probability score by lead."""
        return curve(forecast.of("crps", field), self._weights)

    def acc(self, forecast: Forecast, field: int = 0) -> Curve:
        """Return the anomaly correlation by lead, the mean over starts."""
        return curve(forecast.of("acc", field), self._weights)

    def skill(self, forecast: Forecast, baseline: Forecast, field: int = 0) -> Curve:
        """Return by how many percent the RMSE is below that of a baseline, by lead."""
        return relative(forecast.of("mse", field), baseline.of("mse", field), self._weights)

    def useful_lead(self, forecast: Forecast, field: int = 0) -> float | None:
        """Return the lead at which the anomaly correlation falls below 0.6; None where it does not."""
        return lead_below(self.leads, self.acc(forecast, field).value)

    def drift(self, forecast: Forecast, quantity: str) -> Tensor:
        """Return a quantity's change since the start in parts of its size there, (S, K + 1)."""
        values = forecast.quantities[quantity]
        return (values - values[:, :1]) / self.sizes[quantity][:, None]
