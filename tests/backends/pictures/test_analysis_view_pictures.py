"""The other tabs of the Analysis page as they are kept, against what they are made of and dense matrices."""

import csv

import numpy as np
import pytest
import torch
import xarray as xr

from backends.errors import InputError
from backends.experiments.covariance_picture import covariance_picture
from backends.experiments.prepare import prepare
from backends.experiments.run import from_yaml
from backends.experiments.surface import tuning_surface, usual_axis
from backends.fields.catalogue import Catalogue
from backends.pictures.analysis_views import convergence, covariance, diagnostics
from backends.pictures.save import save
from backends.pictures.scripts import covariance_script, outcome_script, surface_script
from backends.pictures.surface import surface
from tests.backends.pictures.scripts import run_here

LINE = "kind: analysis\ncase: {name: periodic-1d, points: 40}\nmethod: {solver: SOLVER}\nobservations: {count: 12}\n"


@pytest.fixture
def made(tmp_path):
    settings = from_yaml(LINE.replace("SOLVER", "pcg"))
    prepared = prepare(settings.case, Catalogue(tmp_path))
    return settings, prepared.experiment, prepared.experiment.run(settings)


def read(exhibit, path):
    save(exhibit, path / "a.nc")
    save(exhibit, path / "a.png")
    with xr.open_dataset(path / "a.nc") as data:
        return data.load()


def test_a_column_of_b_and_its_eigenvalues(made, tmp_path):
    _, experiment, outcome = made
    exhibit = covariance(covariance_picture(experiment, outcome, (0.25,)), outcome)
    data = read(exhibit, tmp_path)
    dense = outcome.problem.background_error.apply(torch.eye(40, dtype=outcome.problem.background.dtype)).cpu().numpy()
    np.testing.assert_allclose(data["column"], dense[10], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(data["sigma"], np.sqrt(np.diag(dense)), rtol=1e-5)
    assert len(exhibit.drawing().panels) == 3


def test_numbers_that_judge_an_analysis(made, tmp_path):
    _, _, outcome = made
    exhibit, used = diagnostics(outcome), int(outcome.used.sum())
    read(exhibit, tmp_path)
    save(exhibit, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        numbers = {name: float(value) for name, value in list(csv.reader(file))[1:]}
    assert numbers["chi2_per_obs"] == pytest.approx(2 * (numbers["jb"] + numbers["jo"]) / used, rel=1e-3)
    assert numbers["omb_count"] == used
    for bars in exhibit.drawing().panels[0].bars:
        assert bars.top.sum() == used


def test_how_a_solver_converged(made, tmp_path):
    settings, experiment, outcome = made
    data = read(convergence(outcome), tmp_path)
    np.testing.assert_allclose(data["J"], data["J_b"] + data["J_o"])
    assert float(data["J"][-1]) == pytest.approx(outcome.minimum, rel=1e-3)
    closed = experiment.run(settings.model_copy(update={"method": from_yaml(LINE.replace("SOLVER", "closed-form")).method}))
    with pytest.raises(InputError, match="a closed form has no iterations"):
        convergence(closed)


def test_the_script_of_a_tuning_surface(made, tmp_path):
    settings, experiment, outcome = made
    axes = [usual_axis(experiment, settings, parameter) for parameter in ("length", "sigma_o")]
    found = tuning_surface(experiment, settings, *axes, "likelihood")
    save(surface(found, outcome), tmp_path / "own.svg")
    run_here(surface_script(settings, ("length", "sigma_o"), "likelihood", "tuning"), tmp_path, "out.svg", "out.nc", "out.csv")
    assert (tmp_path / "out.svg").read_bytes() == (tmp_path / "own.svg").read_bytes()
    with xr.open_dataset(tmp_path / "out.nc") as data:
        np.testing.assert_array_equal(data["likelihood"], found.values)
        best = data["likelihood"].argmin(...)
        assert (float(data["length"][best["length"]]), float(data["sigma_o"][best["sigma_o"]])) == found.best


@pytest.mark.parametrize(
    ("script", "view"),
    [
        (
            lambda settings: covariance_script(settings, (0.25,), "b"),
            lambda e, o: covariance(covariance_picture(e, o, (0.25,)), o),
        ),
        (lambda settings: outcome_script(settings, "diagnostics", "d"), lambda _, o: diagnostics(o)),
        (lambda settings: outcome_script(settings, "convergence", "c"), lambda _, o: convergence(o)),
    ],
    ids=["B", "diagnostics", "convergence"],
)
def test_the_scripts_of_the_other_tabs_make_the_same_picture_and_numbers(made, tmp_path, script, view):
    settings, experiment, outcome = made
    exhibit = view(experiment, outcome)
    save(exhibit, tmp_path / "own.svg")
    save(exhibit, tmp_path / "own.csv")
    run_here(script(settings), tmp_path, "out.svg", "out.csv")
    for ending in ("svg", "csv"):
        assert (tmp_path / f"out.{ending}").read_bytes() == (tmp_path / f"own.{ending}").read_bytes()
