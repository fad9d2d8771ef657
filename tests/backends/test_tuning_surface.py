"""The tuning surface: every cell is what a run with those settings gives."""

import itertools

import pytest
import torch

from backends.errors import InputError
from backends.experiments.experiment import AnalysisExperiment
from backends.experiments.settings import AnalysisSettings
from backends.experiments.surface import PARAMETERS, SCORES, SurfaceAxis, tuning_surface, usual_axis
from tests.backends.experiments import experiment, settings

FIELD = {"name": "field", "path": "ncep-air-temperature", "variable": "air"}
#: With backgrounds and errors of observations that do not move with what is varied.
CASES = {
    "line": {
        "case": {"name": "periodic-1d", "background": "shifted"},
        "background_error": {"sigma": 0.8, "length": 0.1},
        "observations": {"count": 20, "sigma": 0.3, "noise": 0.2},
    },
    "plane": {
        "case": {"name": "xz-2d", "nx": 24, "nz": 12, "background": "shifted"},
        "background_error": {"sigma": 1.2, "length": 15.0, "length_z": 3.0},
        "observations": {"count": 20, "sigma": 0.3, "noise": 0.2, "operator": "area", "correlation_length": 5.0},
    },
    "field": {
        "case": FIELD,
        "background_error": {"sigma": 3.0, "length": 600.0, "correlation": "soar"},
        "observations": {"count": 20, "sigma": 1.0, "noise": 1.0},
    },
}
VALUES = {
    "line": {"sigma_b": (0.5, 2.0), "length": (0.05, 0.2), "sigma_o": (0.1, 0.6), "count": (5, 40), "floor": (1e-6, 1e-2)},
    "plane": {"sigma_b": (0.5, 2.0), "length": (8.0, 25.0), "sigma_o": (0.1, 0.6), "count": (5, 40), "floor": (1e-6, 1e-2)},
    "field": {"sigma_b": (1.0, 5.0), "length": (300.0, 900.0), "sigma_o": (0.5, 2.0), "count": (5, 40), "floor": (1e-6, 1e-2)},
}


def with_value(asked: AnalysisSettings, parameter: str, value: float) -> AnalysisSettings:
    """Return settings with one parameter changed; on a plane the vertical length keeps its ratio."""
    b, o = asked.background_error, asked.observations
    if parameter == "count":
        return asked.model_copy(update={"observations": o.model_copy(update={"count": int(value)})})
    if parameter == "sigma_o":
        return asked.model_copy(update={"observations": o.model_copy(update={"sigma": value})})
    change = {"sigma" if parameter == "sigma_b" else parameter: value}
    if parameter == "length" and b.length_z is not None:
        change["length_z"] = b.length_z * value / b.length
    return asked.model_copy(update={"background_error": b.model_copy(update=change)})


def single(case: AnalysisExperiment, asked: AnalysisSettings) -> dict[str, float]:
    result = case.run(asked)
    return {
        "rmse": result.rmse_analysis,
        "chi2": result.chi2_per_obs - 1,
        "likelihood": result.diagnostics.neg_log_likelihood,
    }


PAIRS = list(itertools.combinations(PARAMETERS, 2))
ON_FIELDS = [("sigma_b", "sigma_o"), ("length", "count"), ("length", "floor")]


@pytest.mark.parametrize(
    ("kind", "pair"),
    [(kind, pair) for kind in CASES for pair in (ON_FIELDS if kind == "field" else PAIRS)],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_each_cell_is_a_run_with_its_settings(kind, pair):
    asked, case = settings(**CASES[kind]), experiment(**CASES[kind]["case"])
    x, y = (SurfaceAxis(name, tuple(map(float, VALUES[kind][name]))) for name in pair)
    surfaces = {score: tuning_surface(case, asked, x, y, score).values for score in SCORES}
    for (i, b), (j, a) in itertools.product(enumerate(y.values), enumerate(x.values)):
        expected = single(case, with_value(with_value(asked, x.parameter, a), y.parameter, b))
        found = {score: float(values[i, j]) for score, values in surfaces.items()}
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-8), (a, b)


def test_a_background_drawn_from_b_stays_where_it_is():
    asked = settings(case={"name": "periodic-1d"}, observations={"count": 20})
    case = experiment(name="periodic-1d")
    x, y = SurfaceAxis("sigma_b", (0.5, 1.0)), SurfaceAxis("sigma_o", (0.1, 0.2))
    found = tuning_surface(case, asked, x, y, "rmse").values
    assert float(found[1, 1]) == pytest.approx(case.run(asked).rmse_analysis)
    true = settings(case={"name": "periodic-1d", "sigma": 1.0, "length": 0.08}, observations={"count": 20, "noise": 0.2})
    own = experiment(name="periodic-1d", sigma=1.0, length=0.08)
    changed = with_value(with_value(true, "sigma_b", 0.5), "sigma_o", 0.1)
    assert float(found[0, 0]) == pytest.approx(own.run(changed).rmse_analysis)


