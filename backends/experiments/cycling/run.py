"""Running a cycling experiment to its end, and its summary."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from backends.cycling.cycling import Contestant
from backends.cycling.verification import time_mean
from backends.device import compute_device, device_name
from backends.experiments.cycling.race import Race
from backends.experiments.cycling.settings import CyclingSettings

#: Seconds between reports of a run's progress.
REPORT_EVERY = 0.25

#: Told the cycles done, and the newest running means by method and name.
Report = Callable[[int, dict[str, float]], None]


def run(settings: CyclingSettings, report: Report | None = None) -> Race:
    """Run all cycles of an experiment; return the race that has been run.

    Raises
    ------
    InputError
        If the settings cannot be run.
    """
    race = Race(settings)
    reported = time.monotonic()
    for cycle in range(1, settings.cycles + 1):
        race.step()
        if all(contestant.ended for contestant in race.cycling.contestants):
            break
        if report is not None and (cycle == settings.cycles or time.monotonic() - reported > REPORT_EVERY):
            report(cycle, newest(race))
            reported = time.monotonic()
    return race


def newest(race: Race, over: int = 50) -> dict[str, float]:
    """Return the analysis RMSE of each method, averaged over the newest cycles."""
    means = {}
    for contestant in race.cycling.contestants:
        record = contestant.record
        mean = float(record.of("rmse_analysis", max(0, record.cycles - over)).mean())
        if math.isfinite(mean):
            means[contestant.label] = mean
    return means


@dataclass(frozen=True)
class Entry:
    """The scores of a method: means after the spin-up over the experiments that kept the truth; None where undefined.

    Attributes are those of the summary of an experiment, see docs/cycling.md.
    """

    name: str
    label: str
    rmse_analysis: float | None
    rmse_analysis_error: float | None
    rmse_background: float | None
    rmse_background_error: float | None
    spread_analysis: float | None
    crps: float | None
    chi2_per_obs: float | None
    sigma_o_desroziers: float | None
    diverged_at: int | None
    experiments_lost: int
    reason: str | None
    seconds: float
    cycles_per_second: float | None


def summary(race: Race) -> dict[str, Any]:
    """Return what a run is summarised by: one entry for each method in the order of the file."""
    return {
        "methods": [asdict(entry) for entry in entries(race)],
        "cycles": race.cycle,
        "spinup": race.settings.spinup,
        "repeat": race.settings.repeat,
        "device": device_name(compute_device()),
    }


def entries(race: Race) -> tuple[Entry, ...]:
    """Return the scores of each method up to now, in the order of the settings."""
    together = zip(race.cycling.contestants, race.settings.methods, strict=True)
    return tuple(_entry(contestant, method.name, race.settings) for contestant, method in together)


def _entry(contestant: Contestant, name: str, settings: CyclingSettings) -> Entry:
    record = contestant.record
    good = record.good()
    # Where all experiments lost the truth there is nothing better to average than what they did.
    counted = (good if bool(good.any()) else record.blown_up == 0).to(record.numbers().device)

    def mean(quantity: str) -> tuple[float | None, float | None]:
        score = time_mean(record.of(quantity, settings.spinup)[:, counted])
        return _finite(score.mean), _finite(score.error)

    rmse_a, rmse_b = mean("rmse_analysis"), mean("rmse_background")
    sigma_o2 = mean("sigma_o2_desroziers")[0]
    return Entry(
        name=name,
        label=contestant.label,
        rmse_analysis=rmse_a[0],
        rmse_analysis_error=rmse_a[1],
        rmse_background=rmse_b[0],
        rmse_background_error=rmse_b[1],
        spread_analysis=mean("spread_analysis")[0],
        crps=mean("crps")[0],
        chi2_per_obs=mean("chi2_per_obs")[0],
        sigma_o_desroziers=math.sqrt(sigma_o2) if sigma_o2 is not None and sigma_o2 > 0 else None,
        diverged_at=record.first_fault(),
        experiments_lost=int((~good).sum()),
        reason=contestant.ended or None,
        seconds=contestant.seconds,
        cycles_per_second=record.cycles * settings.repeat / contestant.seconds if contestant.seconds else None,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
