"""Exponential time stepping: a linear part that is diagonal exactly, the rest by a Runge–Kutta scheme."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

#: Terms of the series of φ_k for |z| < 1; the first that is left out is below 1 / 20! ≈ 4e-19.
TERMS = 20


def phi(order: int, z: Tensor) -> Tensor:
    """Return φ_k(z) for a complex z of any shape: φ_0 = exp, φ_{k+1}(z) = (φ_k(z) − 1/k!) / z.

    Hochbruck and Ostermann (2010, Acta Numerica 19, 209–286), equation 2.10. For |z| < 1, where the recurrence loses
    digits, their series Σ_j z^j / (j + k)!.
    """
    small = z.abs() < 1
    near, far = torch.where(small, z, 0.0), torch.where(small, 1.0, z)
    series = torch.zeros_like(near)
    for j in reversed(range(TERMS)):
        series = series * near + 1 / math.factorial(j + order)
    result = far.exp()
    for k in range(order):
        result = (result - 1 / math.factorial(k)) / far
    return torch.where(small, series, result)


class ExponentialRungeKutta:
    """One step of ∂x/∂t = λ x + N(x) with a diagonal λ, by the fourth-order scheme ETDRK4.

    Cox and Matthews (2002, J. Comput. Phys. 176, 430–455), equations 26–29. Fast waves and strong diffusion in λ do not
    limit the step, and a state with λ x + N(x) = 0 stays as it is whatever the step, which an integrating factor does
    not grant.

    Parameters
    ----------
    exponents
        λ, real or complex, in a shape that broadcasts against states.
    dt
        Length of the step.
    """

    def __init__(self, exponents: Tensor, dt: float) -> None:
        # In double precision and only then in that of the states: the φ are differences of nearly equal numbers.
        z = exponents.to(torch.complex128) * dt
        phi1, phi2, phi3 = (phi(k, z) for k in (1, 2, 3))
        factors = (
            phi(0, z),
            phi(0, z / 2),
            dt / 2 * phi(1, z / 2),
            dt * (phi1 - 3 * phi2 + 4 * phi3),
            dt * (2 * phi2 - 4 * phi3),
            dt * (4 * phi3 - phi2),
        )
        real = not exponents.is_complex()
        self._factors = tuple((factor.real if real else factor).to(exponents.dtype) for factor in factors)

    def step(self, nonlinear: Callable[[Tensor], Tensor], state: Tensor) -> Tensor:
        """Return the state one step later; `nonlinear` returns N of a state."""
        whole, half, quarter, first, middle, last = self._factors
        n0 = nonlinear(state)
        relaxed = half * state
        a = relaxed + quarter * n0
        na = nonlinear(a)
        b = relaxed + quarter * na
        nb = nonlinear(b)
        c = half * a + quarter * (2 * nb - n0)
        nc = nonlinear(c)
        return whole * state + first * n0 + middle * (na + nb) + last * nc
