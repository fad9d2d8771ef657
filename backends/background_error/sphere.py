"""B on a latitude–longitude grid, from great-circle distances."""

import math
from collections.abc import Callable
from functools import cached_property

import torch
from torch import Tensor

from backends.background_error.base import BackgroundError
from backends.background_error.correlation import Correlation, check_floor, check_sigma_b, plain
from backends.errors import InputError
from backends.geometry.grid import LatLonGrid
from backends.geometry.sphere import Points, great_circle_distance
from backends.observing.operators import LinearOperator

#: Longest correlation length. A Gaussian of the great-circle distance is not a strictly valid covariance on the whole
#: sphere (Gneiting, 2013, Bernoulli 19(4), 1327–1349): the kink at the antipode gives eigenvalues of relative size
#: exp(−π²R²/2L²), which is below 1e-9 up to here.
MAX_LENGTH_KM = 3000.0
#: A table of correlations, one for each pair of rows and each step in longitude, has at most this many elements.
LARGEST_TABLE = {"cpu": 60_000_000, "cuda": 1_000_000_000}
#: Grids up to this many points may be eigendecomposed as dense matrices where the structure gives no square root.
LARGEST_DENSE = 3000
#: Points that the largest eigenvalue is estimated from where there is no table.
THINNED = 2500
#: Without a table, rows of B are formed in blocks of about this many elements (32 MB).
BLOCK = 4_000_000


