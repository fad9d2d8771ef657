"""The task: from the observations of the last times to those of the next time, and to φ anywhere at that time."""

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from backends.learning.gallery import Panel
from backends.learning.observations.network import ObservationNetwork
from backends.learning.observations.pictures import pictures
from backends.learning.observations.references import BestLinear, Exact
from backends.learning.observations.testbed import Testbed, Trajectories
from backends.learning.task import Loss, Task

#: Seed and number of the trajectories that are looked at in training, and of those that a network is summarised by.
VALIDATION, TEST = (1_000_003, 16), (2_000_003, 64)
#: What is scored: all channels, all radiosondes, the unseen column, all cells.
SCORED = ("satellite", "sondes", "column", "field")


class Windows(NamedTuple):
    """What forecasts begin with, B = trajectories times transitions, with the device and precision of the network.

    Attributes
    ----------
    curtain
        Shape (B, times, channels, nx), oldest first.
    values
        Of radiosondes, oldest time first, shape (B, times · S).
    """

    curtain: Tensor
    values: Tensor


class ObservationToObservation(Task):
    """A network that carries observations on to the next time of observations, and is asked for φ anywhere at that time.

    The loss is E_s + α E_r + β E_q. E_s compares H of the answers at all cells with the satellite's next observations, E_r
    answers at radiosondes with the next values there; both targets have noise, and a network trained by them alone
    (`queries` = 0) never sees a truth. E_q compares answers at random cells with the **truth** there, which only a twin
    experiment has; none of these cells is in the strip about the unseen column. All three are mean squares over the
    variances of these observations in all trajectories and times: 1 is about what their mean achieves.

    Parameters
    ----------
    bed
        What is observed.
    network
        What is trained.
    batch
        Trajectories of which a loss is the mean; each counts with all its transitions.
    sonde_weight, query_weight
        α and β.
    queries
        Random cells of each transition where the truth is shown; 0: none.
    """

    name: ClassVar[str] = "observation-to-observation"

    def __init__(
        self,
        bed: Testbed,
        network: ObservationNetwork,
        batch: int = 4,
        sonde_weight: float = 1.0,
        query_weight: float = 1.0,
        queries: int = 0,
    ) -> None:
        self.network: ObservationNetwork = network
        self.bed, self.batch = bed, batch
        self.sonde_weight, self.query_weight, self.queries = sonde_weight, query_weight, queries
        self._like = next(network.parameters()).detach()
        self._z, self._places, self._weights, self._shown = (
            part.to(self._like.device, self._like.dtype if part.is_floating_point() else part.dtype)
            for part in (bed.model.z, bed.places, bed.weights, bed.shown)
        )
        age = torch.arange(bed.times - 1, -1, -1, device=self._like.device).to(self._like)
        #: (x, z, age) of the radiosonde values of a window, shape (times · S, 3).
        self.launched = torch.cat([self._places.repeat(bed.times, 1), age.repeat_interleave(len(self._places))[:, None]], 1)
        # Before the training begins: whoever measures what a validation costs should not count this.
        self._best = BestLinear(bed)
        drawn = self._drawn(*VALIDATION)
        self._validation = drawn, self._best(drawn)

    def answers(self, windows: Windows) -> tuple[Tensor, Tensor]:
        """Return φ at the next time, by the network: at all cells, (B, nz, nx), and at radiosondes, (B, S)."""
        coefficients = self.network(windows.curtain, self.launched, windows.values)
        return self.network.on(coefficients, self._z), self.network.at(coefficients, self._places)

    def loss(self, generator: torch.Generator) -> Loss:
        """Return the loss of new trajectories, with its terms."""
        drawn = self.bed.draw(self.batch, generator)
        windows, first = self._windows(drawn), self.bed.times
        field, sondes = self.answers(windows)
        network = self.network
        seen = (self._weights @ field - self._next(drawn.curtain, first)) / network.scale[:, None]
        launched = (sondes - self._next(drawn.sondes, first)) / network.sonde_scale
        terms = {"satellite_term": seen.square().mean(), "sonde_term": launched.square().mean()}
        total = terms["satellite_term"] + self.sonde_weight * terms["sonde_term"]
        if self.queries:
            at = self._cells(len(field), generator)
            asked = (field - self._next(drawn.truth, first)).flatten(1).gather(1, at) / network.sonde_scale
            terms["query_term"] = asked.square().mean()
            total = total + self.query_weight * terms["query_term"]
        return Loss(total, terms)

    def validate(self) -> dict[str, float]:
        """Return RMSE on the validation trajectories, see :meth:`scores`."""
        return self._scored(*self._validation)

    def scores(self) -> dict[str, float]:
        """Return RMSE against the truth without noise, of all transitions of the test trajectories.

        Of the `network`; of the best linear analysis of the same observations with the model's forecast (`exact`), and of
        all earlier ones, too (`filter`); of the model without observations (`free`); of the observations as they are, for
        column and field of the analysis of `exact` (`persistence`); and of the mean over time and trajectories
        (`climatology`).
        """
        drawn = self._drawn(*TEST)
        return self._scored(drawn, self._best(drawn))

    def gallery(self) -> tuple[Panel, ...]:
        """Return pictures of a validation trajectory: fields, curtain, the unseen column, and errors along the way."""
        drawn, exact = self._validation
        learned_from = "observations and the truth at random cells" if self.queries else "observations alone"
        return pictures(self.bed, drawn, self.forecast(drawn), exact, self._best.mean, learned_from)

    def forecast(self, drawn: Trajectories) -> Tensor:
        """Return the network's fields of all transitions, (K, transitions, nz, nx), double precision, on the model's device."""
        self.network.eval()
        with torch.no_grad():
            field = self.answers(self._windows(drawn))[0]
        return field.to(drawn.truth).unflatten(0, (len(drawn.truth), -1))

    def _windows(self, drawn: Trajectories) -> Windows:
        first = self.bed.times - 1
        kept = [slice(k - first, k + 1) for k in self.bed.transitions]
        curtain = torch.stack([drawn.curtain[:, window] for window in kept], 1).flatten(0, 1)
        values = torch.stack([drawn.sondes[:, window].flatten(1) for window in kept], 1).flatten(0, 1)
        return Windows(curtain.to(self._like), values.to(self._like))

    def _next(self, values: Tensor, first: int) -> Tensor:
        """Return what is at the time after each window, of values (K, T, ...), shape (B, ...)."""
        return values[:, first:].flatten(0, 1).to(self._like)

    def _cells(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw cells outside the strip, (B, queries), numbers iz · nx + ix."""
        nz, nx = self.bed.model.shape
        column = torch.randint(len(self._shown), (count, self.queries), generator=generator).to(self._shown.device)
        row = torch.randint(nz, (count, self.queries), generator=generator).to(self._shown.device)
        return row * nx + self._shown[column]

    def _drawn(self, seed: int, count: int) -> Trajectories:
        return self.bed.draw(count, torch.Generator().manual_seed(seed))

    def _scored(self, drawn: Trajectories, exact: Exact) -> dict[str, float]:
        bed, first, mean = self.bed, self.bed.times, self._best.mean
        truth = drawn.truth[:, first:]
        fields = {
            "network": self.forecast(drawn),
            "exact": exact.forecast,
            "filter": exact.filtered,
            "free": mean[first:].expand_as(truth),
            "persistence": exact.analysis,
            "climatology": mean[1:].mean(0).expand_as(truth),
        }
        scores: dict[str, float] = {}
        for label, field in fields.items():
            error = field - truth
            errors = {
                "satellite": bed.curtain(error),
                "sondes": bed.sounding(error.flatten(-2)),
                "column": error[..., bed.unseen_cell],
                "field": error,
            }
            if label == "persistence":
                # What was observed last is kept as it is, with its noise.
                errors["satellite"] = drawn.curtain[:, first - 1 : -1] - bed.curtain(truth)
                errors["sondes"] = drawn.sondes[:, first - 1 : -1] - bed.sounding(truth.flatten(-2))
            scores |= {f"rmse_{what}_{label}": float(errors[what].square().mean().sqrt()) for what in SCORED}
        return scores
