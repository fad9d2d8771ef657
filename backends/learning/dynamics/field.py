"""Emulators of fields on maps: convolutions that take a field one step on, rolled out and compared with persistence."""

from typing import ClassVar

import torch
from torch import Tensor

from backends.learning.dynamics.archive import Archive
from backends.learning.dynamics.networks import FieldStep
from backends.learning.dynamics.rollout import BEYOND, rmse
from backends.learning.gallery import Map, Panel, Series
from backends.learning.task import Loss, Task

#: Most starts of the unseen times that validations look at.
VALIDATED = 24
#: Hours of the day.
DAY = 24
#: Most points along an axis of a map in the gallery.
SHOWN = 80


class FieldEmulator(Task):
    """A network that takes a field one step on, given what forces it at the beginning of the step.

    In a rollout the field is the network's own, and the forcing is that of the archive at each step. Where that is more than
    the clock and what stays the same, the rollout is a **forced** one: it is told something of the future that a forecast
    would not know, and its scores say so in their names.

    Parameters
    ----------
    name
        Of the task.
    network
        The step.
    archive
        The fields; the last ones are never trained on.
    batch
        Samples of which a loss is the mean.
    patch
        Points of each side of the pieces that are trained on, or 0 for whole maps.
    rollout_steps
        Steps that each sample is carried forward.
    forced
        Whether the forcing knows of the weather.
    leads
        Hours ahead that scores are of.
    """

    name: ClassVar[str] = "field-emulator"

    def __init__(
        self,
        name: str,
        network: FieldStep,
        archive: Archive,
        batch: int,
        patch: int,
        rollout_steps: int,
        forced: bool,
        leads: tuple[int, ...],
    ) -> None:
        self.name = name  # type: ignore[misc]
        self.network, self.batch = network, batch
        self.archive, self.forced = archive, forced
        self._patch, self._steps, self._leads = patch, rollout_steps, leads
        self._mark, self._word = ("_forced", "forced ") if forced else ("", "")
        device = next(network.parameters()).device
        self._field, self._forcing = archive.field.to(device), archive.forcing.to(device)
        # The mean square of what one step changes: a loss of 1 is that of persistence.
        seen = self._field[: archive.trained]
        self._scale = (seen[1:] - seen[:-1]).square().mean()

    def loss(self, generator: torch.Generator) -> Loss:
        """Return the mean square error along rollouts of pieces of the map, over that of one step of persistence."""
        field, forcing = self._pieces(generator)
        state, errors = field[:, 0], []
        for k in range(self._steps):
            state = self.network(state, forcing[:, k])
            errors.append((state - field[:, k + 1]).square().mean())
        return Loss(torch.stack(errors).mean() / self._scale, {})

    def validate(self) -> dict[str, float]:
        """Return the RMSE of some unseen forecasts by lead time, in the unit of the field, with that of persistence."""
        starts = self._starts()
        return self._by_lead(starts[:: max(1, len(starts) // VALIDATED)])

    def scores(self) -> dict[str, float]:
        """Return the same of all unseen forecasts."""
        return self._by_lead(self._starts())

    def gallery(self) -> tuple[Panel, ...]:
        """Return maps of one unseen forecast at the first and at the last lead time, and errors by lead time."""
        starts = self._starts()
        some = starts[:: max(1, len(starts) // VALIDATED)]
        forecasts, archive = self._forecasts(starts[len(starts) // 2 :][:1]), self.archive
        start = int(starts[len(starts) // 2])
        panels = []
        for steps in dict.fromkeys((self._leads[0] // archive.step_hours, self._leads[-1] // archive.step_hours)):
            truth = self._unscaled(archive.field[start + steps])
            mine = self._unscaled(forecasts[steps, 0])
            maps = (
                ("start", self._unscaled(archive.field[start]), "state"),
                (f"truth, {steps * archive.step_hours} h later", truth, "state"),
                (f"emulator, {self._word}{steps * archive.step_hours} h", mine, "state"),
                ("emulator − truth", mine - truth, "difference"),
            )
            panels.append(
                Panel(
                    f"unseen {self._word}forecast of {steps * archive.step_hours} h [{archive.unit}]",
                    "longitude [°E]",
                    "latitude [°N]",
                    maps=tuple(Map.of(label, _thin(values), archive.extent, shared) for label, values, shared in maps),
                )
            )
        curves = self._errors(some)
        hours = torch.tensor([steps * archive.step_hours for steps in self._all_steps()])
        labels = {
            "network": f"emulator, {self._word}rollout",
            "persistence": "persistence",
            "yesterday": "24 h earlier",
        }
        panels.append(
            Panel(
                f"RMSE of {len(some)} unseen forecasts", "lead time [h]", f"RMSE [{archive.unit}]",
                tuple(Series.of(labels[name], "network" if name == "network" else "other", hours, values)
                      for name, values in curves.items()),
            )
        )  # fmt: skip
        return tuple(panels)

    def _pieces(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw sequences of pieces of the map, (E, steps + 1, y, x), and their forcing (E, steps + 1, C, y, x)."""
        _, rows, columns = self._field.shape
        size = (min(self._patch or rows, rows), min(self._patch or columns, columns))
        highest = (self.archive.trained - self._steps, rows - size[0] + 1, columns - size[1] + 1)
        places = [torch.randint(most, (self.batch,), generator=generator).tolist() for most in highest]
        fields, forcings = [], []
        for t, y, x in zip(*places, strict=True):
            piece = (slice(t, t + self._steps + 1), ..., slice(y, y + size[0]), slice(x, x + size[1]))
            fields.append(self._field[piece])
            forcings.append(self._forcing[piece])
        return torch.stack(fields), torch.stack(forcings)

    def _starts(self) -> Tensor:
        """Return the unseen times that a forecast can begin at: a day earlier, and the last lead time, are there, too."""
        archive = self.archive
        longest = self._leads[-1] // archive.step_hours
        return torch.arange(archive.tested, len(archive) - longest)

    def _all_steps(self) -> range:
        return range(1, self._leads[-1] // self.archive.step_hours + 1)

    def _by_lead(self, starts: Tensor) -> dict[str, float]:
        scores: dict[str, float] = {}
        errors = self._errors(starts)
        for lead in self._leads:
            for name, values in errors.items():
                mark = self._mark if name == "network" else ""
                scores[f"rmse_{lead}h{mark}_{name}"] = float(values[lead // self.archive.step_hours - 1])
        return scores

    def _errors(self, starts: Tensor) -> dict[str, Tensor]:
        """Return the RMSE at each step ahead of the network, of persistence, and of the field 24 h before the time."""
        archive, field = self.archive, self.archive.field
        forecasts = self._forecasts(starts)
        day = DAY // archive.step_hours
        errors: dict[str, list[float]] = {"network": [], "persistence": [], "yesterday": []}
        for steps in self._all_steps():
            truth = field[starts + steps]
            # The newest field of the same hour that is known at the start.
            same_hour = starts + steps - day * -(-steps // day)
            for name, guess in (("network", forecasts[steps]), ("persistence", field[starts]), ("yesterday", field[same_hour])):
                errors[name].append(archive.scale * rmse(guess - truth))
        return {name: torch.tensor(values) for name, values in errors.items()}

    def _forecasts(self, starts: Tensor) -> Tensor:
        """Return rollouts from the archive's fields at some times, (K + 1, E, y, x), on the CPU."""
        self.network.eval()
        at = starts.to(self._field.device)
        state = self._field[at]
        states = [state]
        with torch.no_grad():
            for k in range(len(self._all_steps())):
                state = self.network(state, self._forcing[at + k])
                states.append(state)
        return torch.stack(states).cpu().nan_to_num(BEYOND).clamp(-BEYOND, BEYOND)

    def _unscaled(self, field: Tensor) -> Tensor:
        return self.archive.mean + self.archive.scale * field.double()


def _thin(values: Tensor) -> Tensor:
    """Return a map with every second point, or fewer, where it has many."""
    every = -(-max(values.shape) // SHOWN)
    return values[::every, ::every]
