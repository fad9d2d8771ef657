"""AI-Var on planes, on archives and on single cases: the same B and the same minima as elsewhere."""

import numpy as np
import pytest
import torch

from backends.assimilation.closed_form import observation_space
from backends.errors import InputError
from backends.experiments.cases import LineCase, PlaneCase
from backends.experiments.prepare import prepare
from backends.experiments.run import run_file, settings_from
from backends.experiments.settings import AnalysisSettings, BackgroundErrorSettings, MethodSettings, ObservationSettings
from backends.experiments.training.bridge import case_of
from backends.fields.catalogue import Catalogue
from backends.learning.trainer import Schedule, Trainer
from backends.learning.variational.fixed import dense_errors, plane_errors
from backends.learning.variational.networks import DescentNetwork
from backends.learning.variational.plane import ArchiveDraws, PlaneDraws
from backends.learning.variational.task import Judged

DOUBLE = torch.empty(0, dtype=torch.float64)


def correlation(points, length):
    x = torch.arange(points, dtype=torch.float64)
    return torch.exp(-0.5 * ((x[:, None] - x) / length).square())


@pytest.fixture(scope="module")
def errors():
    return plane_errors(correlation(6, 2.0), correlation(9, 3.0), 1.5, 1e-3)


@pytest.mark.parametrize("added", [False, True])
def test_b_of_a_plane_is_that_of_its_matrix(added):
    errors = plane_errors(correlation(6, 2.0), correlation(9, 3.0), 1.5, 1e-3, added)
    values, vectors = torch.linalg.eigh(1.5**2 * torch.kron(correlation(6, 2.0), correlation(9, 3.0)))
    values = values + 1e-3 * values[-1] if added else values.clamp(min=1e-3 * float(values[-1]))
    B = (vectors * values) @ vectors.T
    points = torch.arange(54)[None]
    torch.testing.assert_close(errors.between(points)[0], B, rtol=0, atol=1e-10)
    x = torch.randn(3, 54, dtype=torch.float64)
    torch.testing.assert_close(errors.sqrt(errors.sqrt_adjoint(x)), x @ B, rtol=0, atol=1e-9)
    torch.testing.assert_close(errors.inverse(x) @ B, x, rtol=0, atol=1e-8)
    dense = dense_errors(B, 1e-12)
    torch.testing.assert_close(dense.sqrt(x), errors.sqrt(x), rtol=0, atol=1e-9)
    torch.testing.assert_close(dense.inverse(x) @ B, x, rtol=0, atol=1e-8)


