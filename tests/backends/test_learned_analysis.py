"""Trained networks on problems of the Analysis page: the same numbers, and the reasons why they are not valid."""

import pytest
import torch

from backends.errors import InputError
from backends.experiments.cases import LineCase, PlaneCase
from backends.experiments.prepare import prepare
from backends.experiments.run import settings_from
from backends.experiments.settings import AnalysisSettings, BackgroundErrorSettings, MethodSettings, ObservationSettings
from backends.experiments.training.trained import Trained
from backends.experiments.training.use import apply, reasons, tuned_to
from backends.fields.catalogue import Catalogue


def outcome(points=40, case=None, b=None, **observing):
    settings = AnalysisSettings(
        case=case or LineCase(points=points),
        background_error=BackgroundErrorSettings(**({"floor": 1e-5} | (b or {}))),
        observations=ObservationSettings(**({"count": 10} | observing)),
        method=MethodSettings(),
    )
    return prepare(settings.case, Catalogue(".")).experiment.run(settings)


def network(task="aivar-1d-conditioned", **settings):
    settings = settings_from({"kind": "training", "task": task, **settings})
    return Trained(settings, settings.make("."))


def test_it_is_judged_against_the_analysis_of_the_page():
    page = outcome()
    learned = apply(network(points=40), page)
    assert learned.scores["j_3dvar"] == pytest.approx(page.minimum, rel=1e-6)
    assert learned.scores["j_3dvar"] <= learned.scores["j_network"] <= learned.scores["j_background"]
    assert learned.scores["rmse_3dvar"] == pytest.approx(page.rmse_analysis, rel=1e-5)
    assert learned.scores["rmse_background"] == pytest.approx(page.rmse_background, rel=1e-6)
    assert 0 <= learned.scores["cost_gap_median"] < 1
    assert learned.reasons == ()
    assert learned.panels[0].series[0].role == "truth"


def test_a_network_with_a_fixed_b_is_valid_where_b_and_r_are_its_own():
    fixed = {"points": 40, "observations": {"count": [5, 20]}}
    on_points = {"placement": "clicked", "places": tuple((k / 40,) for k in range(0, 40, 4))}
    assert reasons(network("aivar-1d", **fixed).settings, outcome(**on_points)) == ()
    found = reasons(network("aivar-1d", **fixed).settings, outcome(b={"sigma": 2.0, "floor": 1e-3}, sigma=0.1, count=30))
    for part in ("σ_b is 2; it was trained with 1", "σ_o is 0.1", "floor α is 0.001", "between grid points", "30 observations"):
        assert any(part in sentence for sentence in found), part
    assert len(found) == 5


def test_a_conditioned_network_is_valid_in_its_ranges():
    settings = network(points=40).settings
    assert reasons(settings, outcome(b={"sigma": 2.9, "length": 0.19}, sigma=0.9)) == ()
    assert "L is 0.3; it was trained with 0.03 to 0.2" in reasons(settings, outcome(b={"length": 0.3}))
    assert "it was trained with a static Gaussian B" in reasons(settings, outcome(b={"correlation": "soar"}))


def test_fine_tuning_takes_the_settings_of_the_page():
    page = outcome(80, b={"sigma": 5.0, "length": 0.3}, sigma=0.03, count=60)
    tuned = tuned_to(network(points=80).settings, page, "abc123", 500)
    assert reasons(tuned, page) == ()
    assert (tuned.resume, tuned.fine_tune, tuned.iterations) == ("abc123", True, 500)
    assert tuned.background_error.sigma == (0.3, 5.0)
    fixed = tuned_to(network("aivar-1d", points=40, observations={"count": [5, 20]}).settings, outcome(sigma=0.5), "abc123", 9)
    assert fixed.observations.sigma == 0.5


def test_on_a_plane():
    small = {"nx": 24, "nz": 10, "observations": {"columns": [2, 6], "levels": 5}}
    page = outcome(case=PlaneCase(nx=24, nz=10), placement="columns", count=20, levels=5)
    torch.manual_seed(0)
    learned = apply(network("aivar-2d", **small), page)
    assert learned.reasons == ()
    assert learned.scores["j_3dvar"] == pytest.approx(page.minimum, rel=1e-5)
    assert len(learned.panels[0].maps) == 7


@pytest.mark.parametrize(
    ("task", "page", "sentence"),
    [
        ({"points": 50}, {}, "trained on 50 points; this case has 40"),
        ({"task": "aivar-2d", "nx": 40, "nz": 20}, {}, "task aivar-2d cannot analyse this case"),
        ({"points": 40}, {"correlation_length": 0.2}, "differ or are correlated"),
    ],
)
def test_what_it_cannot_see_is_said(task, page, sentence):
    with pytest.raises(InputError, match=sentence):
        apply(network(**task), outcome(**page))
