"""What is observed, cycle by cycle."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from backends.dynamics.base import Dynamics
from backends.errors import InputError
from backends.geometry.domain import Rows
from backends.observing.operators import LinearOperator

#: `all`, `every`: every so many components; `random`: so many, drawn once; `changing`: so many, drawn again each time;
#: `alternate`: one component after the other; `subsets`: {x, y, z, xy, xz, yz} in random order; `chosen`: a list of them.
Which = Literal["all", "every", "random", "changing", "alternate", "subsets", "chosen"]

#: Most components whose subsets are listed.
FEW = 10


@dataclass(frozen=True)
class Network:
    """A rule that says which components are observed at each time.

    Attributes
    ----------
    which
        See :data:`Which`.
    count
        Of `random` and `changing`: how many; of `every`: every so many.
    chosen
        Of `chosen`: the components, counted from 0.
    seed
        Of what is drawn.
    fields
        Of testbeds with several fields: those that are observed; the rule counts their points. Empty: all.
    """

    which: Which = "all"
    count: int = 1
    chosen: tuple[int, ...] = ()
    seed: int = 0
    fields: tuple[str, ...] = ()

    def components(self, model: Dynamics, cycle: int) -> Tensor:
        """Return the components that are observed at a cycle, ascending, shape (p,).

        Raises
        ------
        InputError
            If a component is not there, or more are asked for than there are.
        """
        among = self._among(model)
        return among[self._of(len(among), model.name, cycle)]

    def _among(self, model: Dynamics) -> Tensor:
        """Return the components that may be observed: those of the fields, or all."""
        names: tuple[str, ...] = getattr(model, "fields", ())
        unknown = [name for name in self.fields if name not in names]
        if unknown:
            there = f"the fields of {model.name} are {', '.join(names)}" if names else f"{model.name} has a single field"
            raise InputError(f"observations.fields: {there}; came {unknown[0]!r}")
        everything = torch.arange(model.size)
        if not self.fields:
            return everything
        each = model.size // len(names)
        return torch.cat([everything[names.index(name) * each :][:each] for name in sorted(self.fields, key=names.index)])

    def _of(self, n: int, name: str, cycle: int) -> Tensor:
        """Return which of n components are observed at a cycle."""
        if self.which in ("random", "changing", "every") and not 1 <= self.count <= n:
            raise InputError(f"observations.count must lie between 1 and the {n} components of {name}; came {self.count}")
        if self.which == "all":
            return torch.arange(n)
        if self.which == "every":
            return torch.arange(0, n, self.count)
        if self.which == "alternate":
            return torch.tensor([cycle % n])
        if self.which == "chosen":
            wrong = [k for k in self.chosen if not 0 <= k < n]
            if wrong or not self.chosen:
                raise InputError(f"observed components must lie between 0 and {n - 1}; came {wrong[0] if wrong else 'none'}")
            return torch.tensor(sorted(set(self.chosen)))
        draw = torch.Generator().manual_seed(self.seed * 1_000_003 + (0 if self.which == "random" else cycle + 1))
        if self.which == "subsets":
            if n > FEW:
                raise InputError(
                    f"'subsets' is for at most {FEW} components, all of whose subsets can be listed; {name} has {n}"
                )
            subsets = [[k for k in range(n) if number >> k & 1] for number in range(1, 2**n - 1)]
            return torch.tensor(subsets[int(torch.randint(len(subsets), (), generator=draw))])
        return torch.randperm(n, generator=draw)[: self.count].sort().values

    @property
    def fixed(self) -> bool:
        """Whether the same components are observed at all times."""
        return self.which not in ("changing", "alternate", "subsets")

    def operator(self, model: Dynamics, cycle: int, like: Tensor) -> LinearOperator:
        """Return H of a cycle, with the device and precision of `like`."""
        index = self.components(model, cycle).to(like.device)[:, None]
        return LinearOperator(Rows(model.size, index, torch.ones_like(index, dtype=like.dtype)))