def test_cases_of_a_plane_are_observed_in_columns(errors):
    cases = PlaneDraws((6, 9), errors, (2, 5), 3, 0.1).draw(40, torch.Generator().manual_seed(1))
    columns = cases.used.sum(1) // 3
    assert (int(columns.min()), int(columns.max())) == (2, 5)
    nodes = cases.nodes[0, :, 0][cases.used[0]].reshape(-1, 3)
    assert (nodes // 9).tolist() == [[0, 2, 5]] * len(nodes)  # bottom, middle and top level
    assert len(set((nodes % 9)[:, 0].tolist())) == len(nodes)
    noise = (cases.values - cases.observed(cases.truth))[cases.used]
    assert float(noise.std()) == pytest.approx(0.1, rel=0.2)


def test_an_untrained_descent_on_a_plane_never_raises_j(errors):
    torch.manual_seed(0)
    cases = PlaneDraws((6, 9), errors, (2, 5), 3, 0.1).draw(20, torch.Generator().manual_seed(1)).to(DOUBLE)
    network = DescentNetwork((6, 9), 2, 8, 3, 1, 0, (False, False), 2).double()
    with torch.no_grad():
        jb, jo = network.costs(cases)
    best = sum(cases.control_costs(cases.minimum()))
    assert bool((jb + jo <= cases.observation_cost(cases.innovation())).all())
    assert bool((jb + jo >= best).all())


def test_an_archive_gives_pairs_of_its_fields():
    states = torch.arange(20.0)[:, None] + torch.zeros(20, 12)
    draws = ArchiveDraws(states[5:], states[:-5], dense_errors(torch.eye(12).double(), 1e-3), (3, 6), 0.1)
    cases = draws.draw(30, torch.Generator().manual_seed(2))
    torch.testing.assert_close(cases.truth - cases.background, torch.full((30, 12), 5.0))
    assert set(cases.used.sum(1).tolist()) <= {3, 4, 5, 6}


@pytest.mark.parametrize("case", [LineCase(points=50), PlaneCase(nx=20, nz=8)], ids=["line", "plane"])
def test_a_problem_of_the_analysis_page_is_the_same_as_a_case(case):
    settings = AnalysisSettings(
        case=case, background_error=BackgroundErrorSettings(floor=1e-4), observations=ObservationSettings(count=20)
    )  # fmt: skip
    outcome = prepare(case, Catalogue(".")).experiment.run(settings)
    one = case_of(outcome.problem, outcome.case.truth).to(DOUBLE)
    expected = observation_space(outcome.problem)
    torch.testing.assert_close(one.errors.sqrt(one.minimum())[0], expected.increment.double(), rtol=0, atol=1e-6)
    jb, jo = one.control_costs(one.minimum())
    torch.testing.assert_close(jb + jo, (expected.jb + expected.jo).double()[None], rtol=1e-7, atol=0)
    torch.testing.assert_close(sum(one.costs(expected.increment.double()[None])), jb + jo, rtol=1e-5, atol=0)


def test_what_networks_cannot_see_is_said():
    def problem(**observing):
        method = MethodSettings(solver="gauss-newton" if "operator" in observing else "closed-form")
        observations = ObservationSettings(count=20, **observing)
        settings = AnalysisSettings(case=LineCase(points=50), observations=observations, method=method)
        return prepare(settings.case, Catalogue(".")).experiment.run(settings).problem

    with pytest.raises(InputError, match="cannot see a nonlinear one"):
        case_of(problem(operator="square"))
    with pytest.raises(InputError, match="differ or are correlated"):
        case_of(problem(correlation_length=0.1))


def test_l_bfgs_finds_the_minimum_of_a_single_case_and_goes_on_where_it_stopped():
    settings = settings_from(
        {"kind": "training", "task": "aivar-1d-single", "case": {"name": "periodic-1d", "points": 40},
         "observations": {"count": 10}, "network": {"name": "control", "width": 8}}
    )  # fmt: skip

    def trainer():
        return Trainer(settings.make("."), Schedule(1.0, 60, None, "lbfgs"), 1)

    whole, first, second = trainer(), trainer(), trainer()
    losses = [whole.step()["loss"] for _ in range(60)]
    begun = [first.step()["loss"] for _ in range(25)]
    second.restore(first.state())
    assert begun + [second.step()["loss"] for _ in range(35)] == pytest.approx(losses, rel=1e-6)
    assert whole.task.validate()["cost_gap_median"] < 1e-6


def test_the_courses_single_case_is_fitted(tmp_path, monkeypatch, real_data):
    monkeypatch.setenv("ASSIMILAB_HOME", str(tmp_path))
    (tmp_path / "a.yaml").write_text(
        "{kind: training, task: aivar-1d-single, case: {name: course-1d}, network: {name: control, width: 16}, "
        "background_error: {floor: 1.0e-5, periodised: false}, iterations: 60}"
    )
    summary = run_file(tmp_path / "a.yaml", real_data)
    assert summary["j_3dvar"] == pytest.approx(48.949412, abs=1e-6)
    assert summary["cost_gap_median"] < 1e-6


def test_fields_of_an_archive_are_split_by_time(real_data):
    task = settings_from({"kind": "training", "task": "aivar-field", "network": {"name": "mlp", "width": 4}}).make(real_data)
    scores = Judged(task._cases(1, 20)).scores(torch.zeros(20, 33 * 49, dtype=torch.float64))
    assert scores["cost_gap_median"] == pytest.approx(1)
    assert scores["rmse_3dvar"] < 0.8 * scores["rmse_background"]
    assert np.isfinite(list(scores.values())).all()


@pytest.mark.parametrize(
    ("tree", "sentence"),
    [
        ({"task": "aivar-2d", "nx": 20, "nz": 10}, "at most 20 columns of 10 levels; came 30 of 20"),
        ({"task": "aivar-field", "path": "nowhere.grib"}, "no file 'nowhere.grib'"),
    ],
)
def test_data_that_do_not_fit_are_named(tree, sentence, tmp_path):
    with pytest.raises(InputError, match=sentence):
        settings_from({"kind": "training", **tree}).make(tmp_path)
