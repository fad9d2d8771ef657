"""What is forecast: where forecasts start, what came true, and what is usual at that time."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from backends.dynamics.base import Norm
from backends.errors import InputError
from backends.rollout.conserved import Quantity
from backends.rollout.spectra import Spectrum

#: How the components of a state lie: on periodic axes, on a map with edges, on a sphere, or not in space at all.
Layout = Literal["periodic", "map", "sphere", "components"]


@dataclass(frozen=True, eq=False)
class Starts:
    """Where and when forecasts begin.

    Attributes
    ----------
    states
        True states, (S, n).
    steps
        Steps of the world between its beginning and each start, whole numbers (S,).
    blocks
        Numbers of groups (S,): starts of one group follow closely on each other and are no independent sample.
    """

    states: Tensor
    steps: Tensor
    blocks: Tensor

    def __len__(self) -> int:
        return len(self.states)


@dataclass(frozen=True, eq=False)
class Scored:
    """A part of a state that has scores of its own.

    Attributes
    ----------
    key, title, unit
        What files and people call it, and its unit; empty where all components are scored together.
    part
        Of the components.
    norm
        Of this part.
    fields
        So many fields of equal size are in it; 0: its components are no field.
    """

    key: str
    title: str
    unit: str
    part: slice
    norm: Norm
    fields: int


class World(ABC):
    """A truth that forecasts are verified with: a model's own, or that of an archive.

    Attributes
    ----------
    size, shape
        Number of components n, and how they are arranged: n is the product.
    dt, time_unit
        Length of a step, and its unit; empty where time has none.
    unit
        Of the state; empty where it has none.
    norm
        Weights (n,), sum 1, and factors (n,) of errors.
    fields
        The state consists of so many fields of equal size, one after the other; 0: its components are no field.
    layout
        How the components of a field lie.
    quantities
        What a forecast should keep or get right, by name.
    spectrum
        The transform that shows the scales of a field, or None where there are none.
    """

    size: int
    shape: tuple[int, ...]
    dt: float
    time_unit: str
    unit: str
    norm: Norm
    fields: int
    layout: Layout
    quantities: Mapping[str, Quantity]
    spectrum: Spectrum | None

    @property
    def scored(self) -> tuple[Scored, ...]:
        """What has scores of its own: the state as a whole, or each of its fields where their units differ."""
        return (Scored("", "", self.unit, slice(None), self.norm, self.fields),)

    @abstractmethod
    def starts(self, count: int, steps: int, generator: torch.Generator) -> Starts:
        """Draw starts of forecasts that run so many steps.

        Raises
        ------
        InputError
            If there are not so many.
        """

    @abstractmethod
    def truth(self, starts: Starts, steps: int, every: int = 1) -> Iterator[Tensor]:
        """Yield the true states (S, n) at leads of 0, `every`, 2 `every`, … up to `steps` steps.

        Raises
        ------
        InputError
            If the truth does not reach that far.
        """

    @abstractmethod
    def climate(self, steps: Tensor) -> Tensor:
        """Return what is usual so many steps (S,) after the beginning of the world, (S, n)."""

    def perturbations(self, count: int, scale: float, generator: torch.Generator) -> Tensor:
        """Draw errors like those between random states of the climate, with `scale` times its covariance, (count, n).

        Raises
        ------
        InputError
            If the covariance is not known.
        """
        del count, scale, generator
        raise InputError(f"the covariance of the climate of {type(self).__name__} is not known; use white perturbations")

    def training(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return states that a model may be fitted to, (J, L, n), and their steps (J, L): J sequences, none verified with.

        Raises
        ------
        InputError
            If there are none.
        """
        del generator
        raise InputError(f"{type(self).__name__} has no states to fit a model to")


def even_norm(like: Tensor) -> Norm:
    """Return the norm of which the length of an error is its root mean square over the components of a state (n,)."""
    return Norm(torch.full_like(like, 1 / len(like)), torch.ones_like(like))


def check_lead(steps: int, every: int) -> None:
    """Raise InputError unless forecasts run for a whole positive number of leads."""
    if steps < 1:
        raise InputError(f"steps must be at least 1; came {steps}")
    if every < 1 or steps % every:
        raise InputError(f"every must be a positive number that divides steps, {steps}; came {every}")
