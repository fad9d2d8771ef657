"""The Network tab of the Analysis page: trained networks beside the exact answer, stale where they are not valid."""

import pytest
import xarray as xr

from backends.experiments.run import run_file
from backends.jobs.service import Jobs
from dashboard.analysis import network as network_module
from dashboard.analysis.page import FIELDS, NETWORK, AnalysisPage
from tests.backends.pictures.scripts import run_here
from tests.dashboard.helpers import export, text_of

FILE = "{kind: training, task: aivar-1d-conditioned, iterations: 3, batch: 8, network: {name: preconditioned, width: 8}}"


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSIMILAB_HOME", str(tmp_path / "home"))
    jobs = Jobs()
    monkeypatch.setattr(network_module, "all_jobs", lambda: jobs)
    yield jobs
    jobs.close()


@pytest.fixture
def page(catalogue, jobs):
    page = AnalysisPage(catalogue)
    page.content()
    page.wait()
    yield page
    page.close()


def look(page) -> None:
    page.tabs.active = NETWORK
    page.wait()


def test_without_networks_it_says_how_to_get_one(page):
    look(page)
    assert "Train one on the" in page.network._words.object
    assert "AI-Var 1D, many cases" in page.network._words.object
    assert not page.network._head.visible


@pytest.fixture
def field_page(catalogue, jobs):
    page = AnalysisPage(catalogue, "a.nc")
    page.content()
    page.wait()
    yield page
    page.close()


def test_networks_of_a_field_are_for_that_field_alone(field_page, jobs, tmp_path):
    look(field_page)
    view = field_page.network
    assert "AI-Var on real fields”, with path: a.nc and variable: t" in view._words.object
    (tmp_path / "a.yaml").write_text(
        "{kind: training, task: aivar-field, path: a.nc, variable: t, lag: 1, test_steps: 2, iterations: 1, batch: 2}"
    )
    run = run_file(tmp_path / "a.yaml", tmp_path)["run_id"]
    jobs.list()
    jobs._records._reading.result()
    field_page.state.b.param.update(sigma=2.0, length=150.0)
    field_page.wait()
    assert list(view.chosen.options.values()) == [run]
    assert "3D-Var, exact" in view._table.object
    assert [type(drawn).__name__ for drawn in view._pictures] == ["MapPicture"]
    assert "σ_b" not in text_of(view._stale)
    assert "the background is 2 steps earlier; it was trained with 1" in text_of(view._stale)

    (tmp_path / "b.nc").write_bytes((tmp_path / "a.nc").read_bytes())
    field_page.state.cases["field"].path = "b.nc"
    field_page.wait()
    assert view.chosen.options == {}
    assert "with path: b.nc and variable: t" in view._words.object


@pytest.mark.jobs
def test_a_network_stands_beside_the_exact_answer_and_is_marked_stale(page, jobs, tmp_path, monkeypatch):
    monkeypatch.setattr(network_module, "TUNING_STEPS", 3)
    (tmp_path / "a.yaml").write_text(FILE)
    run = run_file(tmp_path / "a.yaml", tmp_path)["run_id"]
    jobs.list()
    jobs._records._reading.result()
    look(page)
    view = page.network
    assert view.chosen.value == run
    assert "3D-Var, exact" in view._table.object
    assert not view._stale.visible
    assert not view.tune.visible
    assert [type(drawn).__name__ for drawn in view._pictures] == ["CurvePicture"] * 2
    script, data, picture = (export(page, form) for form in ("py", "nc", "svg"))
    (tmp_path / "own.nc").write_bytes(data)
    run_here(script.decode(), tmp_path, "out.nc", "out.svg")
    assert (tmp_path / "out.svg").read_bytes() == picture
    with xr.open_dataset(tmp_path / "own.nc") as own, xr.open_dataset(tmp_path / "out.nc") as made:
        assert float(own["j_network"]) > float(own["j_3dvar"])
        xr.testing.assert_allclose(made, own, rtol=1e-6)
    before = view._table.object
    page.state.b.length = 0.3
    page.wait()
    assert view._table.object != before
    assert "L is 0.3; it was trained with 0.03 to 0.2" in text_of(view._stale)
    assert view.tune.visible

    view._on_tune(None)
    tuned = jobs.wait(view._tuning, 120)
    view._look()
    page.wait()
    assert tuned.problem == ""
    assert view.chosen.value == tuned.id
    assert not view._stale.visible


def test_other_tabs_ask_no_network(page):
    page.tabs.active = FIELDS
    page.state.b.length = 0.1
    page.wait()
    assert page.network._outcome is None
