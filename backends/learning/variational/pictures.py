"""Pictures of AI-Var's cases: truth, background, observations, exact analysis and the network's."""

import torch
from torch import Tensor

from backends.learning.gallery import Map, Panel, Series
from backends.learning.variational.cases import Cases


def line_pictures(cases: Cases, exact: Tensor, increments: Tensor) -> tuple[Panel, ...]:
    """Return a panel for each case on the periodic line, and one of the spectra of the increments."""
    n = cases.background.shape[1]
    x = torch.arange(n) / n
    panels = []
    for k in range(len(cases)):
        used, background = cases.used[k], cases.background[k]
        places = (cases.nodes[k, :, 0] + cases.weights[k, :, 1])[used] / n
        panels.append(
            Panel(
                f"unseen case {k + 1}: {int(used.sum())} observations",
                "place on the line",
                "state",
                (
                    Series.of("truth", "truth", x, cases.truth[k]),
                    Series.of("background", "background", x, background),
                    Series.of("observations", "observations", places, cases.values[k][used]),
                    Series.of("3D-Var, exact", "exact", x, background + exact[k]),
                    Series.of("network", "network", x, background + increments[k]),
                ),
            )
        )
    waves = torch.arange(1, n // 2 + 1)

    def power(fields: Tensor) -> Tensor:
        return torch.fft.rfft(fields, norm="forward")[:, 1:].abs().square().mean(0).clamp(min=1e-30)

    panels.append(
        Panel(
            "power of the increments",
            "waves on the line",
            "power",
            (
                Series.of("truth − background", "truth", waves, power(cases.truth - cases.background)),
                Series.of("3D-Var, exact", "exact", waves, power(exact)),
                Series.of("network", "network", waves, power(increments)),
                Series.of("network − 3D-Var", "other", waves, power(increments - exact)),
            ),
            log="xy",
        )
    )
    return tuple(panels)


def map_pictures(
    cases: Cases, exact: Tensor, increments: Tensor, shape: tuple[int, int], extent: tuple[float, ...], axes: tuple[str, str]
) -> tuple[Panel, ...]:
    """Return panels of maps for a few cases: truth, background, both analyses, and how they differ.

    Parameters
    ----------
    cases, exact, increments
        Cases with their exact increments and those of the network.
    shape, extent, axes
        Rows and columns; left, lower, right and upper edge; what the axes are called.
    """
    rows, columns = shape
    left, low, right, high = extent
    panels = []
    for k in range(min(len(cases), 2)):
        used, background = cases.used[k], cases.background[k]
        nodes, weights = cases.nodes[k][used], cases.weights[k][used]
        x = left + (right - left) * (weights * (nodes % columns)).sum(-1) / (columns - 1)
        y = low + (high - low) * (weights * (nodes // columns)).sum(-1) / (rows - 1)

        def shown(label: str, state: Tensor, shared: str = "state") -> Map:
            return Map.of(label, state.reshape(shape), (left, low, right, high), shared)

        maps = (
            shown("truth", cases.truth[k]),
            shown("background", background),
            shown("3D-Var, exact", background + exact[k]),
            shown("network", background + increments[k]),
            shown("increment, exact", exact[k], "difference"),
            shown("increment, network", increments[k], "difference"),
            shown("network − 3D-Var", increments[k] - exact[k], "small difference"),
        )
        points = Series.of("observations", "observations", x, y)
        panels.append(Panel(f"unseen case {k + 1}: {int(used.sum())} observations", *axes, (points,), maps))
    return tuple(panels)
