"""Graph reconstruction: a network learns on short lines what is between observations, and is judged on longer ones too."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from backends.errors import InputError
from backends.learning.gallery import Panel
from backends.learning.graph.cases import Cases, Draws
from backends.learning.graph.graph import Graph
from backends.learning.graph.network import MessagePassing
from backends.learning.graph.pictures import distance_picture, length_picture, line_picture
from backends.learning.graph.references import interpolated, kriging, observed_mean
from backends.learning.task import Loss, Task

#: Seeds of the cases that are looked at in training, and of those that a network is summarised by.
VALIDATION, TEST = 1_000_003, 2_000_003
#: Nodes of all unseen cases of one length together.
UNSEEN = 16_384
#: Lines are also judged when they are so many times as long as those trained on; the first is shown.
LONGER = (4, 2, 16)


def unobserved_error(estimate: Tensor, truth: Tensor, observed: Tensor) -> Tensor:
    """Return the mean square error at the nodes that are not observed, of three tensors of the same shape."""
    return (estimate - truth)[~observed].square().mean()


@dataclass(frozen=True, eq=False)
class Unseen:
    """Cases that are never trained on, their graph, and what the references make of them, float64 on the CPU."""

    cases: Cases
    graph: Graph
    references: dict[str, Tensor]


class GraphReconstructionTask(Task):
    """Observations of some nodes to the field at all; the loss is the mean square error at the nodes that are not observed.

    Beside it stand kriging with the covariance that the truth was drawn with, which for normally distributed fields no
    estimate can beat, linear interpolation, and the mean of the observations.

    Parameters
    ----------
    network
        What is trained.
    draws
        Where cases come from.
    nodes
        n of a line that is trained on.
    neighbours
        k of the graph.
    batch
        Lines of which one loss is the mean.

    Raises
    ------
    InputError
        If the fields do not fit on a line of n nodes, or it has too few for the neighbours.
    """

    name: ClassVar[str] = "graph-reconstruction"

    def __init__(self, network: MessagePassing, draws: Draws, nodes: int = 64, neighbours: int = 8, batch: int = 32) -> None:
        draws.fields.check(nodes)
        if not 1 <= neighbours < nodes:
            raise InputError(f"neighbours must be from 1 to {nodes - 1} on a line of {nodes} nodes; came {neighbours}")
        self.network: MessagePassing = network
        self.draws, self.nodes, self.neighbours, self.batch = draws, nodes, neighbours, batch
        self._like = next(network.parameters()).detach()

    def reconstruct(self, cases: Cases, graph: Graph) -> Tensor:
        """Return the observations and what the network makes of them between, (E, n), on its device and in its precision."""
        observed = cases.observed.to(self._like.device)
        return self.network(cases.values.to(self._like), observed, graph.to(self._like))

    def loss(self, generator: torch.Generator) -> Loss:
        """Return the mean square error at the unobserved nodes of new cases."""
        cases = self.draws.draw(self.batch, self.nodes, generator)
        estimate = self.reconstruct(cases, cases.graph(self.neighbours))
        return Loss(unobserved_error(estimate, cases.truth.to(estimate), cases.observed.to(estimate.device)), {})

    def validate(self) -> dict[str, float]:
        """Return the RMSE at unobserved nodes of network and references, and the ratio of the network's to kriging's."""
        return self._scored("", self._validation)

    def scores(self) -> dict[str, float]:
        """Return the same of unseen cases of a fixed seed, of longer lines, and with fewer and more observations.

        "sparse" has half the least share of observations that is trained with, "dense" a share halfway from the greatest to 1.
        """
        scores = self._scored("", self._drawn(self.draws, self.nodes, TEST))
        for times in sorted(LONGER):
            length = times * self.nodes
            scores |= self._scored(f"_{length}", self._drawn(self.draws, length, TEST))
        least, greatest = self.draws.share
        for label, share in (("sparse", least / 2), ("dense", (1 + greatest) / 2)):
            draws = replace(self.draws, share=(share, share))
            scores |= self._scored(f"_{label}", self._drawn(draws, self.nodes, TEST))
        return scores

    def gallery(self) -> tuple[Panel, ...]:
        """Return pictures of a line, of a longer one, and of errors against distance and against the length of the line."""
        long = LONGER[0] * self.nodes
        unseen = {self.nodes: self._validation, **self._longer}
        estimates = {length: self._estimates(each) for length, each in unseen.items()}
        errors = {length: self._errors(unseen[length].cases, estimates[length]) for length in sorted(unseen)}
        here = unseen[self.nodes].cases
        middle, middle_long = len(here) // 2, len(unseen[long].cases) // 2
        return (
            line_picture(f"unseen line of {self.nodes} nodes", here, estimates[self.nodes], middle),
            line_picture(f"unseen line of {long} nodes", unseen[long].cases, estimates[long], middle_long),
            distance_picture(here, estimates[self.nodes]),
            length_picture(errors, self.nodes),
        )

    @cached_property
    def _validation(self) -> Unseen:
        return self._drawn(self.draws, self.nodes, VALIDATION)

    @cached_property
    def _longer(self) -> dict[int, Unseen]:
        return {times * self.nodes: self._drawn(self.draws, times * self.nodes, VALIDATION) for times in LONGER}

    def _drawn(self, draws: Draws, nodes: int, seed: int) -> Unseen:
        """Draw lines of so many nodes, and reconstruct them without the network."""
        cases = draws.draw(max(1, UNSEEN // nodes), nodes, torch.Generator().manual_seed(seed), even=True)
        exact = "exact" if draws.fields.gaussian else "kriging"
        references = {
            exact: kriging(cases, draws.fields, draws.sigma),
            "linear": interpolated(cases),
            "mean": observed_mean(cases),
        }
        return Unseen(cases, cases.graph(self.neighbours), references)

    def _estimates(self, unseen: Unseen) -> dict[str, Tensor]:
        self.network.eval()
        with torch.no_grad():
            estimate = self.reconstruct(unseen.cases, unseen.graph).cpu().double()
        return {"network": estimate, **unseen.references}

    def _scored(self, label: str, unseen: Unseen) -> dict[str, float]:
        errors = self._errors(unseen.cases, self._estimates(unseen))
        scores = {f"rmse{label}_{name}": error for name, error in errors.items()}
        kriged = next(error for name, error in errors.items() if name in ("exact", "kriging"))
        return scores | {f"rmse_ratio_to_kriging{label}": errors["network"] / kriged}

    @staticmethod
    def _errors(cases: Cases, estimates: dict[str, Tensor]) -> dict[str, float]:
        """Return the RMSE at unobserved nodes of each estimate."""
        return {
            name: float(unobserved_error(estimate, cases.truth, cases.observed).sqrt()) for name, estimate in estimates.items()
        }
