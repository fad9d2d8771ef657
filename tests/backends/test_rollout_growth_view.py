"""The growth of errors that pages show, against what is known of the testbeds."""

from pathlib import Path

import numpy as np
import pytest

from backends.errors import InputError
from backends.experiments.rollout.growth import growth_of
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.settings import RolloutSettings


def prepared(dynamics: dict, **changes):
    tree = {"kind": "rollout", "start": {"name": "testbed", "dynamics": dynamics}, "starts": 10, "members": 2, "steps": 1}
    return prepare(RolloutSettings.model_validate({**tree, **changes}), Path())


def test_errors_of_lorenz96_grow_at_the_leading_exponent():
    growth = growth_of(prepared({"name": "lorenz96"}))
    assert growth.exponent == pytest.approx(1.68, abs=0.12)  # n = 40, F = 8
    assert abs(growth.rate - growth.exponent) < 3 * growth.rate_se
    assert growth.doubling_time == pytest.approx(np.log(2) / growth.rate)
    began = len(growth.times) // 2
    assert np.isnan(growth.fitted[: began - 1]).all()
    slope = np.diff(np.log(growth.fitted[began + 1 :])) / np.diff(growth.times[began + 1 :])
    np.testing.assert_allclose(slope, growth.rate, rtol=1e-9)


def test_errors_of_a_shift_keep_their_size():
    # With an even number of points the shortest wave would be lost.
    growth = growth_of(prepared({"name": "advection-1d", "points": 21, "waves": 4}))
    np.testing.assert_allclose(growth.factor, 1, atol=1e-5)
    assert abs(growth.exponent) < 1e-9


def test_single_precision_has_no_small_errors():
    with pytest.raises(InputError, match="need double precision; came single"):
        growth_of(prepared({"name": "lorenz96", "points": 8}, precision="single"))