def test_a_rejected_observation_stays_rejected():
    asked = settings(
        case={"name": "periodic-1d"},
        observations={"count": 30, "noise": 0.2, "gross_probability": 0.2, "gross_size": 30.0},
        method={"background_check": 3.0},
    )
    case = experiment(name="periodic-1d")
    result = case.run(asked)
    assert not result.used.all()
    x, y = SurfaceAxis("sigma_o", (0.2,)), SurfaceAxis("sigma_b", (1.0,))
    found = tuning_surface(case, asked, x, y, "chi2")
    assert float(found.values) == pytest.approx(result.chi2_per_obs - 1)


def test_it_starts_from_what_was_tuned():
    asked = settings(**CASES["line"]).model_copy()
    tuned = asked.model_copy(update={"background_error": asked.background_error.model_copy(update={"tune": "likelihood"})})
    case = experiment(**CASES["line"]["case"])
    best = case.run(tuned)
    x, y = SurfaceAxis("sigma_b", (best.sigma_b,)), SurfaceAxis("sigma_o", (best.sigma_o,))
    found = tuning_surface(case, tuned, x, y, "likelihood")
    assert float(found.values) == pytest.approx(best.optimum.neg_log_likelihood, rel=1e-6)


def test_the_best_cell():
    case, asked = experiment(**CASES["line"]["case"]), settings(**CASES["line"])
    x, y = usual_axis(case, asked, "sigma_b"), usual_axis(case, asked, "sigma_o")
    surface = tuning_surface(case, asked, x, y, "likelihood")
    row, column = divmod(int(surface.values.argmin()), len(x.values))
    assert surface.best == (x.values[column], y.values[row])
    near = tuning_surface(case, asked, x, y, "chi2")
    assert float(near.values[y.values.index(near.best[1]), x.values.index(near.best[0])].abs()) == float(
        near.values.abs().min()
    )


@pytest.mark.parametrize("kind", ["line", "plane"])
def test_usual_values_can_be_computed(kind):
    case, asked = experiment(**CASES[kind]["case"]), settings(**CASES[kind])
    for parameter in PARAMETERS:
        axis = usual_axis(case, asked, parameter, 4)
        assert list(axis.values) == sorted(set(axis.values))
        other = usual_axis(case, asked, "sigma_o" if parameter != "sigma_o" else "sigma_b", 4)
        assert torch.isfinite(tuning_surface(case, asked, axis, other, "rmse").values).all()


SIGMAS = SurfaceAxis("sigma_b", (1.0, 2.0)), SurfaceAxis("sigma_o", (0.1, 0.2))
COUNT, FLOOR = SurfaceAxis("count", (5.0,)), SurfaceAxis("floor", (1e-3,))


@pytest.mark.parametrize(
    ("sections", "axes", "message"),
    [
        ({}, (SIGMAS[0], SIGMAS[0]), "two different parameters; came sigma_b twice"),
        ({}, (SIGMAS[0], SurfaceAxis("sigma_o", ())), "1 to 60 values; came 0"),
        ({}, (SIGMAS[0], SurfaceAxis("sigma_o", tuple(range(1, 62)))), "1 to 60 values; came 61"),
        ({"observations": {"count": 0}}, SIGMAS, "at least one observation"),
        ({"observations": {"placement": "grid"}}, (SIGMAS[0], COUNT), "placed at random"),
        ({"observations": {"operator": "square"}, "method": {"solver": "gauss-newton"}}, SIGMAS, "linear observation operator"),
        ({"method": {"huber": 1.5}}, SIGMAS, "set huber, the robust cost, to zero"),
        ({"background_error": {"source": "ensemble"}}, (SIGMAS[0], FLOOR), "an ensemble B has no floor to vary"),
        ({"case": {"name": "stations"}}, (SIGMAS[0], COUNT), "of stations is that of its file"),
        ({"case": {"name": "stations"}}, (SIGMAS[0], FLOOR), "B between stations has no floor"),
    ],
)
def test_a_surface_that_makes_no_sense(sections, axes, message):
    case = {"name": "periodic-1d"}
    with pytest.raises(InputError, match=message):
        tuning_surface(experiment(**case), settings(**{"case": case, **sections}), *axes, "rmse")
