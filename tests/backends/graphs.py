"""Networks and cases that tests of graph reconstruction share."""

import torch

from backends.learning.graph.cases import Cases, Draws
from backends.learning.graph.fields import GaussianProcess
from backends.learning.graph.network import MessagePassing
from backends.learning.seeded import seeded

GAUSSIAN = Draws(GaussianProcess(3.0))


def generator(seed=1):
    return torch.Generator().manual_seed(seed)


def network(rounds=3):
    return seeded(lambda: MessagePassing(8, rounds), 1)


def reconstructed(net, cases, neighbours=6):
    with torch.no_grad():
        return net(cases.values, cases.observed, cases.graph(neighbours))


def ordered(cases, order):
    return Cases(cases.places[:, order], cases.truth[:, order], cases.observed[:, order], cases.values[:, order])
