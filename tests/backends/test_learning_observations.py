"""Observation to observation: what is observed, what the network may depend on, and the exact reference."""

import math

import pytest
import torch

from backends.dynamics.advection_diffusion import AdvectionDiffusion
from backends.errors import InputError
from backends.learning.observations import testbed as observing
from backends.learning.observations.references import BestLinear
from tests.backends.curtains import dense, generator, network, plane

# What is observed ----------------------------------------------------------------------------------------------------


def test_the_covariance_of_the_starts_is_that_of_a_lognormal_field_and_of_draws():
    model = AdvectionDiffusion(nx=12, nz=8, start_sigma=0.1)
    P0 = dense(model.start_covariance, model.size)
    x0 = model.start()
    # Written out from smoothed white noise, pair by pair.
    apart = (model.x[:, None] - model.x).abs()
    roots = [(-(apart.minimum(model.width - apart) / model.start_width).square()).exp()]
    roots.append((-((model.z[:, None] - model.z) / model.start_depth).square()).exp())
    along, upward = (root @ root.T / (root.norm(dim=1)[:, None] * root.norm(dim=1)) for root in roots)
    s2 = math.log1p(0.1**2 / float(x0.square().mean()))
    torch.testing.assert_close(P0, torch.outer(x0, x0) * torch.expm1(s2 * torch.kron(upward, along)), rtol=1e-12, atol=1e-15)
    drawn = model.draw_start(40_000, generator())
    assert float((torch.cov(drawn.T) - P0).norm() / P0.norm()) < 0.05


def test_channels_are_means_over_height_with_gaussian_weights():
    bed = plane()
    z = bed.model.z
    weights = torch.stack([(-0.5 * ((z - height) / bed.depth).square()).exp() for height in bed.heights])
    torch.testing.assert_close(bed.weights, weights / weights.sum(1, keepdim=True))
    state = torch.rand(3, bed.model.size, generator=generator(), dtype=torch.float64)
    observed = bed.curtain(state.unflatten(-1, bed.model.shape))
    torch.testing.assert_close(observed.flatten(1), bed.satellite(state))


def test_draws_follow_the_model_and_their_observations_have_the_noise_that_is_asked_for():
    bed = plane()
    drawn = bed.draw(40, generator())
    state = drawn.truth[:, 1].flatten(1)
    for k in range(bed.steps):
        state = bed.model.step(state, bed.time(1) + k * bed.model.dt)
    torch.testing.assert_close(drawn.truth[:, 2].flatten(1), state)
    assert float((drawn.curtain - bed.curtain(drawn.truth)).std()) == pytest.approx(bed.sigma_satellite, rel=0.05)
    sounded = bed.sounding(drawn.truth.flatten(-2))
    assert float((drawn.sondes - sounded).std()) == pytest.approx(bed.sigma_sonde, rel=0.05)
    assert torch.equal(bed.draw(2, generator(3)).sondes, bed.draw(2, generator(3)).sondes)


def test_a_radiosonde_lies_on_a_column_of_cells_and_none_is_near_the_unseen_one():
    bed = plane()
    assert bed.places.shape == (15, 2)
    assert torch.isin(bed.places[:, 0], bed.model.x).all()
    x = bed.model.x[bed.unseen_cell]
    assert float((bed.places[:, 0] - x).abs().min()) > bed.gap
    hidden = torch.tensor([k for k in range(16) if abs(float(bed.model.x[k] - x)) <= bed.gap])
    assert sorted([*bed.shown.tolist(), *hidden.tolist()]) == list(range(16))
    # The strip goes on beyond the seam.
    assert 15 not in plane(unseen=0.0, gap=0.1).shown.tolist()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"snapshots": 2}, "needs more snapshots than the 2 that a forecast begins with; came 2"),
        ({"unseen": 1.4}, r"must lie between 0 and 1\.3 km; came 1\.4"),
        ({"unseen": 0.2}, r"no radiosonde may be within 0\.05 km of the unseen column at 0\.2 km; one is at 0\.203"),
    ],
)
def test_what_cannot_be_observed_is_said(options, sentence):
    with pytest.raises(InputError, match=sentence):
        plane(**options)


# The network ---------------------------------------------------------------------------------------------------------


def some_observations(count=9, batch=2):
    g = generator()
    curtain = 0.2 * torch.rand(batch, 2, 4, 16, generator=g)
    places = torch.rand(count, 3, generator=g) * torch.tensor([1.3, 0.36, 1.0])
    places[:, 2] = torch.arange(count) % 2
    return curtain, places, 0.3 * torch.rand(batch, count, generator=g)


def test_the_order_of_radiosondes_does_not_matter_and_a_missing_one_is_as_if_it_were_not_there():
    net = network(plane()).double().requires_grad_(False)
    curtain, places, values = (part.double() for part in some_observations())
    answer = net(curtain, places, values)
    order = torch.randperm(9, generator=generator())
    torch.testing.assert_close(net(curtain, places[order], values[:, order]), answer)
    # Each case may have places of its own.
    torch.testing.assert_close(net(curtain, places.expand(2, -1, -1), values), answer)
    lost = values.clone()
    lost[:, 4:] = math.nan
    fewer = net(curtain, places[:4], values[:, :4])
    torch.testing.assert_close(net(curtain, places, lost), fewer)
    assert float((fewer - answer).abs().max()) > 1e-4
    assert torch.isfinite(net(curtain, places[:0], values[:, :0])).all()


