"""How variables are read, by their names and units."""

import numpy as np
import pytest

from backends.fields.quantities import quantity


@pytest.mark.parametrize("name", ["2 metre temperature anomaly", "Temperature difference 850-500", "Temperature increment"])
def test_a_difference_of_temperatures_keeps_its_kelvins(name):
    read = quantity(name, "K")
    assert (read.unit, read.difference_unit) == ("K", "K")
    np.testing.assert_array_equal(read.read(np.array([1.5])), [1.5])


def test_a_temperature_is_read_in_degrees():
    read = quantity("2 metre temperature", "K")
    assert (read.unit, read.difference_unit) == ("°C", "K")
    np.testing.assert_allclose(read.read(np.array([273.15])), [0.0], atol=1e-12)