class SphereGeometry:
    """The distances on one grid; they depend on nothing else and are kept while B is tuned.

    On a grid with even steps in longitude the distance between two points depends on their rows and on the steps between
    their columns alone, so ny · ny · nx numbers hold all n² of them, and B acts row by row as a convolution.
    """

    def __init__(self, grid: LatLonGrid) -> None:
        self.grid, self.nodes = grid, grid.nodes()
        ny, nx = grid.shape
        step = float(grid.longitude[-1] - grid.longitude[0]) / (nx - 1)
        around = round(360 / step)
        self.closed = grid.even and abs(around * step - 360) < 1e-3 * step
        #: Columns of the full circle that the grid is a part of, where its step divides 360 degrees.
        self.ring = around if self.closed else 0
        most = LARGEST_TABLE.get(grid.latitude.device.type, LARGEST_TABLE["cpu"])
        self.tabled = grid.even and ny * ny * nx <= most
        self._step = step
        self._looked_up: tuple[Tensor, Tensor, Tensor] | None = None

    def distances(self, lags: int) -> Tensor:
        """Return the distances between rows at 0 to lags − 1 steps in longitude, km, shape (ny, ny, lags)."""
        latitude = self.grid.latitude
        ny = len(latitude)
        longitude = torch.arange(lags, device=latitude.device, dtype=latitude.dtype) * self._step
        there = Points(latitude.repeat_interleave(lags), longitude.repeat(ny))
        return great_circle_distance(Points(latitude, torch.zeros_like(latitude)), there).reshape(ny, ny, lags)

    @cached_property
    def grid_distances(self) -> Tensor:
        """Distances at 0 to nx − 1 steps, shape (ny, ny, nx)."""
        return self.distances(self.grid.shape[1])

    @cached_property
    def ring_distances(self) -> Tensor:
        """Distances half the way round the full circle, shape (ny, ny, ring // 2 + 1)."""
        return self.distances(self.ring // 2 + 1)

    @cached_property
    def thinned(self) -> Points:
        """Points in every so many rows and columns of the grid, at most 2,500 of them; all of a small grid."""
        numbers = torch.arange(self.grid.size, device=self.grid.latitude.device).reshape(self.grid.shape)
        step = math.ceil(math.sqrt(self.grid.size / THINNED))
        return self.nodes[numbers[::step, ::step].flatten()]

    def lookup(self, a: Tensor, b: Tensor) -> Tensor:
        """Return where in a table of shape (ny, ny, nx) the pairs of grid points a and b stand, shape (len(a), len(b)).

        The last answer is kept: while B is tuned the observed points stay.
        """
        if self._looked_up is None or self._looked_up[0] is not a or self._looked_up[1] is not b:
            ny, nx = self.grid.shape
            steps = (a[:, None] % nx - b % nx).abs_()
            self._looked_up = a, b, steps.add_((a // nx * ny * nx)[:, None]).add_(b // nx * nx)
        return self._looked_up[2]


class SphereCorrelation(BackgroundError):  # noqa: N818  a covariance of errors, no exception
    """The correlation matrix with elements ρ(d), d the great-circle distance in km, plus white variance.

    Parameters
    ----------
    geometry
        The grid and its distances.
    correlation
        With its length in km, at most 3,000.
    floor
        α ≥ 0. The eigenvalues of a grid on the sphere are not at hand, so α λ_max is added to all of them.
    """

    def __init__(self, geometry: SphereGeometry, correlation: Correlation, floor: float = 0.0) -> None:
        if plain(correlation.length) > MAX_LENGTH_KM:
            raise InputError(
                f"the correlation length L must be above 0 and at most {MAX_LENGTH_KM:.0f} km; came "
                f"{plain(correlation.length):g} km"
            )
        check_floor(floor)
        self.geometry, self.grid, self.correlation = geometry, geometry.grid, correlation
        self.size = self.grid.size
        # With a square root on the full circle, control vectors have rows times columns of that.
        self.control_size = self.grid.shape[0] * geometry.ring if geometry.closed else self.size
        self.floor = floor * self._largest_eigenvalue() if floor else 0.0

    def apply(self, state: Tensor) -> Tensor:
        """Return C x, shape (..., n)."""
        result = self._convolve(state) if self.geometry.tabled else self._in_blocks(state)
        return result + self.floor * state if self.floor else result

    def sqrt(self, control: Tensor) -> Tensor:
        """Return U v, shape (..., n): the root on the full circle, of which the grid is cut out."""
        if not self.geometry.closed:
            return control @ self._dense_root.T
        rows = self._by_wave(control.unflatten(-1, (self.grid.shape[0], self.geometry.ring)))
        return self._from_waves(rows)[..., : self.grid.shape[1]].flatten(-2)

    def sqrt_adjoint(self, state: Tensor) -> Tensor:
        """Return Uᵀ x, shape (..., control_size)."""
        if not self.geometry.closed:
            return state @ self._dense_root
        shaped = state.unflatten(-1, self.grid.shape)
        padded = torch.nn.functional.pad(shaped, (0, self.geometry.ring - self.grid.shape[1]))
        return self._from_waves(self._by_wave(padded)).flatten(-2)

    def variance(self) -> Tensor:
        """Return 1 plus the floor at each point, shape (n,)."""
        return torch.full((self.size,), 1 + self.floor, dtype=self.grid.latitude.dtype, device=self.grid.latitude.device)

    def between(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the elements of C in rows a and columns b."""
        ny, nx = self.grid.shape
        if self.geometry.tabled and len(a) * len(b) > ny * ny * nx:  # looking up is quicker than the functions themselves
            result = self._table.flatten()[self.geometry.lookup(a, b)]
        else:
            nodes = self.geometry.nodes
            result = self.correlation(great_circle_distance(nodes[a], nodes[b]))
        return result + self.floor * (a[:, None] == b).to(result) if self.floor else result

    # ------------------------------------------------------------------------------------------------------------------

    @cached_property
    def _table(self) -> Tensor:
        """Correlations between rows at 0 to nx − 1 steps in longitude, shape (ny, ny, nx)."""
        return self.correlation(self.geometry.grid_distances)

    @cached_property
    def _spectral_table(self) -> Tensor:
        """The Fourier transform of the table along longitude, shape (waves, ny, ny), real."""
        nx, table = self.grid.shape[1], self._table
        # A grid all round is convolved as it is, a part of the circle with zeros beside it, so that no end meets the other.
        self._columns = nx if self.geometry.ring == nx else 2 * nx
        if self.geometry.ring != nx:
            table = torch.cat([table, table.new_zeros(*table.shape[:2], 1), table[..., 1:].flip(-1)], dim=-1)
        return torch.fft.rfft(table).real.permute(2, 0, 1).contiguous()

    def _convolve(self, state: Tensor) -> Tensor:
        table = self._spectral_table
        waves = torch.fft.rfft(state.unflatten(-1, self.grid.shape), n=self._columns)  # (..., ny, waves)
        rows = waves.reshape(-1, *waves.shape[-2:]).permute(2, 1, 0)  # (waves, ny, batch)
        mixed = torch.complex(table @ rows.real, table @ rows.imag).permute(2, 1, 0).reshape(waves.shape)
        return torch.fft.irfft(mixed, n=self._columns)[..., : self.grid.shape[1]].flatten(-2)

    def _in_blocks(self, state: Tensor) -> Tensor:
        """Return C x where the table would be too large: only points where x is not zero count, and rows come in blocks."""
        shape = state.shape
        flat = state.reshape(-1, self.size)
        used = (flat != 0).any(0).nonzero()[:, 0]
        rows = max(1, BLOCK // max(1, len(used)))
        nodes = self.geometry.nodes
        blocks = [
            flat[:, used] @ self.correlation(great_circle_distance(nodes[i : i + rows], nodes[used])).T
            for i in range(0, self.size, rows)
        ]
        return torch.cat(blocks, dim=-1).reshape(shape)

    def _largest_eigenvalue(self) -> float:
        """Return λ_max by power iteration; all elements of C are positive, so a constant is not orthogonal to its vector.

        Without a table a step would cost n² correlations. There a part of the points stands for all: their λ_max times the
        number of points that each stands for.
        """
        apply: Callable[[Tensor], Tensor] = self._convolve
        size = self.size
        if not self.geometry.tabled:
            points = self.geometry.thinned
            apply, size = self.correlation(great_circle_distance(points, points)).mv, len(points)
        x = torch.ones(size, dtype=self.grid.latitude.dtype, device=self.grid.latitude.device)
        value = 1.0
        for _ in range(30):
            y = apply(x / x.norm())
            last, value = value, float(y.detach().norm())
            if abs(value - last) < 1e-4 * value:
                break
            x = y
        return value * (self.size / size)

    @cached_property
    def _wave_roots(self) -> Tensor:
        """Symmetric roots of the ny x ny matrices of each wave on the full circle, shape (waves, ny, ny)."""
        ny = self.grid.shape[0]
        if (self.geometry.ring // 2 + 1) * ny * ny > LARGEST_TABLE["cpu"]:
            raise InputError(f"a square root of B on {ny} rows round the globe is too large; use the closed-form solver")
        half = self.correlation(self.geometry.ring_distances)
        inner = half[..., 1 : (self.geometry.ring + 1) // 2]
        waves = torch.fft.rfft(torch.cat([half, inner.flip(-1)], dim=-1)).real.permute(2, 0, 1)
        values, vectors = torch.linalg.eigh(waves)
        # Beyond rounding, some correlations are not positive definite on the sphere: what is negative counts as zero.
        values = values.clamp(min=0) + self.floor
        return (vectors * values.sqrt()[:, None, :]) @ vectors.transpose(1, 2)

    def _by_wave(self, rows: Tensor) -> Tensor:
        waves = torch.fft.rfft(rows)
        flat = waves.reshape(-1, *waves.shape[-2:]).permute(2, 1, 0)
        roots = self._wave_roots
        return torch.complex(roots @ flat.real, roots @ flat.imag).permute(2, 1, 0).reshape(waves.shape)

    def _from_waves(self, waves: Tensor) -> Tensor:
        return torch.fft.irfft(waves, n=self.geometry.ring)

    @cached_property
    def _dense_root(self) -> Tensor:
        if self.size > LARGEST_DENSE:
            raise InputError(
                f"a square root of B on {self.size} points needs longitudes in steps that divide 360 degrees, which this grid "
                "has not; use the closed-form solver"
            )
        values, vectors = torch.linalg.eigh(self.dense())
        return vectors * values.clamp(min=0).sqrt()


class ScaledBackgroundError(BackgroundError):
    """B = D C D: another covariance, scaled by standard deviations.

    Parameters
    ----------
    inner
        A correlation or covariance C.
    sigma
        Standard deviations: one number, a tensor without dimensions where derivatives are wanted, or a map (n,).
    """

    def __init__(self, inner: BackgroundError, sigma: float | Tensor) -> None:
        check_sigma_b(float(sigma.detach().min()) if isinstance(sigma, Tensor) else sigma)
        self.inner, self.sigma = inner, sigma
        self.size, self.control_size = inner.size, inner.control_size

    def apply(self, state: Tensor) -> Tensor:
        """Return B x, shape (..., n)."""
        return self.inner.apply(state * self.sigma) * self.sigma

    def sqrt(self, control: Tensor) -> Tensor:
        """Return D U v, shape (..., n)."""
        return self.inner.sqrt(control) * self.sigma

    def sqrt_adjoint(self, state: Tensor) -> Tensor:
        """Return Uᵀ D x, shape (..., control_size)."""
        return self.inner.sqrt_adjoint(state * self.sigma)

    def inverse(self, state: Tensor) -> Tensor:
        """Return B⁻¹ x, shape (..., n)."""
        return self.inner.inverse(state / self.sigma) / self.sigma

    def variance(self) -> Tensor:
        """Return the diagonal of B, shape (n,)."""
        return self.inner.variance() * self.sigma**2

    def between(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the elements of B in rows a and columns b."""
        inner = self.inner.between(a, b)
        if isinstance(self.sigma, Tensor) and self.sigma.ndim:
            return inner * self.sigma[a][:, None] * self.sigma[b]
        return inner * self.sigma**2

    def cross(self, operator: LinearOperator, points: Tensor) -> Tensor:
        """Return H B at the given grid points, shape (p, len(points))."""
        if isinstance(self.sigma, Tensor) and self.sigma.ndim:
            return super().cross(operator, points)
        return self.inner.cross(operator, points) * self.sigma**2
