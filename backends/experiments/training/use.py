"""A trained network on the Analysis page: whether it is valid there, what it makes of a problem, and how to make it fit."""

import time
from dataclasses import dataclass, replace
from typing import cast

import torch

from backends.errors import InputError
from backends.experiments.cases import FieldCase
from backends.experiments.outcome import Outcome
from backends.experiments.training.bridge import case_of
from backends.experiments.training.line import AIVarLine, AIVarLineConditioned, MLPSettings
from backends.experiments.training.plane import AIVarField, AIVarPlane
from backends.experiments.training.settings import TrainingSettings
from backends.experiments.training.trained import Trained
from backends.geometry.domain import Domain
from backends.geometry.grid import LatLonGrid
from backends.geometry.line import PeriodicLine
from backends.geometry.plane import VerticalPlane
from backends.learning.gallery import Panel
from backends.learning.variational.cases import Cases
from backends.learning.variational.line import told
from backends.learning.variational.networks import Analyst
from backends.learning.variational.pictures import line_pictures, map_pictures
from backends.learning.variational.task import Judged
from backends.observing.operators import LinearOperator

#: Trainings whose networks the Analysis page can use.
Usable = AIVarLine | AIVarLineConditioned | AIVarPlane | AIVarField
#: The names of their tasks, and the domains that they are for.
USABLE: dict[str, type[PeriodicLine | VerticalPlane | LatLonGrid]] = {
    "aivar-1d": PeriodicLine, "aivar-1d-conditioned": PeriodicLine, "aivar-2d": VerticalPlane, "aivar-field": LatLonGrid,
}  # fmt: skip
#: Settings that differ by less than this part are the same.
SAME = 1e-3


@dataclass(frozen=True)
class Learned:
    """What a network makes of the problem of the Analysis page, beside the exact solution.

    Attributes
    ----------
    reasons
        Why the network is not valid here, one sentence each; nothing where it is.
    scores
        Costs, cost gap and RMSE by the names of :meth:`backends.learning.variational.task.Judged.scores`.
    seconds_network, seconds_exact
        Wall time of the network's analysis, and of the one shown on the page.
    panels
        Pictures of both.
    """

    reasons: tuple[str, ...]
    scores: dict[str, float]
    seconds_network: float
    seconds_exact: float
    panels: tuple[Panel, ...]


def fits(settings: TrainingSettings, outcome: Outcome) -> bool:
    """Return whether networks of a training can see the problem of the page: its kind of domain, and of fields the same one."""
    if not isinstance(outcome.case.domain, USABLE.get(settings.task, ())):
        return False
    if not isinstance(settings, AIVarField):
        return True
    case = outcome.settings.case
    return isinstance(case, FieldCase) and (case.path, case.variable) == (settings.path, settings.variable)


def apply(network: Trained, outcome: Outcome) -> Learned:
    """Let a network analyse the problem of the page.

    Raises
    ------
    InputError
        If the network cannot see the problem at all: another domain, grid or field, a nonlinear H, correlated observation
        errors.
    """
    settings = _usable(network.settings)
    _check_seen(settings, outcome)
    problem = outcome.problem
    count = torch.tensor([float(outcome.used.sum())])
    sigma_b, length, sigma_o = (torch.tensor([value]) for value in (outcome.sigma_b, outcome.length, outcome.sigma_o))
    conditions = told(sigma_b, length, sigma_o, count)[0] if isinstance(settings, AIVarLineConditioned) else None
    cases = case_of(problem, outcome.case.truth, conditions)
    like = next(network.task.network.parameters())
    seen, analyst = cases.to(like), cast(Analyst, network.task.network)
    with torch.no_grad():
        analyst.increment(seen)  # the first call makes room for what the next ones use
        start = time.perf_counter()
        increment = analyst.increment(seen)
        if like.is_cuda:
            torch.cuda.synchronize()
        seconds = time.perf_counter() - start
    cases = cases.to(torch.empty(0, dtype=torch.float64))
    judged = Judged(cases)
    increment = increment.cpu().double()
    panels = tuple(
        replace(panel, title=panel.title.replace("unseen case 1", "the case of this page"))
        for panel in _pictures(cases, judged.exact, increment, outcome.case.domain)
    )
    scores = judged.scores(increment) | _errors(outcome, {"3dvar": judged.exact, "network": increment})
    return Learned(reasons(settings, outcome), scores, seconds, outcome.seconds, panels)


