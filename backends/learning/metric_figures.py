"""Which figures the metrics of a training are drawn in, one beside the other."""

from dataclasses import dataclass

from backends.learning.metrics import Groups, metric_label

#: Figures whose numbers span decades, and those that never do.
ALWAYS_LOG = ("gaps",)
NEVER_LOG = (
    "learning_rate", "samples_per_second", "memory_mb", "device_memory_mb", "score elbo", "score explained",
    "score consistency", "score length",
)  # fmt: skip


@dataclass(frozen=True)
class MetricLine:
    """A metric as a curve.

    Attributes
    ----------
    metric, label
        Its name, and what the legend says.
    references
        Metrics whose newest values it is measured against, by what the legend says.
    smooth
        Whether it is so noisy that it is smoothed.
    """

    metric: str
    label: str
    references: tuple[tuple[str, str], ...] = ()
    smooth: bool = False


@dataclass(frozen=True)
class MetricFigure:
    """Curves in one figure.

    Attributes
    ----------
    name, title
        A key that stays the same while a run goes on, and what stands above it.
    lines
        In the order of their colours.
    small
        Whether it is one of those that only tell how the machine does.
    """

    name: str
    title: str
    lines: tuple[MetricLine, ...]
    small: bool = False

    def log(self, wanted: bool, positive: bool) -> bool:
        """Return whether its axis is logarithmic, where a person wants that or not, and all values are positive or not."""
        return self.name in ALWAYS_LOG or (wanted and self.name not in NEVER_LOG and positive)


def figures(groups: Groups) -> tuple[MetricFigure, ...]:
    """Return the figures of metrics: the loss, cost gaps, scores beside their references, and small ones of all others."""
    found: list[MetricFigure] = []
    if groups.terms:
        lines = tuple(MetricLine(name, metric_label(name), smooth=True) for name in groups.terms)
        found.append(MetricFigure("loss", "Loss", lines))
    if groups.gaps:
        lines = tuple(MetricLine(name, metric_label(name.removeprefix("cost_gap_"))) for name in groups.gaps)
        found.append(MetricFigure("gaps", "Normalised cost gap", lines))
    for stem, scores in groups.compared.items():
        # The background's cost lies far above all others, which it would flatten.
        kept = [(name, [r for r in tails if stem != "cost" or not r.endswith("_background")]) for name, tails in scores]
        tails = dict.fromkeys(metric_label(reference.rpartition("_")[2]) for _, names in kept for reference in names)
        beside = f" (dashed: {', '.join(tails)})" if tails and len(kept) > 1 else ""
        title = f"{'Validation cost' if stem == 'cost' else _titled(metric_label(stem))}{beside}"
        # One curve is called the network's, and its references what they are; of several each is called by its stem.
        suffix, prefix = ("_network", "") if len(kept) > 1 else ("", f"{stem}_")
        lines = tuple(
            MetricLine(
                name,
                metric_label(name.removeprefix(prefix).removesuffix(suffix)),
                tuple((metric_label(reference.removeprefix(prefix)), reference) for reference in references),
            )
            for name, references in kept
        )
        found.append(MetricFigure(f"score {stem}", title, lines))
    for name in (*groups.system, *groups.others):
        label = metric_label(name)
        found.append(MetricFigure(name, _titled(label), (MetricLine(name, label),), small=True))
    return tuple(found)


def _titled(label: str) -> str:
    """Return a label that begins with a capital, unless it begins with a symbol."""
    return label[:1].upper() + label[1:] if label.isascii() else label
