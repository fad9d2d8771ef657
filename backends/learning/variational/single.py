"""A single case, to which a network is fitted until it knows nothing else: the lecture's first step."""

from dataclasses import dataclass

import torch

from backends.learning.variational.cases import Cases


@dataclass(frozen=True, eq=False)
class SingleCase:
    """Draws that are always the same case.

    Attributes
    ----------
    case
        A batch of one.
    """

    case: Cases

    def draw(self, cases: int, generator: torch.Generator) -> Cases:
        """Return the case so many times; nothing is drawn."""
        del generator
        return self.case.of(torch.zeros(cases, dtype=torch.long, device=self.case.background.device))