def test_what_a_radiosonde_says_depends_on_each_of_its_numbers():
    net = network(plane()).requires_grad_(False)
    curtain, places, values = some_observations()
    answer = net(curtain, places, values)
    for number in range(3):
        moved = places.clone()
        moved[0, number] = 1 - moved[0, number] if number == 2 else moved[0, number] + 0.05
        assert float((net(curtain, moved, values) - answer).abs().max()) > 1e-6
    values[0, 0] += 0.1
    assert float((net(curtain, places, values) - answer)[0].abs().max()) > 1e-6


def test_answers_follow_a_shift_of_everything_along_x():
    net = network(plane()).double().requires_grad_(False)
    curtain, places, values = (part.double() for part in some_observations())
    answer = net(curtain, places, values)
    moved = places.clone()
    moved[:, 0] = (moved[:, 0] + 5 * 1.3 / 16) % 1.3
    stayed = net(curtain.roll(5, -1), moved, values)
    net.position = net.position.roll(5, -1)
    torch.testing.assert_close(net(curtain.roll(5, -1), moved, values), answer.roll(5, 1))
    # Only what says where the source is does not follow.
    assert float((stayed - answer.roll(5, 1)).abs().max()) > 1e-4


def test_a_query_at_a_cell_is_the_field_there_and_x_is_periodic():
    bed = plane()
    net = network(bed).double().requires_grad_(False)
    coefficients = net(*(part.double() for part in some_observations()))
    field = net.on(coefficients, bed.model.z)
    assert field.shape == (2, 10, 16)
    torch.testing.assert_close(net.at(coefficients, bed.plane.coordinates()), field.flatten(1))
    between = torch.tensor([[0.0, 0.1], [1.3, 0.1], [2.6, 0.1]], dtype=torch.float64)
    seam = net.at(coefficients, between)
    ends = net.on(coefficients, between[:1, 1])[:, 0]
    torch.testing.assert_close(seam, (0.5 * (ends[:, 0] + ends[:, -1]))[:, None].expand(2, 3))


# The exact reference -------------------------------------------------------------------------------------------------


def test_the_exact_reference_is_the_kalman_filter_written_with_dense_matrices():
    bed = plane()
    model, n = bed.model, bed.model.size
    drawn = bed.draw(3, generator())
    exact = BestLinear(bed)(drawn)
    M = dense(lambda x: model.advance(x, bed.steps) - model.advance(torch.zeros(n, dtype=torch.float64), bed.steps), n)
    H = torch.cat([bed.satellite.dense(), bed.sounding.dense()])
    sigma = [bed.sigma_satellite] * len(bed.satellite) + [bed.sigma_sonde] * len(bed.sounding)
    R = torch.diag(torch.tensor(sigma, dtype=torch.float64).square())

    def kalman(first, last):
        """Filter from the prior at time 0 with the observations of some times alone; analysis and forecast."""
        x, P = model.start().expand(3, n), dense(model.start_covariance, n)
        for k in range(last + 1):
            if k:
                x, P = model.advance(x, bed.steps, bed.time(k - 1)), M @ P @ M.T
            if k >= first:
                y = torch.cat([drawn.curtain[:, k].flatten(1), drawn.sondes[:, k]], 1)
                K = torch.linalg.solve(H @ P @ H.T + R, H @ P).T
                x, P = x + (y - x @ H.T) @ K.T, P - K @ H @ P
        return x, model.advance(x, bed.steps, bed.time(last)), P

    for j, k in enumerate(bed.transitions):
        analysis, forecast, _ = kalman(k - bed.times + 1, k)
        torch.testing.assert_close(exact.analysis[:, j].flatten(1), analysis, rtol=0, atol=1e-9)
        torch.testing.assert_close(exact.forecast[:, j].flatten(1), forecast, rtol=0, atol=1e-9)
        torch.testing.assert_close(exact.filtered[:, j].flatten(1), kalman(0, k)[1], rtol=0, atol=1e-9)
    # And its errors are as large as it expects them to be.
    many = bed.draw(4000, generator(2))
    error = BestLinear(bed)(many).analysis[:, 1] - many.truth[:, bed.transitions[1]]
    expected = kalman(bed.transitions[1] - bed.times + 1, bed.transitions[1])[2].diagonal().mean()
    assert float(error.square().mean()) == pytest.approx(float(expected), rel=0.05)


def test_a_low_rank_is_as_good():
    bed = observing.Testbed(AdvectionDiffusion(nx=40, nz=24, start_sigma=0.1), snapshots=4)
    drawn = bed.draw(3, generator())
    low, full = BestLinear(bed, 400), BestLinear(bed, 960)
    assert len(low.root) == 400
    total = full.root.square().sum()
    assert float((total - low.root.square().sum()) / total) < 2e-4
    torch.testing.assert_close(low(drawn).forecast, full(drawn).forecast, rtol=0, atol=1e-4)
