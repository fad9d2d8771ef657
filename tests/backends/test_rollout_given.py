"""Rollouts from analyses: of a race, of an analysis experiment, and from given members."""

import math
import re
from dataclasses import replace

import pytest
import torch

from backends.assimilation.methods.estimate import Estimate
from backends.cycling import climate
from backends.errors import InputError
from backends.experiments.cycling.race import Race, climate_of
from backends.experiments.prepare import prepare as prepare_case
from backends.experiments.rollout.given import Given, from_members, of_race
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.run import from_yaml, settings_from, to_yaml
from backends.fields.catalogue import Catalogue
from tests.backends.experiments import NOWHERE

LORENZ = {"name": "lorenz96", "points": 12}


@pytest.fixture(scope="module", autouse=True)
def rough():
    """Rough climates, which are soon made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(climate, "SAMPLED", (50, 4))
        climate_of.cache_clear()
        yield
        climate_of.cache_clear()


METHODS = [{"name": "etkf", "members": 8, "inflation": 1.05}, {"name": "3dvar", "scale": 0.05}]


def race(cycles: int, **keys: object) -> Race:
    made = Race(settings_from({"kind": "cycling", "dynamics": LORENZ, "methods": METHODS, "repeat": 3, "seed": 1, **keys}))
    for _ in range(cycles):
        made.step()
    return made


def asked(**keys: object) -> RolloutSettings:
    models = [{"name": "perfect"}, {"name": "persistence"}]
    return settings_from(
        {"kind": "rollout", "start": {"name": "testbed", "dynamics": LORENZ}, "models": models, "steps": 6, **keys}
    )


def started(given: Given, **keys: object) -> RolloutSettings:
    return asked(start=given.start, **{"members": 8, "starts": 3, **keys})


def test_forecasts_go_on_where_the_race_is():
    racing = race(40)
    given = of_race(racing, 0)
    prepared = prepare(started(given), NOWHERE, given)
    newest = racing.cycling.newest
    analysis, truth = newest.steps[0].analysis, newest.truth
    torch.testing.assert_close(prepared.ensemble, analysis.members)
    assert prepared.starts.steps.tolist() == [40] * 3
    result = prepared.run()
    error = (analysis.mean - truth).square().mean().sqrt()
    assert result.rmse(result["perfect model"]).value[0].item() == pytest.approx(float(error))
    for _ in range(6):  # the same truth
        racing.step()
    torch.testing.assert_close(result.truth[-1], racing.cycling.newest.truth[0].float())
    torch.testing.assert_close(prepared.ensemble, analysis.members)


def test_the_file_of_a_live_race_gives_its_numbers_again():
    racing = race(10)
    for cycle, sigma in ((10, 2.0), (10, 0.5), (14, 0.7)):  # turned on the way, once there and back between two cycles
        while racing.cycle < cycle:
            racing.step()
        changed = {"observations": {"sigma": sigma, "components": "every", "count": 2}}
        racing.change(racing.settings.model_validate({**racing.settings.model_dump(), **changed}))
    for _ in range(6):
        racing.step()
    racing.change(racing.settings.model_copy(update={"observations": racing.history[0][1].observations}))  # after the analysis
    given = of_race(racing, 0)
    assert [change.after for change in given.start.changes] == [10, 14]
    settings = started(given)
    alone = prepare(from_yaml(to_yaml(settings)), NOWHERE)
    assert from_yaml(to_yaml(settings)) == settings
    live = prepare(settings, NOWHERE, given)
    assert torch.equal(alone.ensemble, live.ensemble)
    assert torch.equal(alone.starts.states, live.starts.states)
    model = live.run()
    assert model.rmse(model["perfect model"]).value.tolist() == alone.run().rmse(model["perfect model"]).value.tolist()


def test_a_method_is_found_by_number_or_label():
    by_label = asked(
        start={"name": "analysis", "race": {"methods": METHODS, "repeat": 1}, "method": "3dvar"}, members=1, starts=1
    )
    assert by_label.start.number == 1
    with pytest.raises(InputError, match=r"start: method: must be one of etkf, 3dvar; came 'letkf'"):
        asked(start={"name": "analysis", "race": {"methods": METHODS}, "method": "letkf"})
    with pytest.raises(InputError, match=r"start: method: the race has the methods 0 to 1; came 2"):
        asked(start={"name": "analysis", "race": {"methods": METHODS}, "method": 2})


def test_a_method_without_members_starts_with_its_analysis_and_the_spread_it_expects():
    racing = race(20)
    analysis, given = racing.cycling.newest.steps[1].analysis, of_race(racing, 1)
    one = prepare(started(given, members=1, perturbation={"name": "none"}), NOWHERE, given)
    torch.testing.assert_close(one.ensemble[:, 0], analysis.mean)
    many = prepare(started(given, members=4000), NOWHERE, given).ensemble
    torch.testing.assert_close(many.var(1), analysis.variance, rtol=0.12, atol=0)
    white = prepare(started(given, members=4000, perturbation={"name": "white", "sigma": 0.3}), NOWHERE, given).ensemble
    torch.testing.assert_close(white.mean(1), analysis.mean, rtol=0, atol=0.03)
    torch.testing.assert_close(white.std(1), torch.full_like(analysis.mean, 0.3), rtol=0.06, atol=0)


def test_weighted_members_are_drawn_by_their_weights():
    X = torch.arange(4.0).reshape(1, 4, 1).expand(2, -1, -1).double()
    weights = torch.tensor([[0, 1, 0, 0], [0.5, 0, 0, 0.5]]).double()
    drawn = replace(of_race(race(1), 0), analysis=Estimate(X.mean(1), None, X, weights)).members(4, torch.Generator())
    assert drawn[0].flatten().tolist() == [1.0] * 4
    assert set(drawn[1].flatten().tolist()) <= {0.0, 3.0}


def test_what_a_race_cannot_give_is_told_in_one_sentence():
    with pytest.raises(InputError, match="no analysis yet; run a cycle first"):
        of_race(race(0), 0)
    racing = race(1)
    racing.cycling.contestants[1].ended = "gone"
    racing.step()
    with pytest.raises(InputError, match="3dvar has ended and has no analysis to start from"):
        of_race(racing, 1)
    given = of_race(racing, 0)
    with pytest.raises(InputError, match="members: the analysis has 8 members of its own; came 9"):
        started(given, members=9)
    with pytest.raises(InputError, match="starts: each experiment of the race, of which there are 3"):
        started(given, starts=4)
    with pytest.raises(InputError, match="perturbation: background needs an analysis that was made with a B"):
        started(given, perturbation={"name": "background"})
    with pytest.raises(InputError, match="perturbation: analysis is for a start of name analysis; came testbed"):
        asked(perturbation={"name": "analysis"})
    with pytest.raises(InputError, match="needs either race or analysis; came none"):
        asked(start={"name": "analysis"})


# Analysis experiments -----------------------------------------------------------------------------------------------

LINE = {"case": {"name": "periodic-1d", "points": 60}, "observations": {"count": 15}}


def of_line(**keys: object) -> RolloutSettings:
    return asked(start={"name": "analysis", "analysis": LINE}, **{"members": 1, "starts": 1, **keys})


def test_an_analysis_on_the_line_is_carried_round_it():
    settings = of_line(steps=100, every=100)
    prepared = prepare(settings, NOWHERE)
    outcome = prepare_case(settings.start.analysis.case, Catalogue(NOWHERE)).experiment.run(settings.start.analysis)
    torch.testing.assert_close(prepared.ensemble[0, 0], outcome.analysis.mean)
    result = prepared.run()
    # After once round the line everything is where it was: the error is that of the analysis.
    assert result.rmse(result["perfect model"]).value.tolist() == pytest.approx([outcome.rmse_analysis] * 2)
    torch.testing.assert_close(result.truth[1], outcome.case.truth.float())


def test_each_start_is_another_draw_of_the_errors():
    prepared = prepare(of_line(starts=3), NOWHERE)
    assert torch.equal(prepared.starts.states[0], prepared.starts.states[2])
    assert not torch.equal(prepared.ensemble[0], prepared.ensemble[2])
    assert torch.equal(prepare(of_line(), NOWHERE).ensemble[0], prepared.ensemble[0])


def test_members_have_the_covariance_of_the_analysis_or_of_the_background():
    outcome = prepare_case(of_line().start.analysis.case, Catalogue(NOWHERE)).experiment.run(of_line().start.analysis)
    B, H, S = outcome.problem.background_error.dense(), outcome.problem.operator.dense(), outcome.covariance.total
    A = B - B @ H.T @ torch.linalg.solve(S, H @ B)
    own = prepare(of_line(members=10_000), NOWHERE).ensemble[0]
    assert float((own.T.cov() - A).abs().max()) < 0.05 * float(A.diagonal().max())
    drawn = prepare(of_line(members=10_000, perturbation={"name": "background", "scale": 0.25}), NOWHERE).ensemble[0]
    assert float((drawn.T.cov() - B / 4).abs().max()) < 0.05 * float(B.max() / 4)


def test_an_analysis_of_an_archive_is_forecast_from_its_valid_time():
    from_archive = asked(
        start={"name": "archive", "dataset": "european", "time": "2020-01-01T00:00"}, models=[{"name": "persistence"}],
        steps=2, members=1, starts=1, perturbation={"name": "none"},
    )  # fmt: skip
    with pytest.raises(InputError, match=r"must be a time of the archive") as told:
        prepare(from_archive, NOWHERE)
    first = re.search(r"before its end, (\S+) to", str(told.value))[1]
    case = {"name": "field", "path": "european-forecast", "variable": "t2m", "time": first}
    start = {"name": "analysis", "analysis": {"case": case, "observations": {"count": 50}}}
    settings = from_archive.model_validate(
        {**from_archive.model_dump(), "start": start, "models": [{"name": "persistence"}, {"name": "climatology"}]}
    )
    result = prepare(settings, NOWHERE).run()
    assert result["persistence"].finite_until == 2
    assert 0 < result.rmse(result["persistence"]).value[0].item() < 5
    early = {**start, "analysis": {**start["analysis"], "case": {**case, "time": 9}}}
    with pytest.raises(InputError, match="a time of the archive that nothing was fitted to"):
        prepare(settings.model_validate({**settings.model_dump(), "start": early}), NOWHERE)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ({"name": "xz-2d"}, "no model of temperature on a vertical plane"),
        ({"name": "stations"}, "between stations is no state of a model"),
        ({"name": "ensemble"}, "no later times"),
        ({"name": "field", "path": "other.nc", "variable": "t2m"}, "t2m of other.nc is in no archive"),
    ],
)
def test_cases_without_a_model_say_why(case, reason):
    with pytest.raises(InputError, match=f"start: analysis: no model goes on from this case: .*{reason}"):
        asked(start={"name": "analysis", "analysis": {"case": case}})


def test_given_members_take_the_place_of_those_drawn():
    prepared = prepare(asked(starts=4), NOWHERE)
    members = prepared.starts.states[0] + torch.tensor([[0.1], [-0.1]]).double()
    given = from_members(prepared, members)
    result = given.run()
    assert (result.members, len(result.start_steps)) == (2, 1)
    assert result.rmse(result["persistence"]).value[0].item() == pytest.approx(0, abs=1e-12)
    assert bool(result.rmse(result["persistence"]).error.isnan().all())  # one start says nothing of the error
    with pytest.raises(InputError, match=r"12 components, \(N, n\); came shape \(2, 5\)"):
        from_members(prepared, torch.zeros(2, 5))
    with pytest.raises(InputError, match="finite"):
        from_members(prepared, torch.full((1, 12), math.nan))


def test_an_analysis_on_another_grid_is_refused():
    given = of_race(race(1), 0)
    with pytest.raises(InputError, match="the analysis has 5 components; a state of the start's model has 12"):
        prepare(started(given), NOWHERE, replace(given, truth=torch.zeros(3, 5)))
