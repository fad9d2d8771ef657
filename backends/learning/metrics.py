"""Metrics of a training: which of them belong together, and what they are called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: Metrics of the machine and of the optimiser, which have small figures of their own.
SYSTEM = ("learning_rate", "gradient_norm", "samples_per_second", "memory_mb", "device_memory_mb")
#: The order of the references of a score of the network; others follow them.
REFERENCES = ("3dvar", "exact", "reference", "kriging", "bayes", "nmc", "pca")
#: Of metrics and scores, or of the part before or after the last underscore.
METRICS = {
    "loss": "loss",
    "j": "J",
    "jb": "J_b",
    "jo": "J_o",
    "rmse": "RMSE",
    "crps": "CRPS",
    "network": "network",
    "3dvar": "3D-Var",
    "background": "background",
    "reference": "reference",
    "sindy": "SINDy",
    "upwind": "upwind",
    "climate": "climate",
    "enkf": "EnKF",
    "etkf": "ETKF",
    "letkf": "LETKF",
    "pf": "PF",
    "kl": "KL",
    "free": "free run",
    "median": "median",
    "p95": "95 %",
    "exact": "exact",
    "bayes": "E[e|d]",
    "nmc": "NMC",
    "pca": "PCA",
    "modelled": "modelled B",
    "kriging": "kriging",
    "linear": "linear",
    "filter": "Kalman filter",
    "elbo": "bound on log p per point",
    "explained": "share of variance explained",
    "residual": "τ",
    "consistency": "2 J / p",
    "sondes": "radiosondes",
    "column": "unseen column",
    "cost_gap_median": "cost gap, median",
    "cost_gap_p95": "cost gap, 95 %",
    "cost_ratio": "J network / J exact",
    "learning_rate": "learning rate",
    "gradient_norm": "norm of the gradient",
    "samples_per_second": "samples per second",
    "memory_mb": "memory [MB]",
    "device_memory_mb": "device memory [MB]",
    "seconds": "seconds",
}


@dataclass(frozen=True)
class Groups:
    """Metrics that belong together.

    Attributes
    ----------
    terms
        The loss and what it consists of.
    compared
        By a stem, scores of the network that have references, with the names of these; the costs J, J_b, J_o are one group.
    gaps
        Normalised cost gaps.
    others
        All other scores.
    system
        Of the machine and the optimiser.
    """

    terms: tuple[str, ...]
    compared: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]
    gaps: tuple[str, ...]
    others: tuple[str, ...]
    system: tuple[str, ...]


def groups(counts: Mapping[str, int]) -> Groups:
    """Sort metrics, given how many values have come of each: terms of the loss come with it, scores less often."""
    left = [name for name in counts if name != "seconds"]
    system = tuple(name for name in SYSTEM if name in left)
    stems = [name.removesuffix("_network") for name in left if name.endswith("_network")]
    compared: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {}
    taken = {*system}
    for stem in stems:
        references = _references(stem, left)
        figure = "cost" if stem in ("j", "jb", "jo") else stem
        compared[figure] = (*compared.get(figure, ()), (f"{stem}_network", references))
        taken |= {f"{stem}_network", *references}
    gaps = tuple(name for name in left if name.startswith("cost_gap"))
    taken |= {*gaps}
    free = [name for name in left if name not in taken]
    if "loss" in counts:
        terms = tuple(name for name in free if counts[name] >= 0.9 * counts["loss"] and name != "cost_ratio")
    else:  # other programs have a loss of training and one of validation
        terms = tuple(name for name in free if "loss" in name)
    return Groups(terms, compared, gaps, tuple(name for name in free if name not in terms), system)


def _references(stem: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return what a score of the network is compared with: scores that have its stem and another last word."""
    tails = [name.removeprefix(f"{stem}_") for name in names if name.startswith(f"{stem}_")]
    tails = [tail for tail in tails if tail != "network" and "_" not in tail]
    first = [tail for tail in REFERENCES if tail in tails]
    return tuple(f"{stem}_{tail}" for tail in (*first, *(tail for tail in tails if tail not in first)))


def metric_label(name: str) -> str:
    """Return what a person calls a metric, such as ``RMSE network``."""
    if name in METRICS:
        return METRICS[name]
    stem, underscore, tail = name.rpartition("_")
    if underscore and tail in METRICS:
        return f"{metric_label(stem)} {METRICS[tail]}"
    return " ".join(METRICS.get(word, word) for word in name.removesuffix("_term").split("_"))
