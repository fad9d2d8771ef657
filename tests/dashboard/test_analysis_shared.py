"""What visitors of the Analysis page share."""

import os

import pytest

from backends.errors import InputError
from backends.experiments.cases import FieldCase, LineCase
from backends.experiments.experiment import AnalysisExperiment
from dashboard.analysis.page import AnalysisPage
from dashboard.analysis.shared import ANALYSES, CASES, shared_case


@pytest.fixture
def runs(monkeypatch):
    """Return a list that grows with each analysis that is computed."""
    computed, run = [], AnalysisExperiment.run
    monkeypatch.setattr(AnalysisExperiment, "run", lambda self, settings: computed.append(settings) or run(self, settings))
    return computed


def test_two_visitors_with_equal_settings_cost_one_analysis(catalogue, runs):
    before = ANALYSES.usage().hits
    first, second = AnalysisPage(catalogue), AnalysisPage(catalogue)
    for page in (first, second):
        page.wait()
    assert len(runs) == 1
    assert second.state.result is first.state.result
    assert second.state.opened is first.state.opened
    for page in (first, second):
        page.state.b.sigma = 0.7
        page.wait()
    assert len(runs) == 2
    second.state.b.sigma = 0.8
    second.wait()
    assert len(runs) == 3
    assert (first.state.result.sigma_b, second.state.result.sigma_b) == (0.7, 0.8)
    assert ANALYSES.usage().hits - before == 2
    for page in (first, second):
        page.close()


def test_one_case_is_in_memory_once(catalogue):
    assert shared_case(LineCase(), catalogue) is shared_case(LineCase(), catalogue)
    assert shared_case(LineCase(seed=1), catalogue) is not shared_case(LineCase(), catalogue)
    assert CASES.usage().entries == 2


def test_a_file_that_has_changed_is_read_anew(catalogue):
    case = FieldCase(path="a.nc", variable="t")
    opened = shared_case(case, catalogue)
    assert shared_case(case, catalogue) is opened
    os.utime(catalogue.folder / "a.nc", ns=(0, 0))
    assert shared_case(case, catalogue) is not opened


def test_a_file_that_is_not_there_is_a_sentence_and_is_not_kept(catalogue):
    for _ in range(2):
        with pytest.raises(InputError, match=r"missing\.nc"):
            shared_case(FieldCase(path="missing.nc", variable="t"), catalogue)
    assert CASES.usage().entries == 0


def test_diagnostics_of_a_small_problem_come_with_the_analysis(catalogue):
    page = AnalysisPage(catalogue)
    page.wait()
    followed = []
    page.state.param.watch(lambda *events: followed.append({event.name for event in events}), ["result", "detailed"])
    page.state.b.sigma = 0.7
    page.wait()
    assert followed == [{"result", "detailed"}]
    page.state.cases["periodic-1d"].points = 400
    page.state.o.count = 300  # now they come later
    page.wait()
    assert followed[-2:] == [{"result"}, {"detailed"}]
    page.close()
