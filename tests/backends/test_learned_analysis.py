"""Trained networks on problems of the Analysis page: the same numbers, and the reasons why they are not valid."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import xarray as xr

from backends.errors import InputError
from backends.experiments.cases import FieldCase, LineCase, PlaneCase
from backends.experiments.prepare import prepare
from backends.experiments.run import settings_from
from backends.experiments.settings import AnalysisSettings, BackgroundErrorSettings, MethodSettings, ObservationSettings
from backends.experiments.training.trained import Trained
from backends.experiments.training.use import apply, fits, reasons, tuned_to
from backends.fields.catalogue import Catalogue
from tests.files import write


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


# Fields of a file ----------------------------------------------------------------------------------------------------

ARCHIVE = {"path": "archive.nc", "variable": "t2m", "lag": 2, "test_steps": 6}
B_AND_R = {"background_error": {"sigma": 2.0, "length": 300.0}, "observations": {"count": [5, 30], "sigma": 0.5}}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """A folder with 20 times of a small map on which waves travel."""
    folder = tmp_path_factory.mktemp("archive")
    t, y, x = np.meshgrid(np.arange(20), np.arange(9), np.arange(12), indexing="ij")
    values = 280 + 4 * np.cos(2 * np.pi * (x - t) / 12) + 0.3 * y * np.sin(0.4 * t)
    coordinates = {
        "time": np.datetime64("2020-01-01", "ns") + np.arange(20) * np.timedelta64(1, "h"),
        "lat": ("lat", 50 + 0.5 * np.arange(9), {"units": "degrees_north"}),
        "lon": ("lon", 0.75 * np.arange(12), {"units": "degrees_east"}),
    }
    write(folder / "archive.nc", xr.Dataset({"t2m": (("time", "lat", "lon"), values, {"units": "K"})}, coordinates))
    return folder


def field_outcome(archive, b=None, case=None, **observing):
    settings = AnalysisSettings(
        case=FieldCase(**({"path": "archive.nc", "variable": "t2m", "lag": 2} | (case or {}))),
        background_error=BackgroundErrorSettings(**({"sigma": 2.0, "length": 300.0, "floor": 1e-5} | (b or {}))),
        observations=ObservationSettings(**({"count": 20, "sigma": 0.5} | observing)),
    )
    return prepare(settings.case, Catalogue(archive)).experiment.run(settings)


def field_network(archive, **changes):
    settings = settings_from({"kind": "training", "task": "aivar-field", **ARCHIVE, **B_AND_R, **changes})
    return Trained(settings, settings.make(archive))


def test_a_network_of_fields_is_judged_against_the_analysis_of_the_page(archive):
    page = field_outcome(archive)
    learned = apply(field_network(archive), page)
    assert learned.reasons == ()
    assert learned.scores["j_3dvar"] == pytest.approx(page.minimum, rel=1e-6)
    assert learned.scores["j_3dvar"] <= learned.scores["j_network"] <= learned.scores["j_background"]
    # Weighted by area, as everything on the page.
    assert learned.scores["rmse_3dvar"] == pytest.approx(page.rmse_analysis, rel=1e-5)
    assert learned.scores["rmse_background"] == pytest.approx(page.rmse_background, rel=1e-6)
    (points,), maps = learned.panels[0].series, learned.panels[0].maps
    assert len(maps) == 7
    places = page.observations.places
    np.testing.assert_allclose(sorted(points.x), sorted(places[:, 1].tolist()), atol=1e-3)
    np.testing.assert_allclose(sorted(points.y), sorted(places[:, 0].tolist()), atol=1e-2)


def test_the_training_on_fields_has_the_b_and_the_h_of_the_page(archive):
    page, cases = field_outcome(archive), field_network(archive).task.unseen(40)
    everywhere = torch.arange(page.case.domain.size)
    torch.testing.assert_close(
        cases.errors.between(everywhere[None])[0],
        page.problem.background_error.between(everywhere, everywhere),
        rtol=0, atol=1e-5,
    )  # fmt: skip
    errors = (cases.values - cases.observed(cases.truth))[cases.used]
    assert float(errors.std()) == pytest.approx(0.5, rel=0.15)
    between = (cases.weights.max(-1).values < 0.99)[cases.used]
    assert float(between.double().mean()) > 0.8
    at_points = field_network(archive, observations={"count": [5, 30], "placement": "points"}).task.unseen(40)
    assert bool((at_points.weights == 1).all())


def test_where_a_network_of_fields_is_not_valid_it_says_why_and_fine_tuning_heals_it(archive):
    network = field_network(archive, observations={"count": [5, 30], "sigma": 0.5, "placement": "points"})
    page = field_outcome(archive, {"sigma": 3.0, "length": 200.0}, {"lag": 3}, sigma=0.2, count=40)
    found = reasons(network.settings, page)
    for part in ("σ_b is 3", "L is 200", "σ_o is 0.2", "between grid points", "3 steps earlier", "40 observations"):
        assert any(part in sentence for sentence in found), part
    assert len(found) == 6
    tuned = tuned_to(network.settings, page, "abc123", 7)
    assert reasons(tuned, page) == ()
    assert (tuned.lag, tuned.observations.placement, tuned.observations.count) == (3, "anywhere", (5, 40))
    mean = reasons(field_network(archive).settings, field_outcome(archive, case={"background": "mean"}))
    assert mean == ("the background is the mean over time; it was trained with the field 2 steps before",)


def test_a_network_of_one_field_cannot_see_another(archive):
    network, page = field_network(archive), field_outcome(archive)
    other = replace(page, settings=page.settings.model_copy(update={"case": FieldCase(path="b.nc", variable="t2m")}))
    assert fits(network.settings, page)
    assert not fits(network.settings, other)
    assert not fits(network.settings, outcome())
    with pytest.raises(InputError, match=r"trained on t2m of archive\.nc; this case is t2m of b\.nc"):
        apply(network, other)


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
