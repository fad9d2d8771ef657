"""The picture of a rollout: places, times and tables, against direct calculations."""

import csv
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

from backends.errors import InputError
from backends.experiments.rollout.point import series_at
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.rollout.tables import scores_table, series_table, spectra_table, to_csv
from backends.experiments.rollout.view import RolloutView, view_of


def view(**changes) -> RolloutView:
    tree = {
        "kind": "rollout",
        "start": {"name": "testbed", "dynamics": {"name": "advection-diffusion", "nx": 26, "nz": 10}},
        "models": [{"name": "perfect"}, {"name": "wrong", "model": {"u": 2.0}, "label": "slow, wind"}, {"name": "persistence"}],
        "steps": 40,
        "every": 10,
        "members": 5,
        "starts": 3,
    }
    prepared = prepare(RolloutSettings.model_validate({**tree, **changes}), Path())
    return view_of(prepared, prepared.run())


@pytest.fixture(scope="module")
def plane() -> RolloutView:
    return view()


def test_places_and_components_belong_together(plane):
    x, z = plane.place(3 * 26 + 7)
    assert (x, z) == pytest.approx((7.5 * 1.3 / 26, 3.5 * 0.36 / 10))
    for component in (0, 25, 26, 133, 259):
        assert plane.component_at(0, *plane.place(component)) == component
    for outside in ((-0.01, 0.1), (1.31, 0.1), (0.5, -0.001), (0.5, 0.37)):
        assert plane.component_at(0, *outside) is None
    assert plane.middle() == 5 * 26 + 13
    assert plane.name_of(plane.middle()) == "φ at x 0.675, z 0.198"


def test_starts_have_numbers(plane):
    with pytest.raises(InputError, match="numbers 0 to 2; came 3"):
        view_of(plane.prepared, plane.result, 3)


def test_the_valid_time_is_start_plus_lead(plane):
    began = int(plane.prepared.starts.steps[0]) * 1.0
    assert plane.times == tuple(f"{began + lead:g} s" for lead in (0, 10, 20, 30, 40))


def test_the_drift_is_relative_to_the_start(plane):
    drift, truth = plane.drift("mass")["persistence"], plane.true_drift("mass")
    np.testing.assert_array_equal(drift.value, np.zeros(5))
    masses = plane.result.quantities["mass"].numpy()
    np.testing.assert_allclose(truth, ((masses - masses[:, :1]) / masses[:, :1]).mean(0), atol=1e-12)  # φ is not negative


def test_tables_can_be_read_back(plane):
    rows = list(csv.reader(StringIO(to_csv(scores_table(plane, "persistence")))))
    assert len(rows) == 1 + 3 * 5
    row = dict(zip(rows[0], rows[1 + 5 + 4], strict=True))
    assert (row["model"], row["lead [s]"]) == ("slow, wind", "40")
    errors = plane.result["slow, wind"].of("mse")[:, -1].mean() ** 0.5
    theirs = plane.result["persistence"].of("mse")[:, -1].mean() ** 0.5
    assert float(row["rmse"]) == pytest.approx(float(errors), rel=1e-6)
    assert float(row["skill_percent"]) == pytest.approx(100 * (1 - float(errors / theirs)), rel=1e-6)
    series = series_table(plane, series_at(plane, 133))
    assert series[0][:3] == ["lead [s]", "valid", "φ truth"]
    assert series[0][3:8] == [f"φ perfect model {name}" for name in ("mean", "least", "10%", "90%", "greatest")]
    assert float(series[3][2]) == pytest.approx(float(plane.truth[2, 133]), rel=1e-6)


def test_few_numbers_have_a_backdrop_and_names():
    phase = view(start={"name": "testbed", "dynamics": {"name": "lorenz63"}}, models=[{"name": "perfect"}], steps=20)
    assert phase.layout.kind == "phase"
    assert phase.backdrop.shape == (2000, 3)
    assert 15 < phase.backdrop[:, 2].mean() < 32  # the wings of the attractor lie about z = ρ − 1
    assert [phase.name_of(k) for k in range(3)] == list(phase.layout.names)


def test_spectra_are_a_table(plane):
    rows = list(csv.reader(StringIO(to_csv(spectra_table(plane)))))
    waves = len(plane.result.wavenumbers)
    assert rows[0] == ["lead [s]", "wavenumber", "power truth", "power perfect model", "power slow, wind", "power persistence"]
    assert len(rows) == 1 + 5 * waves
    last = rows[1 + 4 * waves : 1 + 5 * waves]
    assert [float(row[1]) for row in last] == plane.result.wavenumbers.tolist()
    np.testing.assert_allclose([float(row[4]) for row in last], plane.result["slow, wind"].spectra[4].numpy(), rtol=1e-6)
