"""Many steps of a linear model at once, where it is the same at all x of a periodic axis."""

from collections.abc import Callable

import torch
from torch import Tensor

#: Most steps of one jump: the responses to as many sources are kept, 5 MB on a plane of 130 x 50.
LONGEST = 100
#: Powers of the matrices that are kept, 2.6 MB each on that plane.
KEPT = 8


class Propagator:
    """The steps φ ← M φ + a s of a field (nz, nx), done K at a time: φ ← M^K φ + Σ_j a_j M^{K−1−j} s.

    M commutes with shifts along x, so it is one matrix (nz, nz) for each wavenumber, and a jump of up to
    :data:`LONGEST` steps costs a Fourier transform and a product with these. It gives what the steps give, to rounding.

    Parameters
    ----------
    step
        Returns M φ of fields (..., nz, nx).
    source
        s, shape (nz, nx); its device and precision are those of the fields.
    """

    def __init__(self, step: Callable[[Tensor], Tensor], source: Tensor) -> None:
        nz, self._nx = source.shape
        # What becomes of a unit in each row at ix = 0 says all there is to know about M.
        units = source.new_zeros(nz, nz, self._nx)
        units[range(nz), range(nz), 0] = 1.0
        self._device = source.device
        self._complex = source.dtype.to_complex()
        # Double precision, on the CPU as not every accelerator has it: powers of the matrices pile up their rounding.
        self._M = torch.fft.rfft(step(units).cpu().to(torch.float64)).permute(2, 1, 0)
        response = torch.fft.rfft(source.cpu().to(torch.float64)).T
        responses = [response]
        for _ in range(LONGEST - 1):
            response = (self._M @ response[..., None])[..., 0]
            responses.append(response)
        #: M^j s in row j, shape (LONGEST, nk, nz).
        self._responses = torch.stack(responses).to(self._device, self._complex)
        self._powers: dict[int, Tensor] = {}

    def advance(self, field: Tensor, amplitudes: Tensor) -> Tensor:
        """Return fields (..., nz, nx) after as many steps as there are amplitudes a_j of the source, shape (K,)."""
        shape = field.shape
        # Shape (nk, nz, fields): for every wavenumber the columns are the fields.
        waves = torch.fft.rfft(field.reshape(-1, *shape[-2:])).permute(2, 1, 0)
        for part in amplitudes.to(self._device, self._complex).split(LONGEST):
            forced = torch.tensordot(part.flip(0), self._responses[: len(part)], dims=1)
            waves = self._power(len(part)) @ waves + forced[..., None]
        return torch.fft.irfft(waves.permute(2, 1, 0), n=self._nx).reshape(shape)

    def _power(self, steps: int) -> Tensor:
        if steps not in self._powers:
            if len(self._powers) == KEPT:
                self._powers.pop(next(iter(self._powers)))
            power = torch.linalg.matrix_power(self._M, steps)
            self._powers[steps] = power.to(self._device, self._complex)
        return self._powers[steps]
