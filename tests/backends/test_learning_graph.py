"""Graph reconstruction: nearest neighbours, what holds whatever the weights, and what is drawn."""

import math

import numpy as np
import pytest
import torch

from backends.errors import InputError
from backends.learning.graph.cases import Cases, Draws
from backends.learning.graph.fields import GaussianProcess, Waves
from backends.learning.graph.graph import displacements, nearest_neighbours
from backends.learning.graph.task import GraphReconstructionTask, unobserved_error
from tests.backends.graphs import GAUSSIAN, generator, network, ordered, reconstructed

# The graph -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_once", [2**22, 100])
@pytest.mark.parametrize("shape", [(2, 30, 1), (2, 25, 2)])
def test_nearest_neighbours_are_those_of_brute_force(monkeypatch, shape, at_once):
    """Neighbours and displacements, on a line and on a plane periodic in both dimensions, against loops over all images."""
    monkeypatch.setattr("backends.learning.graph.graph.AT_ONCE", at_once)
    E, n, d = shape
    period = np.array([7.0, 5.0])[:d]
    places = torch.rand(shape, generator=generator(), dtype=torch.float64) * torch.from_numpy(period)
    graph = nearest_neighbours(places, 4, torch.from_numpy(period))
    shifts = np.stack(np.meshgrid(*[(-1, 0, 1)] * d), -1).reshape(-1, d) * period
    for e in range(E):
        for i in range(n):
            images = places[e].numpy()[:, None] + shifts - places[e, i].numpy()  # (n, images, d)
            far = np.linalg.norm(images, axis=-1)
            far[i] = np.inf
            nearest = np.argsort(far.min(1))[:4]
            assert set(graph.senders[e * n + i].tolist()) == set((e * n + nearest).tolist())
            for sender, r in zip(graph.senders[e * n + i].tolist(), graph.displacement[e * n + i].numpy(), strict=True):
                np.testing.assert_allclose(r, images[sender - e * n, far[sender - e * n].argmin()], atol=1e-12)


def test_a_domain_may_be_open_in_one_dimension():
    places = torch.tensor([[0.1, 0.0], [9.9, 0.0], [0.1, 9.0]], dtype=torch.float64)
    apart = displacements(places[:1], places, torch.tensor([10.0, math.inf], dtype=torch.float64))[0]
    torch.testing.assert_close(apart, torch.tensor([[0.0, 0.0], [-0.2, 0.0], [0.0, 9.0]], dtype=torch.float64))
    assert nearest_neighbours(places[None], 1).senders[:, 0].tolist() == [2, 0, 0]


@pytest.mark.parametrize("neighbours", [0, 5])
def test_a_node_has_fewer_neighbours_than_there_are_nodes(neighbours):
    with pytest.raises(InputError, match=rf"must be from 1 to 4; came {neighbours}"):
        nearest_neighbours(torch.rand(1, 5, 1), neighbours)


# What holds whatever the weights -------------------------------------------------------------------------------------


def test_the_network_follows_a_permutation_of_the_nodes():
    net, cases = network().double(), GAUSSIAN.draw(3, 40, generator())
    order = torch.randperm(40, generator=generator(2))
    torch.testing.assert_close(reconstructed(net, ordered(cases, order)), reconstructed(net, cases)[:, order])


def test_the_network_follows_a_shift_along_the_line_but_not_a_stretch():
    net, cases = network().double(), GAUSSIAN.draw(3, 40, generator())
    shifted = Cases((cases.places + 17.3) % 40, cases.truth, cases.observed, cases.values)
    torch.testing.assert_close(reconstructed(net, shifted), reconstructed(net, cases))
    stretched = Cases(0.9 * cases.places, cases.truth, cases.observed, cases.values)
    assert float((reconstructed(net, stretched) - reconstructed(net, cases)).abs().max()) > 1e-4


def test_a_line_of_repeated_copies_gives_the_answer_repeated():
    net, short = network().double(), GAUSSIAN.draw(2, 32, generator())
    places = torch.cat([short.places + 32 * k for k in range(4)], 1)
    long = Cases(places, *(part.repeat(1, 4) for part in (short.truth, short.observed, short.values)))
    torch.testing.assert_close(reconstructed(net, long), reconstructed(net, short).repeat(1, 4))


def test_lines_of_a_batch_do_not_hear_each_other():
    net, cases = network().double(), GAUSSIAN.draw(5, 40, generator())
    torch.testing.assert_close(reconstructed(net, cases)[3:4], reconstructed(net, cases[3:4]))


def test_an_answer_depends_on_what_is_as_many_edges_away_as_there_are_rounds():
    places = torch.arange(40, dtype=torch.float64)[None]
    values = torch.zeros(1, 40, dtype=torch.float64, requires_grad=True)
    cases = Cases(places, values, places != 20, values)
    for rounds in (1, 3):
        answer = network(rounds).double()(values, cases.observed, cases.graph(4))[0, 20]
        (gradient,) = torch.autograd.grad(answer, values)
        heard = [k for k in range(20 - 2 * rounds, 21 + 2 * rounds) if k != 20]
        assert gradient[0].nonzero()[:, 0].tolist() == heard


