"""An analysis experiment: a case is observed and analysed with any settings, again and again while they are tuned."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial

import torch
from torch import Tensor

from backends.assimilation.analysis import Analysis, Problem, Solver
from backends.assimilation.closed_form import innovation_covariance, observation_space, state_space
from backends.assimilation.control_space import Stopping, conjugate_gradients, lbfgs
from backends.assimilation.gauss_newton import gauss_newton
from backends.assimilation.innovation import InnovationCovariance
from backends.assimilation.likelihood import Optimum, maximise
from backends.assimilation.quality import background_check, of_one_case
from backends.errors import InputError
from backends.experiments.background import Amplitudes, BackgroundErrors, warnings_of
from backends.experiments.cases import GeneratedCase
from backends.experiments.observing import (
    BACKGROUND,
    ObservedNetwork,
    generator,
    observe_network,
    observed_values,
)
from backends.experiments.outcome import Outcome
from backends.experiments.problem_case import ReadyCase
from backends.experiments.settings import (
    AnalysisSettings,
    BackgroundErrorSettings,
    MethodSettings,
    ObservationSettings,
)
from backends.memory import ask
from backends.observing.observations import Observations
from backends.observing.operators import LinearOperator

#: Rounds of tuning by likelihood and checking observations against the background with what was tuned.
TUNING_ROUNDS = 3
#: Floor of the B that errors are drawn from where the true correlation is given.
TRUE_FLOOR = 1e-6
#: Matrices p x p of p observations that an analysis holds: H B Hᵀ, R, their sum in double precision and its factor.
HELD_AT_ONCE = 4
#: Below so many observations these matrices are small (130 MB), and nobody is kept waiting for an answer about memory.
MANY = 2000


class AnalysisExperiment:
    """A case that can be observed and analysed with any settings.

    What the last settings needed is kept: turning σ_o leaves H B Hᵀ as it is, turning B leaves the network and what it saw.

    Parameters
    ----------
    case
        Made ready.
    settings
        The case's own settings, for what its background is drawn with.
    """

    def __init__(self, case: ReadyCase, settings: object) -> None:
        self.case, self.case_settings = case, settings
        self.errors = BackgroundErrors(case)
        self.network = lru_cache(maxsize=32)(self._network)  # small, and asked for by all who look at the case
        self.background_error = lru_cache(maxsize=2)(self.errors.make)
        self.background = lru_cache(maxsize=4)(self._background)
        self._observed = lru_cache(maxsize=2)(self._observed_covariance)
        self._values = lru_cache(maxsize=4)(self._observed_values)

    def run(self, settings: AnalysisSettings, draw: int = 0) -> Outcome:
        """Observe and analyse.

        Parameters
        ----------
        settings
            Of the same case.
        draw
            Which draw of the random errors; 0 is that of the seeds themselves.

        Raises
        ------
        InputError
            If a setting is out of range, or does not fit the case; or if there are more observations than memory for them.
        """
        _ask_for_memory(len(self.network(settings.observations)))
        numbers, sigma_o = self.errors.amplitudes(settings.background_error), self.sigma_o(settings)
        background, observations, gross = self.draw(settings, draw)
        optimum = None
        if settings.background_error.tune == "likelihood":
            numbers, sigma_o, optimum = self.tuned(settings, background, observations)
            update = {"sigma": numbers.sigma, "length": numbers.length, "length_z": numbers.length_z}
            b_settings = settings.background_error.model_copy(update=update)
        else:
            b_settings = settings.background_error
        network = self.network(settings.observations)
        start = time.perf_counter()
        B = self.background_error(b_settings)
        R = network.error(sigma_o)
        everything = torch.ones(len(network), dtype=torch.bool, device=background.device)
        problem = Problem(background, observations, network.operator, B, R, everything)
        H = network.operator.linearise(background)
        linear = isinstance(network.operator, LinearOperator)
        HBHt = self._observed(b_settings, settings.observations) if linear else B.observed(H)
        spread = (HBHt.diagonal() + R.variance()).sqrt()
        used = background_check(problem.innovation(), spread, settings.method.background_check)
        problem = replace(problem, used=used)
        method, S = settings.method, None
        if linear and method.solver == "closed-form" and not method.huber:  # whose weights are others than one
            S = InnovationCovariance(HBHt, R.matrix(), used)
        analysis, weight = of_one_case(self._solver(method, HBHt if linear else None, S), problem, method.huber)
        if background.is_cuda:
            torch.cuda.synchronize(background.device)
        seconds = time.perf_counter() - start
        if not linear:
            HBHt = B.observed(network.operator.linearise(analysis.mean))
        return Outcome(
            settings=settings,
            case=self.case,
            problem=problem,
            gross=gross,
            weight=weight,
            analysis=analysis,
            covariance=S or InnovationCovariance(HBHt, R.weighted(weight).matrix(), used),
            sigma_b=numbers.sigma,
            length=numbers.length,
            length_z=numbers.length_z,
            sigma_o=sigma_o,
            rmse_background=float(self.case.rmse(background)),
            rmse_analysis=float(self.case.rmse(analysis.mean)),
            seconds=seconds,
            optimum=optimum,
            warnings=(*self.case.warnings, *warnings_of(B), *_at_bounds(optimum)),
        )

    def sigma_o(self, settings: AnalysisSettings) -> float:
        """Return the σ_o that the analysis assumes."""
        return settings.observations.sigma or self.case.suggested.sigma_o

    def draw(self, settings: AnalysisSettings, draw: int = 0) -> tuple[Tensor, Observations, Tensor]:
        """Return one draw of the background (n,) and the observations, and which of these have gross errors (p,)."""
        observing = settings.observations
        background = self.background(self.true_background_error(settings), draw)
        noise = self.sigma_o(settings) if observing.noise is None else observing.noise
        network = self.network(observing)
        observations, gross = self._values(observing, noise, draw)
        if observing.innovation is not None:
            observations = Observations(network.operator(background) + observing.innovation, network.places)
        return background, observations, gross

    def true_background_error(self, settings: AnalysisSettings) -> BackgroundErrorSettings | None:
        """Return the B that a consistent background is drawn from; None where the background is given."""
        if self.case.background is not None:
            return None
        numbers = self.errors.amplitudes(settings.background_error)
        truth = self.case_settings
        assert isinstance(truth, GeneratedCase)
        update: dict[str, object] = {
            "sigma": truth.sigma or numbers.sigma,
            "length": truth.length or numbers.length,
            "length_z": getattr(truth, "length_z", None) or numbers.length_z,
            "tune": "no",
        }
        if truth.correlation is not None:
            update |= {"correlation": truth.correlation, "floor": TRUE_FLOOR, "floor_kind": "spectral", "periodised": True}
        return settings.background_error.model_copy(update=update)

    def innovation_model(
        self, settings: AnalysisSettings, used: Tensor
    ) -> Callable[[Tensor, Tensor, Tensor], InnovationCovariance]:
        """Return S as a differentiable function of σ_b, L and σ_o, for a linear H."""
        network = self.network(settings.observations)
        if not isinstance(network.operator, LinearOperator):
            raise InputError("the likelihood of the innovations needs a linear observation operator")
        if settings.background_error.source in ("ensemble", "hybrid"):
            raise InputError("an ensemble B has no σ_b and L to choose by likelihood; take a static or an NMC one")
        operator = network.operator

        def model(sigma_b: Tensor, length: Tensor, sigma_o: Tensor) -> InnovationCovariance:
            B = self.errors.make(settings.background_error, sigma_b, length)
            return InnovationCovariance(B.observed(operator), network.error(sigma_o).matrix(), used)

        return model

    def tuned(
        self, settings: AnalysisSettings, background: Tensor, observations: Observations
    ) -> tuple[Amplitudes, float, Optimum]:
        """Return σ_b, lengths and σ_o of maximum likelihood.

        With a background check, tuning and checking take turns, because a gross error spoils the likelihood.
        """
        numbers, sigma_o = self.errors.amplitudes(settings.background_error), self.sigma_o(settings)
        network = self.network(settings.observations)
        d = observations.values - network.operator(background)
        used = torch.ones_like(d, dtype=torch.bool)
        threshold = settings.method.background_check
        start = (numbers.sigma, numbers.length, sigma_o)
        bounds = (
            (start[0] / 50, start[0] * 50),
            (self.case.longest / 1000, self.case.longest),
            (start[2] / 100, start[2] * 50),
        )
        for _ in range(TUNING_ROUNDS if threshold else 1):
            model = self.innovation_model(settings, used)
            optimum = maximise(model, d, start, bounds)
            start = (optimum.sigma_b, optimum.length, optimum.sigma_o)
            S = self.innovation_model(settings, torch.ones_like(used))(
                *torch.tensor(start, dtype=torch.float64, device=d.device)
            )
            last, used = used, background_check(d, S.total.diagonal().sqrt(), threshold)
            if torch.equal(last, used):
                break
        ratio = numbers.length_z / numbers.length
        return Amplitudes(optimum.sigma_b, optimum.length, optimum.length * ratio), optimum.sigma_o, optimum

    # ------------------------------------------------------------------------------------------------------------------

    def _network(self, settings: ObservationSettings) -> ObservedNetwork:
        return observe_network(self.case, settings)

    def _observed_values(self, settings: ObservationSettings, noise: float, draw: int) -> tuple[Observations, Tensor]:
        return observed_values(self.case, self.network(settings), settings, noise, draw)

    def _background(self, settings: BackgroundErrorSettings | None, draw: int) -> Tensor:
        if settings is None:
            assert self.case.background is not None
            return self.case.background
        truth = self.case_settings
        assert isinstance(truth, GeneratedCase)
        errors = self.errors.make(settings).sample(1, generator(truth.seed, BACKGROUND, draw))[0]
        return self.case.truth + errors

    def _observed_covariance(self, background_error: BackgroundErrorSettings, observing: ObservationSettings) -> Tensor:
        operator = self.network(observing).operator
        assert isinstance(operator, LinearOperator)
        return self.background_error(background_error).observed(operator)

    def _solver(self, settings: MethodSettings, observed: Tensor | None, covariance: InnovationCovariance | None) -> Solver:
        stopping = Stopping(settings.iterations, settings.tolerance)
        solvers: dict[str, Solver] = {
            "closed-form": partial(_closed_form, observed=observed, covariance=covariance),
            "state-space": state_space,
            "pcg": partial(conjugate_gradients, stopping=stopping),
            "lbfgs": partial(lbfgs, stopping=stopping),
            "gauss-newton": partial(gauss_newton, stopping=stopping),
        }
        return solvers[settings.solver]


def _closed_form(problem: Problem, observed: Tensor | None, covariance: InnovationCovariance | None) -> Analysis:
    """Return the analysis in observation space from H B Hᵀ, or from S, that is there already."""
    if covariance is not None:
        return observation_space(problem, covariance)
    if observed is None:
        return observation_space(problem, innovation_covariance(problem))  # says that H is not linear
    return observation_space(problem, InnovationCovariance(observed, problem.observation_error.matrix(), problem.used))


def _at_bounds(optimum: Optimum | None) -> tuple[str, ...]:
    """Return a warning where the likelihood grows up to the edge of what was searched."""
    if optimum is None or not optimum.at_bound:
        return ()
    names = " and ".join(optimum.at_bound)
    return (f"the innovations do not determine {names}: the likelihood is greatest at the edge of what was searched.",)


def _ask_for_memory(count: int) -> None:
    """Refuse an analysis of `count` observations whose matrices would not find room."""
    if count > MANY:
        ask(
            HELD_AT_ONCE * count * count * 8,
            f"the matrices of {count} observations",
            "Take fewer observations, or every few of them.",
        )
