"""The network: a set encoder brings radiosondes to the curtain, convolutions along x carry both on, a head answers anywhere."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

#: Waves along x that tell where on the plane a column is.
WAVES = 4
#: Cosines along z that the embedding of a radiosonde sees.
COSINES = 10
#: Lengths of the kernels at the beginning, as parts of the plane.
LENGTHS = (0.015, 0.05, 0.15)


class ObservationNetwork(nn.Module):
    """Observations of one or more times to φ at any place a step later.

    Radiosondes are a set of (x, z, age, y), as many as there are. Each is embedded by its height and age, times y and times
    1, and summed into every column with a weight that falls with the distance along x, the shorter way round: a
    convolutional deep set (Gordon et al. 2020, arXiv:1910.13556). Their order does not matter. The sums stand beside the
    curtain as more channels. Convolutions with circular padding make coefficients a_m(x) of them, and the answer to a query
    is φ(x, z) = Σ_m a_m(x) b_m(z) with b from linear layers (Lu et al. 2021, Nat. Mach. Intell. 3, 218–229); a is linear
    between columns of cells. All follows a shift of everything along x by whole cells, except for the sines and cosines that
    say where a column is: the source stays where it is.

    Parameters
    ----------
    columns, width, height
        Cells along x, and sides of the plane, km.
    mean, scale
        Of each channel of the curtain, shape (channels,).
    sonde_mean, sonde_scale
        Of φ at radiosondes.
    times
        Times of observations.
    hidden, layers, kernel
        Channels of the convolutions, their number after the first one, and cells that each reaches over (odd).
    embedding
        Channels that radiosondes get for each length of the kernels.
    modes
        Number of a_m.
    cosines
        Cosines cos(kπz/height), k from 0, that b(z) is made of: few make it smooth. Observations leave free what no channel
        sees between two radiosondes, so that this alone keeps a network that never sees a truth from making it up.
    typical
        Radiosonde values in a column at one time, that sums are divided by.
    """

    mean: Tensor
    scale: Tensor
    sonde_mean: Tensor
    sonde_scale: Tensor
    x: Tensor
    position: Tensor

    def __init__(
        self,
        columns: int,
        width: float,
        height: float,
        mean: Tensor,
        scale: Tensor,
        sonde_mean: float,
        sonde_scale: float,
        times: int = 2,
        hidden: int = 48,
        layers: int = 4,
        kernel: int = 9,
        embedding: int = 16,
        modes: int = 32,
        cosines: int = 12,
        typical: int = 18,
    ) -> None:
        super().__init__()
        self.times, self.width, self.height, self.typical, self.cosines = times, width, height, typical, cosines
        self.register_buffer("mean", mean.float().clone())
        self.register_buffer("scale", scale.float().clone())
        self.register_buffer("sonde_mean", torch.tensor(sonde_mean))
        self.register_buffer("sonde_scale", torch.tensor(sonde_scale))
        x = (torch.arange(columns) + 0.5) / columns
        angle = 2 * math.pi * torch.arange(1, WAVES + 1)[:, None] * x
        self.register_buffer("x", width * x)
        self.register_buffer("position", torch.cat([angle.sin(), angle.cos()]))
        self.log_length = nn.Parameter((width * torch.tensor(LENGTHS)).log())
        self.embed = _layers(COSINES + times, 64, embedding * len(LENGTHS))
        inputs = times * len(mean) + 2 * embedding * len(LENGTHS) + 2 * WAVES
        self.first = _convolution(inputs, hidden, kernel)
        self.between = nn.ModuleList(_convolution(hidden, hidden, kernel) for _ in range(layers))
        self.last = nn.Conv1d(hidden, modes, 1)
        self.basis = _layers(cosines, 64, modes)

    def forward(self, curtain: Tensor, places: Tensor, values: Tensor) -> Tensor:
        """Return the coefficients a that :meth:`at` and :meth:`on` answer with.

        Parameters
        ----------
        curtain
            Oldest time first, shape (B, times, channels, nx).
        places
            (x, z, age) of radiosonde values, km and times before the newest one (0, 1, …), shape (S, 3) or (B, S, 3).
        values
            φ there, shape (B, S); NaN where there is none. S may be any number, also 0.

        Returns
        -------
        Tensor
            Shape (B, nx, modes).
        """
        seen = ((curtain - self.mean[:, None]) / self.scale[:, None]).flatten(1, 2)
        sondes = self.gather(places, values)
        position = self.position.expand(len(seen), -1, -1)
        features = self.first(torch.cat([seen, sondes, position], 1))
        for layer in self.between:
            features = features + layer(silu(features))
        return self.last(silu(features)).mT

    def gather(self, places: Tensor, values: Tensor) -> Tensor:
        """Return what columns know of a set of radiosonde values, shape (B, channels, nx)."""
        there = torch.isfinite(values)
        y = torch.where(there, (values - self.sonde_mean) / self.sonde_scale, 0.0)
        x, z, age = places.to(self.x).unbind(-1)
        ages = (age[..., None] == torch.arange(self.times, device=age.device)).to(z)
        embedded = self.embed(torch.cat([_cosines(z / self.height, COSINES), ages], -1)).unflatten(-1, (len(LENGTHS), -1))
        apart = (self.x - x[..., None] + self.width / 2) % self.width - self.width / 2
        near = (-0.5 * (apart[..., None] / self.log_length.exp()).square()).exp()  # (S, nx, lengths)
        # Each channel of the embedding, times y, and times 1 where there is a value.
        pair = torch.stack([y, there.to(y)], -1)  # (B, S, 2)
        places_shared = "" if places.ndim == 2 else "b"
        summed = torch.einsum(f"{places_shared}sxl,{places_shared}sle,bsp->blepx", near, embedded, pair)
        return summed.flatten(1, 3) / self.typical

    def on(self, coefficients: Tensor, z: Tensor) -> Tensor:
        """Return φ at all columns of cells and heights z (m,), km, shape (B, m, nx)."""
        return (coefficients @ self._basis(z).mT).mT

    def at(self, coefficients: Tensor, places: Tensor) -> Tensor:
        """Return φ at places (x, z) (q, 2) anywhere, km, shape (B, q)."""
        columns = len(self.x)
        place = places[:, 0].to(self.x) / self.width * columns - 0.5
        left = place.floor()
        part = (place - left)[:, None]
        left = left.long() % columns
        a = (1 - part) * coefficients[:, left] + part * coefficients[:, (left + 1) % columns]
        return (a * self._basis(places[:, 1])).sum(-1)

    def _basis(self, z: Tensor) -> Tensor:
        return self.basis(_cosines(z.to(self.x) / self.height, self.cosines))


def _convolution(inputs: int, outputs: int, kernel: int) -> nn.Conv1d:
    return nn.Conv1d(inputs, outputs, kernel, padding="same", padding_mode="circular")


def _layers(inputs: int, width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, outputs))


def _cosines(height: Tensor, count: int) -> Tensor:
    """Return cos(kπ z) of heights as parts of the plane, k = 0 … count − 1, shape (..., count)."""
    return (math.pi * height[..., None] * torch.arange(count, device=height.device)).cos()