def reasons(settings: Usable, outcome: Outcome) -> tuple[str, ...]:
    """Return why a network that was trained with these settings is not valid for an analysis."""
    found = []
    b, o = outcome.settings.background_error, outcome.settings.observations
    if (b.source, b.correlation) != ("static", "gaussian"):
        found.append("it was trained with a static Gaussian B")
    if outcome.settings.method.huber:
        found.append("it was trained with a quadratic J_o, without Huber's robust cost")
    named = {"σ_b": outcome.sigma_b, "L": outcome.length, "σ_o": outcome.sigma_o}
    if isinstance(settings, AIVarPlane):
        named["L_z"] = outcome.length_z
    for name, (low, high) in _ranges(settings).items():
        if not low * (1 - SAME) <= named[name] <= high * (1 + SAME):
            found.append(f"{name} is {named[name]:.3g}; it was trained with {_words(low, high)}")
    if isinstance(settings, AIVarLine | AIVarField):
        if isinstance(settings.network, MLPSettings) and abs(b.floor / settings.background_error.floor - 1) > SAME:
            found.append(f"the floor α is {b.floor:g}; it was trained with {settings.background_error.floor:g}")
        at_points = isinstance(settings, AIVarLine) or settings.observations.placement == "points"
        if at_points and (o.operator != "point" or not _on_points(outcome)):
            found.append("observations lie between grid points; it was trained with observations at grid points")
    if isinstance(settings, AIVarField):
        found.extend(_other_fields(settings, outcome))
    if not isinstance(settings, AIVarPlane):
        low, high = settings.observations.count
        p = int(outcome.used.sum())
        if not low <= p <= high:
            found.append(f"there are {p} observations; it was trained with {_words(low, high)}")
    elif o.placement != "columns":
        found.append("it was trained with observations in columns")
    return tuple(found)


def tuned_to(settings: TrainingSettings, outcome: Outcome, run: str, iterations: int) -> TrainingSettings:
    """Return a training that begins with the weights of a run and has the page's B, R and number of observations.

    Raises
    ------
    InputError
        If networks of that training cannot be used on the page.
    """
    usable = _usable(settings)
    sigma, length, sigma_o, p = outcome.sigma_b, outcome.length, outcome.sigma_o, int(outcome.used.sum())
    b: dict[str, object] = {"sigma": sigma, "length": length}
    o: dict[str, object] = {"sigma": sigma_o}
    if isinstance(usable, AIVarLineConditioned):
        ranges = usable.background_error
        b = {"sigma": _widened(ranges.sigma, sigma), "length": _widened(ranges.length, length)}
        o = {"sigma": _widened(usable.observations.sigma, sigma_o)}
    elif isinstance(usable, AIVarLine):
        b["floor"] = outcome.settings.background_error.floor or usable.background_error.floor
    elif isinstance(usable, AIVarField):
        b["floor"] = outcome.settings.background_error.floor or usable.background_error.floor
        o["placement"] = usable.observations.placement if _on_points(outcome) else "anywhere"
    else:
        b["length_z"] = outcome.length_z
    if not isinstance(usable, AIVarPlane):
        o["count"] = _widened(usable.observations.count, max(1, p))
    old = usable.model_dump()
    new: dict[str, object] = {"background_error": old["background_error"] | b, "observations": old["observations"] | o}
    if isinstance(usable, AIVarField):
        new["lag"] = outcome.case.lag or usable.lag
    return type(usable).model_validate(old | new | {"resume": run, "fine_tune": True, "iterations": iterations})


