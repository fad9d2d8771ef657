"""Generated cases: a periodic line and a vertical plane."""

import math

import torch
from torch import Tensor

from backends.device import compute_device, precise_dtype
from backends.experiments.cases import LineCase, PlaneCase
from backends.experiments.problem_case import ReadyCase, Suggested
from backends.geometry.line import PeriodicLine
from backends.geometry.plane import VerticalPlane

#: The lecture's background: moved by this share of the domain, smoothed over this share, biased by this share of σ.
SHIFT, SMOOTHING, BIAS = 0.03, 0.02, 0.3


def line_case(settings: LineCase) -> ReadyCase:
    """Return the periodic line: x_t = a sin(2π 3x + φ) (1 + ½ sin(2πx + ψ)), amplitude and phases from the seed."""
    device = compute_device()
    line = PeriodicLine(settings.points, device, precise_dtype(device))
    x = line.coordinates()[:, 0]
    u = _uniform(settings.seed, 3).to(x)
    amplitude, phase, slow = 1.5 + u[0], 2 * math.pi * u[1], 2 * math.pi * u[2]

    def wave(x: Tensor) -> Tensor:
        return amplitude * torch.sin(2 * math.pi * 3 * x + phase) * (1 + 0.5 * torch.sin(2 * math.pi * x + slow))

    truth = wave(x)
    background = None
    if settings.background == "shifted":
        smoothed = _smoothed_line(wave(x - SHIFT), SMOOTHING)
        background = smoothed + BIAS
    return ReadyCase(
        domain=line,
        truth=truth,
        background=background,
        weights=line.area_weights(),
        valid=torch.ones_like(truth, dtype=torch.bool),
        units="",
        length_units="",
        suggested=Suggested(sigma=1.0, length=0.08, sigma_o=0.2),
        longest=0.5,
        truth_caption="a modulated sine",
        background_caption="truth + a draw from B" if background is None else "truth, moved, smoothed and biased",
    )


def plane_case(settings: PlaneCase) -> ReadyCase:
    """Return the vertical plane: stratification, waves that tilt with height, and a local bubble, in K."""
    device = compute_device()
    dtype = precise_dtype(device)
    plane = VerticalPlane(
        torch.linspace(0, settings.domain_width, settings.nx, dtype=dtype, device=device),
        torch.linspace(0, settings.domain_height, settings.nz, dtype=dtype, device=device),
    )
    u = _uniform(settings.seed, 4).to(plane.x)

    def field(x: Tensor, z: Tensor) -> Tensor:
        """Return the truth where x and z count from 0 to 1 through the domain."""
        waves = 2.5 * torch.sin(2 * math.pi * (2 * x - 0.6 * z + u[0])) * torch.sin(math.pi * (0.15 + 0.8 * z))
        shorter = 1.2 * torch.sin(2 * math.pi * (5 * x + 0.8 * z + u[1])) * (1 - z)
        centre = 0.25 + 0.5 * u[2], 0.3 + 0.3 * u[3]
        bubble = 4 * torch.exp(-(((x - centre[0]) / 0.08).square() + ((z - centre[1]) / 0.15).square()))
        return 300 + 12 * z + waves + shorter + bubble

    z, x = torch.meshgrid(plane.z / settings.domain_height, plane.x / settings.domain_width, indexing="ij")
    truth = field(x, z).flatten()
    background = None
    if settings.background == "shifted":
        images = [field(x - SHIFT + step * SMOOTHING, z) for step in (-1, 0, 1)]
        background = (sum(images, torch.zeros_like(x)) / 3 + BIAS).flatten()
    return ReadyCase(
        domain=plane,
        truth=truth,
        background=background,
        weights=plane.area_weights(),
        valid=torch.ones_like(truth, dtype=torch.bool),
        units="K",
        length_units="km",
        suggested=Suggested(sigma=1.0, length=settings.domain_width / 10, sigma_o=0.2, length_z=settings.domain_height / 7.5),
        longest=settings.domain_width / 2,
        truth_caption="stratification, waves and a bubble",
        background_caption="truth + a draw from B" if background is None else "truth, moved, smoothed and biased",
    )


def _uniform(seed: int, count: int) -> Tensor:
    return torch.rand(count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _smoothed_line(state: Tensor, width: float) -> Tensor:
    """Return a state smoothed by a periodic Gaussian with the given standard deviation."""
    wave = torch.arange(len(state) // 2 + 1, device=state.device, dtype=state.dtype)
    return torch.fft.irfft(torch.fft.rfft(state) * torch.exp(-0.5 * (2 * math.pi * wave * width).square()), n=len(state))
