"""Pictures of the AI particle filter: an unseen trajectory, errors beside the EnKF's, and the ranks of the truth."""

import torch
from torch import Tensor

from backends.learning.gallery import Panel, Role, Series
from backends.learning.particle.references import Means
from backends.learning.particle.testbed import Testbed, Unseen


def pictures(unseen: Unseen, network: Means, enkf: Means, bed: Testbed) -> tuple[Panel, ...]:
    """Return a panel for each component of the first trajectory, one of errors, and one of ranks."""
    cycles = torch.arange(1, len(unseen.truth) + 1)
    n = unseen.truth.shape[-1]
    names = bed.truth.components or tuple(f"component {k + 1}" for k in range(n))
    return (
        *(_component(k, names[k], cycles, unseen, network, bed) for k in range(n)),
        _errors(cycles, unseen, network, enkf),
        _ranks(names, unseen, network),
    )


def _component(k: int, name: str, cycles: Tensor, unseen: Unseen, network: Means, bed: Testbed) -> Panel:
    particles = network.particles[:, 0, :, k]
    series = [
        Series.of("truth", "truth", cycles, unseen.truth[:, 0, k]),
        Series.of("lowest forecast particle", "other", cycles, particles.amin(-1)),
        Series.of("highest forecast particle", "other", cycles, particles.amax(-1)),
        Series.of("forecast mean", "background", cycles, network.forecast[:, 0, k]),
        Series.of("network, analysis mean", "network", cycles, network.analysis[:, 0, k]),
    ]
    if k in bed.observed:
        series.append(Series.of("observations", "observations", cycles, unseen.values[:, 0, bed.observed.index(k)]))
    seen = "observed" if k in bed.observed else "not observed"
    return Panel(f"unseen trajectory: {name}, {seen}", "cycle", name, tuple(series))


def _errors(cycles: Tensor, unseen: Unseen, network: Means, enkf: Means) -> Panel:
    def error(means: Tensor) -> Tensor:
        return (means - unseen.truth).norm(dim=-1).mean(-1)

    return Panel(
        f"error norm, mean of {unseen.truth.shape[1]} unseen trajectories",
        "cycle",
        "|mean − truth|",
        (
            Series.of("network, forecast", "background", cycles, error(network.forecast)),
            Series.of("network, analysis", "network", cycles, error(network.analysis)),
            Series.of("EnKF, forecast", "other", cycles, error(enkf.forecast)),
            Series.of("EnKF, analysis", "exact", cycles, error(enkf.analysis)),
        ),
        log="y",
    )


def _ranks(names: tuple[str, ...], unseen: Unseen, network: Means) -> Panel:
    """Return how often the truth has each rank among the forecast particles; flat where they are like the truth."""
    below = (network.particles < unseen.truth[..., None, :]).sum(-2).flatten(0, 1)
    ranks = network.particles.shape[-2] + 1
    roles: tuple[Role, ...] = ("network", "background", "other")
    series = tuple(
        Series.of(name, roles[k % 3], torch.arange(ranks), torch.bincount(below[:, k], minlength=ranks) * ranks / len(below))
        for k, name in enumerate(names)
    )
    return Panel("rank of the truth among forecast particles", "rank", "times as often as if alike", series)
