"""Networks that carry states forward: a step on the periodic line, a right-hand side, and a step of a field on a map."""

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import silu


class LineStep(nn.Module):
    """One step on a periodic line, u ← u + Δu, by convolutions with circular padding.

    As `conservative`, Δu_i = F_{i−1/2} − F_{i+1/2} with fluxes F from the convolutions: ΣΔu = 0 whatever the weights, as in a
    finite-volume scheme. As `free`, the convolutions give Δu itself. They work in the precision of the weights; the sum is
    in that of the state, so that in double precision the mass stays the same to rounding over thousands of steps.

    Parameters
    ----------
    kind
        Of the two.
    width, layers, kernel
        Channels, convolutions after the first one, and points that each reaches over.
    """

    def __init__(self, kind: Literal["conservative", "free"], width: int = 32, layers: int = 2, kernel: int = 5) -> None:
        super().__init__()
        self.kind = kind
        channels = [1] + [width] * layers + [1]
        self.layers = nn.ModuleList(
            nn.Conv1d(a, b, kernel, padding="same", padding_mode="circular") for a, b in pairwise(channels)
        )

    def forward(self, state: Tensor) -> Tensor:
        """Return the state (..., n) one step later."""
        fields = state.reshape(-1, 1, state.shape[-1]).to(next(self.parameters()).dtype)
        for layer in self.layers[:-1]:
            fields = silu(layer(fields))
        change = self.layers[-1](fields).reshape(state.shape).to(state.dtype)
        if self.kind == "conservative":
            change = change.roll(1, -1) - change
        return state + change


class Tendency(nn.Module):
    """A right-hand side ẋ = f(x) of few components: linear layers with tanh, between fixed scales of x and ẋ.

    Parameters
    ----------
    mean, scale
        Of the states, (n,): what is subtracted from x, and divided by.
    speed
        Typical size of ẋ, (n,), that the output is multiplied by.
    width, layers
        Units and number of the hidden layers.
    """

    mean: Tensor
    scale: Tensor
    speed: Tensor

    def __init__(self, mean: Tensor, scale: Tensor, speed: Tensor, width: int = 64, layers: int = 2) -> None:
        super().__init__()
        for name, value in (("mean", mean), ("scale", scale), ("speed", speed)):
            self.register_buffer(name, value.float())
        sizes = [len(mean)] + [width] * layers
        hidden = [m for a, b in pairwise(sizes) for m in (nn.Linear(a, b), nn.Tanh())]
        self.layers = nn.Sequential(*hidden, nn.Linear(width, len(mean)))

    def forward(self, state: Tensor) -> Tensor:
        """Return ẋ, (..., n), computed in the precision of the weights."""
        x = state.to(self.mean.dtype)
        return (self.speed * self.layers((x - self.mean) / self.scale)).to(state.dtype)


class FieldStep(nn.Module):
    """One step of a field on a map: residual convolutions of the field and of what forces it, edges repeated beyond the map.

    Parameters
    ----------
    inputs
        Channels: the field, and what forces it.
    hidden
        Channels of the layers between.
    dilations
        Of the layers between; a layer with dilation d reaches d points far. Those with 1 fill the gaps that others leave.
    """

    def __init__(self, inputs: int, hidden: int = 32, dilations: tuple[int, ...] = (3, 1)) -> None:
        super().__init__()

        def convolution(a: int, b: int, dilation: int) -> nn.Conv2d:
            return nn.Conv2d(a, b, 3, padding=dilation, dilation=dilation, padding_mode="replicate")

        self.first = convolution(inputs, hidden, 1)
        self.between = nn.ModuleList(convolution(hidden, hidden, d) for d in dilations)
        self.last = convolution(hidden, 1, 1)

    def forward(self, field: Tensor, forcing: Tensor) -> Tensor:
        """Return the field (E, y, x) one step later, under forcing (E, C, y, x)."""
        x = silu(self.first(torch.cat([field[:, None], forcing], 1)))
        for layer in self.between:
            x = x + silu(layer(x))
        return field + self.last(x)[:, 0]
