"""What is learned: a task draws its own data, knows its network and its loss, and scores what has been learned."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from backends.learning.gallery import Panel


@dataclass(frozen=True, eq=False)
class Loss:
    """What is minimised, a tensor without dimensions, and what it consists of, by name."""

    total: Tensor
    terms: Mapping[str, Tensor]


class Task(ABC):
    """Something to be learned.

    Attributes
    ----------
    network
        What is trained, on the device where the data are drawn.
    batch
        Samples of which one loss is the mean.
    """

    name: ClassVar[str]
    network: nn.Module
    batch: int

    @abstractmethod
    def loss(self, generator: torch.Generator) -> Loss:
        """Return the loss of one batch, drawn anew from the generator, which is on the CPU."""

    def carried(self) -> dict[str, Tensor]:
        """Return what goes over from one batch to the next, so that a training that goes on has it; most tasks have nothing."""
        return {}

    def carry(self, tensors: dict[str, Tensor]) -> None:
        """Go on with what :meth:`carried` returned."""
        del tensors

    @abstractmethod
    def validate(self) -> dict[str, float]:
        """Return scores on cases that are the same at each call and never trained on; those of references beside them."""

    @abstractmethod
    def scores(self) -> dict[str, float]:
        """Return what the network is summarised by, on unseen cases of a fixed seed."""

    @abstractmethod
    def gallery(self) -> tuple[Panel, ...]:
        """Return pictures of unseen cases: what was given, what is exact, and what the network makes of it."""
