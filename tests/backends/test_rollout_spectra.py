"""Power spectra: Parseval, single waves, and SciPy's cosine transform."""

import math

import numpy as np
import pytest
import scipy.fft
import torch

from backends.dynamics.kolmogorov import Kolmogorov
from backends.dynamics.shallow_water import ShallowWater
from backends.dynamics.spherical_harmonics import SphericalHarmonics
from backends.errors import InputError
from backends.rollout.conserved import quantities
from backends.rollout.spectra import MapSpectrum, PeriodicSpectrum, SphereSpectrum, bands, power_kept


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 3


@pytest.mark.parametrize(
    "spectrum", [PeriodicSpectrum((9,)), PeriodicSpectrum((10,)), PeriodicSpectrum((8, 8)), MapSpectrum((7, 12))],
    ids=["odd line", "even line", "square", "map"],
)  # fmt: skip
def test_power_adds_up_to_the_variance(spectrum):
    states = noise(3, math.prod(spectrum._shape))
    power = spectrum.power(states)
    assert power.shape == (3, len(spectrum.wavenumbers))
    torch.testing.assert_close(power.sum(-1), states.var(-1, correction=0))


def test_a_wave_has_its_power_at_its_wavenumber():
    x = torch.arange(16) * 2 * math.pi / 16
    line = PeriodicSpectrum((16,)).power(3 * torch.cos(5 * x.double()))
    assert line[4].item() == pytest.approx(4.5)
    assert line.sum().item() == pytest.approx(4.5)
    plane = PeriodicSpectrum((16, 16)).power((torch.sin(3 * x.double())[:, None] * torch.cos(4 * x.double())).flatten())
    assert plane.argmax().item() == 4  # |k| = 5
    assert plane.sum().item() == pytest.approx(0.25)


def test_the_spectrum_of_a_map_is_scipy_s_cosine_transform_and_a_trend_has_no_short_waves():
    field = noise(6, 10)
    waves = scipy.fft.dctn(field.numpy(), type=2, norm="ortho") ** 2 / 60
    i, j = np.meshgrid(np.arange(6) / 6, np.arange(10) / 10, indexing="ij")
    ring = np.maximum(np.floor(np.sqrt(i**2 + j**2) * 6 + 0.5).astype(int), 1)
    ring[0, 0] = 0
    expected = [waves[ring == k].sum() for k in range(1, ring.max() + 1)]
    np.testing.assert_allclose(MapSpectrum((6, 10)).power(field.flatten()), expected, rtol=1e-10)
    trend = torch.arange(32).double().expand(32, -1)
    mirrored, wrapped = MapSpectrum((32, 32)).power(trend.flatten()), PeriodicSpectrum((32, 32)).power(trend.flatten())
    assert mirrored[15:].sum() / mirrored.sum() < 1e-4  # below 4 points: 16 half waves, or 8 waves
    assert wrapped[7:].sum() / wrapped.sum() > 1e-2


def test_the_spectrum_on_the_sphere_adds_up_to_the_variance_by_area():
    harmonics = SphericalHarmonics(10, torch.device("cpu"), torch.float64)
    waves = torch.zeros(11, 12, dtype=torch.complex128)
    waves[2, 5], waves[0, 3], waves[0, 0] = 1 + 2j, 4, 7
    field = harmonics.synthesise(waves)
    state = torch.stack([field, 0 * field, 0 * field]).flatten()
    power = SphereSpectrum(10, (3, *field.shape)).power(state)
    assert power[[4, 2]].tolist() == pytest.approx([2 * 5, 16])
    variance = (harmonics.weight[:, None] * (field - 7).square()).sum() / field.shape[1]
    assert power.sum().item() == pytest.approx(float(variance))


def test_a_smoothed_field_has_lost_what_its_filter_says():
    line = PeriodicSpectrum((50,))
    assert bands(line.wavenumbers) == ((1, 3), (4, 10), (11, 20), (21, 25))
    assert bands(torch.arange(1, 8).double()) == ((1, 3), (4, 7))
    assert bands(torch.zeros(0)) == ()
    angle = 2 * math.pi * torch.arange(50).double() / 50
    truth = torch.cos(2 * angle) + torch.cos(6 * angle) + torch.cos(15 * angle)
    forecast = torch.cos(2 * angle) + 0.5 * torch.cos(6 * angle + 1)
    kept = power_kept(line.power(forecast), line.power(truth), line.wavenumbers)
    assert kept[:3].tolist() == pytest.approx([1, 0.25, 0], abs=1e-12)
    nothing = power_kept(torch.zeros(2, 50), torch.zeros(2, 50), torch.arange(1, 51).double())
    assert nothing.shape == (4, 2)
    assert nothing.isnan().all()


def test_spectra_refuse_other_shapes():
    with pytest.raises(InputError, match=r"a line or a square; came shape \(4, 6\)"):
        PeriodicSpectrum((4, 6))
    with pytest.raises(InputError, match=r"rows and columns; came shape \(4,\)"):
        MapSpectrum((4,))


def test_the_sphere_keeps_its_mass_and_the_flow_its_energy_without_force_and_friction():
    sphere = ShallowWater(truncation=10, dt=0.5)
    x = sphere.draw_start(2, torch.Generator().manual_seed(0))
    of = quantities(sphere)
    y = sphere.advance(x, 20)
    torch.testing.assert_close(of["mass"].of(y), of["mass"].of(x), rtol=1e-12, atol=0)
    assert float(of["mass"].of(y)[0]) == pytest.approx(10_000, rel=1e-4)  # the bump of the start adds a little
    at_rest = torch.cat([torch.full((1, sphere.size // 3), 100.0), torch.zeros(1, 2 * sphere.size // 3)], 1).double()
    assert of["energy"].of(at_rest).item() == pytest.approx(0.5 * 9.80616 * 100**2)
    flow = Kolmogorov(points=16, forcing=0.0, viscosity=0.0, drag=0.0, dt=0.005)
    x = flow.advance(flow.start(), 1)
    before, after = ({name: float(q.of(s)) for name, q in quantities(flow).items()} for s in (x, flow.advance(x, 40)))
    assert after == pytest.approx(before, rel=1e-6)
    assert after["energy"] != after["enstrophy"]