def _usable(settings: TrainingSettings) -> Usable:
    if not isinstance(settings, Usable):
        raise InputError(f"a network of the task {settings.task} cannot be used on the Analysis page")
    return settings


def _check_seen(settings: Usable, outcome: Outcome) -> None:
    case, domain = outcome.settings.case, outcome.case.domain
    if not isinstance(domain, USABLE[settings.task]):
        raise InputError(f"a network of the task {settings.task} cannot analyse this case")
    if isinstance(settings, AIVarField):
        if not fits(settings, outcome):
            here = f"{case.variable} of {case.path}" if isinstance(case, FieldCase) else "none of its times"
            raise InputError(f"the network was trained on {settings.variable} of {settings.path}; this case is {here}")
        return
    shape = (settings.nz, settings.nx) if isinstance(settings, AIVarPlane) else (settings.points,)
    if tuple(domain.shape) != shape:
        raise InputError(f"the network was trained on {_size(shape)} points; this case has {_size(tuple(domain.shape))}")


def _other_fields(settings: AIVarField, outcome: Outcome) -> list[str]:
    """Return how truth and background of a field differ from those of a training."""
    case, found = outcome.settings.case, []
    assert isinstance(case, FieldCase)
    if case.background == "mean":
        found.append(f"the background is the mean over time; it was trained with the field {settings.lag} steps before")
    elif outcome.case.lag != settings.lag:
        found.append(f"the background is {outcome.case.lag} steps earlier; it was trained with {settings.lag}")
    if outcome.settings.observations.operator != "point":
        found.append("observations are means over areas; it was trained with interpolated values")
    if case.level is not None or case.member:
        found.append("a level or a member was chosen; it was trained with the first ones")
    return found


def _errors(outcome: Outcome, increments: dict[str, torch.Tensor]) -> dict[str, float]:
    """Return RMSE as the page has it, weighted by area, of the background and of increments (1, n)."""
    case, background = outcome.case, outcome.problem.background
    errors = {name: float(case.rmse(background + increment[0].to(background))) for name, increment in increments.items()}
    return {f"rmse_{name}": value for name, value in {"background": float(case.rmse(background)), **errors}.items()}


def _ranges(settings: Usable) -> dict[str, tuple[float, float]]:
    if isinstance(settings, AIVarLineConditioned):
        b, o = settings.background_error, settings.observations
        return {"σ_b": b.sigma, "L": b.length, "σ_o": o.sigma}
    fixed = {"σ_b": settings.background_error.sigma, "L": settings.background_error.length, "σ_o": settings.observations.sigma}
    if isinstance(settings, AIVarPlane):
        fixed["L_z"] = settings.background_error.length_z
    return {name: (value, value) for name, value in fixed.items()}


def _on_points(outcome: Outcome) -> bool:
    operator = outcome.problem.operator
    return isinstance(operator, LinearOperator) and bool((operator.weight.max(1).values > 1 - 1e-6).all())


def _pictures(cases: Cases, exact: torch.Tensor, increment: torch.Tensor, domain: Domain) -> tuple[Panel, ...]:
    if isinstance(domain, PeriodicLine):
        return line_pictures(cases, exact, increment)
    rows, columns = domain.shape
    if isinstance(domain, VerticalPlane):
        (left, right, low, high), axes = domain.extent, ("x [km]", "z [km]")
    else:
        assert isinstance(domain, LatLonGrid)
        left, right = float(domain.longitude[0]), float(domain.longitude[-1])
        low, high = float(domain.latitude[0]), float(domain.latitude[-1])
        axes = ("longitude [°E]", "latitude [°N]")
    return map_pictures(cases, exact, increment, (rows, columns), (left, low, right, high), axes)


def _words(low: float, high: float) -> str:
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, reversed(shape)))


def _widened(ends: tuple[float, float], value: float) -> tuple[float, float]:
    return min(ends[0], value), max(ends[1], value)