def test_hidden_values_change_nothing():
    net, cases = network(), GAUSSIAN.draw(3, 40, generator())
    told = Cases(cases.places, cases.truth, cases.observed, torch.where(cases.observed, cases.values, torch.nan))
    assert torch.equal(reconstructed(net, told), reconstructed(net, cases))
    # Observed ones do.
    other = Cases(cases.places, cases.truth, cases.observed, cases.values + 0.1)
    assert not torch.allclose(reconstructed(net, other), reconstructed(net, cases))


def test_observed_nodes_keep_their_observation():
    task = GraphReconstructionTask(network(), GAUSSIAN, nodes=40)
    cases = GAUSSIAN.draw(3, 40, generator())
    with torch.no_grad():
        estimate = task.reconstruct(cases, cases.graph(8))
    torch.testing.assert_close(estimate[cases.observed], cases.values[cases.observed].float())


def test_the_loss_is_of_unobserved_nodes_alone():
    cases = GAUSSIAN.draw(3, 40, generator())
    estimate = torch.randn(3, 40, generator=generator(), dtype=torch.float64, requires_grad=True)
    loss = unobserved_error(estimate, cases.truth, cases.observed)
    (gradient,) = torch.autograd.grad(loss, estimate)
    expected = 2 * (estimate - cases.truth) / int((~cases.observed).sum()) * ~cases.observed
    torch.testing.assert_close(gradient, expected.detach())
    assert torch.equal(gradient == 0, cases.observed)


def test_the_loss_of_a_task_is_that_of_its_network():
    task = GraphReconstructionTask(network(), GAUSSIAN, nodes=40, batch=3)
    cases = GAUSSIAN.draw(3, 40, generator(7))
    expected = unobserved_error(reconstructed(task.network, cases, 8).double(), cases.truth, cases.observed)
    assert float(task.loss(generator(7)).total.detach()) == pytest.approx(float(expected), rel=1e-5)


# What is drawn -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [GaussianProcess(3.0), Waves(6.0, 20.0)], ids=["gaussian", "waves"])
@pytest.mark.parametrize("domain", [40.0, 100.0])
def test_the_covariance_of_what_is_drawn_is_the_one_that_is_said(fields, domain):
    places = torch.tensor([0.0, 0.7, 2.0, 5.0, domain - 1.0], dtype=torch.float64)
    count = 20_000
    drawn = fields.draw(places.expand(count, -1), domain, generator())
    products = drawn[:, :1] * drawn
    spread = products.std(0) / math.sqrt(count)
    assert bool(((products.mean(0) - fields.covariance(places, domain)).abs() < 4.5 * spread).all())
    assert float(drawn.mean(0).abs().max()) < 4.5 / math.sqrt(count)
    assert float(fields.covariance(places[:1], domain)) == pytest.approx(1)


def test_lines_drawn_some_at_a_time_are_those_drawn_at_once(monkeypatch):
    places = 40 * torch.rand(5, 30, generator=generator(), dtype=torch.float64)
    fields = GaussianProcess(2.0)
    at_once = fields.draw(places, 40.0, generator(2))
    monkeypatch.setattr("backends.learning.graph.fields.AT_ONCE", 2 * 30 * 30)
    torch.testing.assert_close(fields.draw(places, 40.0, generator(2)), at_once)


def test_the_covariance_of_waves_is_their_mean():
    d = torch.linspace(-50, 50, 101, dtype=torch.float64)
    expected = torch.stack([torch.cos(2 * math.pi * k * d / 50) for k in range(3, 9)]).mean(0)  # wavelengths 16.7 to 6.25
    torch.testing.assert_close(Waves(6.0, 20.0).covariance(d, 50.0), expected)


def test_cases_are_observed_as_the_draws_say():
    draws = Draws(GaussianProcess(3.0), jitter=1.0, share=(0.2, 0.5), sigma=0.3)
    cases = draws.draw(400, 50, generator())
    count = cases.observed.sum(1)
    assert int(count.min()) == 10
    assert int(count.max()) == 25
    assert bool((cases.places.diff(dim=1) > 0).all())
    error = (cases.values - cases.truth)[cases.observed]
    assert float(error.std()) == pytest.approx(0.3, rel=0.03)
    assert not bool(cases.values[~cases.observed].any())
    even = draws.draw(3, 50, generator(), even=True)
    # Shares of 0.25, 0.35, 0.45; halves round to even.
    assert even.observed.sum(1).tolist() == [12, 18, 22]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"jitter": 1.5}, "jitter of the places must be from 0 to 1; came 1.5"),
        ({"share": (0.5, 0.2)}, r"must be a range between 0 and 1; came \[0.5, 0.2\]"),
        ({"sigma": 0.0}, "σ_o of observation errors must be positive; came 0"),
    ],
)
def test_draws_say_what_is_out_of_range(options, sentence):
    with pytest.raises(InputError, match=sentence):
        Draws(GaussianProcess(3.0), **options)
