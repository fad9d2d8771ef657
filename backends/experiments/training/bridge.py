"""From a problem of the Analysis page to a batch of one case that networks can see."""

from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from backends.assimilation.analysis import Problem
from backends.background_error.base import BackgroundError
from backends.background_error.circulant import CirculantBackgroundError
from backends.background_error.kronecker import KroneckerBackgroundError
from backends.errors import InputError
from backends.learning.variational.cases import Cases, Errors
from backends.learning.variational.fixed import DenseErrors, PlaneErrors, dense_errors
from backends.learning.variational.spectral import SpectralErrors
from backends.observing.operators import LinearOperator

#: Most points of a state whose B is decomposed as a matrix.
LARGEST_DENSE = 2500
#: Floor of a B whose own floor is lower: networks divide by eigenvalues in single precision.
LEAST_FLOOR = 1e-7
#: Matrices that have been decomposed, for as long as their B is there: B stays while σ_o or the observations are turned.
_DECOMPOSED: WeakKeyDictionary[BackgroundError, DenseErrors] = WeakKeyDictionary()


def case_of(problem: Problem, truth: Tensor | None = None, conditions: Tensor | None = None) -> Cases:
    """Return a problem as a batch of one case, with the observations that are used.

    Parameters
    ----------
    problem
        A single case with a linear H and R = σ_o² I.
    truth
        Shape (n,); not a number where there is none.
    conditions
        What a conditioned network is told, shape (c,).

    Raises
    ------
    InputError
        If H is not linear, observation errors differ or are correlated, or B is of a kind that cannot be decomposed here.
    """
    used = problem.of_used()
    H, background = used.operator, used.background
    if not isinstance(H, LinearOperator):
        raise InputError("a network that was trained with a linear observation operator cannot see a nonlinear one")
    R = used.observation_error.matrix()
    sigma = R.diagonal().sqrt()
    if not len(R):
        sigma = background.new_ones(1)
    elif float((R - sigma[0].square() * torch.eye(len(R)).to(R)).abs().max()) > 1e-9 * float(R[0, 0]):
        raise InputError("networks are trained with R = σ_o² I; here observation errors differ or are correlated")
    count = len(H)
    return Cases(
        truth=(torch.full_like(background, torch.nan) if truth is None else truth)[None],
        background=background[None],
        nodes=H.index[None],
        weights=H.weight[None].to(background),
        values=used.observations.values[None].to(background),
        used=torch.ones(1, count, dtype=torch.bool, device=background.device),
        sigma=sigma[:1].to(background),
        errors=errors_of(problem.background_error),
        conditions=background.new_zeros(1, 0) if conditions is None else conditions[None].to(background),
    )


def errors_of(B: BackgroundError) -> Errors:
    """Return a B of the Analysis page with a symmetric root.

    Raises
    ------
    InputError
        If it is neither circulant nor separable, and too large for a matrix.
    """
    if isinstance(B, CirculantBackgroundError):
        first = torch.zeros(1, dtype=torch.long, device=B.variance().device)
        row = B.between(first, torch.arange(B.size, device=first.device))
        eigenvalues = torch.fft.rfft(row.double()).real
        return SpectralErrors(_floored(eigenvalues), B.size)
    if isinstance(B, KroneckerBackgroundError):
        qz, qx, eigenvalues = B.eigen()
        return PlaneErrors(qz, qx, _floored(eigenvalues))
    if B.size > LARGEST_DENSE:
        raise InputError(f"B is decomposed as a matrix for at most {LARGEST_DENSE} points here; the state has {B.size}")
    if (decomposed := _DECOMPOSED.get(B)) is None:
        decomposed = _DECOMPOSED[B] = dense_errors(B.dense().double(), LEAST_FLOOR)
    return decomposed


def _floored(eigenvalues: Tensor) -> Tensor:
    return eigenvalues.clamp(min=LEAST_FLOOR * float(eigenvalues.max()))
