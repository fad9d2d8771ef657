"""A message-passing network: what observed nodes know goes from neighbour to neighbour, one edge further in each round."""

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from backends.learning.graph.graph import Graph

#: Distances that the network sees are in this many mean spacings.
SCALE = 2.0


class MessagePassing(nn.Module):
    """Values at some nodes of a graph to values at all.

    With s_i = (y_i, 1) where node i is observed and (0, 0) where not: h_i = encoder(s_i); then in each round, with the same
    weights in all of them,

        m_i = (1/k) Σ_j silu(A h_i + C h_j + edge(r_ij, |r_ij|)),    h_i ← h_i + update(h_i, m_i, s_i),

    the sum over the k edges that arrive at i; and decoder(h_i) is the value where nothing is observed. Battaglia et al.
    (2018, arXiv:1806.01261). An observed node keeps its observation: a loss at unobserved nodes says nothing of what the
    decoder makes of the others.

    An edge knows where the sender is, seen from the receiver; no node knows its own place. So the network follows
    permutations of the nodes and shifts of all places, its answer at a node depends on what is at most `rounds` edges away, and
    it takes a graph of any size.

    Parameters
    ----------
    width
        Channels of h, m and the layers between.
    rounds
        How often messages are sent.
    dimensions
        d, of the displacements r.
    """

    def __init__(self, width: int = 32, rounds: int = 6, dimensions: int = 1) -> None:
        super().__init__()
        self.rounds = rounds
        self.encoder = _layers(2, width, width)
        self.edge = _layers(dimensions + 1, width, width)
        self.receiver = nn.Linear(width, width, bias=False)
        self.sender = nn.Linear(width, width, bias=False)
        self.update = _layers(2 * width + 2, width, width)
        self.decoder = _layers(width, width, 1)

    def forward(self, values: Tensor, observed: Tensor, graph: Graph) -> Tensor:
        """Return the observations, and between them what the network makes of them.

        Parameters
        ----------
        values
            Observations, any shape of as many elements as the graph has nodes, in its order; what stands at nodes that are
            not observed is not looked at.
        observed
            Which nodes are observed, the same shape.
        graph
            Who hears whom.

        Returns
        -------
        The same shape, in the precision of the weights.
        """
        like = self.sender.weight
        seen = torch.stack([torch.where(observed, values, 0.0).to(like), observed.to(like)], -1).reshape(-1, 2)
        r = graph.displacement.to(like) / SCALE
        edge = self.edge(torch.cat([r, r.norm(dim=-1, keepdim=True)], -1))
        h = self.encoder(seen)
        for _ in range(self.rounds):
            # Linear layers act on nodes, of which there are k times fewer than edges.
            sent = self.sender(h).index_select(0, graph.senders.flatten()).view_as(edge)
            message = silu(edge + self.receiver(h)[:, None] + sent).mean(1)
            h = h + self.update(torch.cat([h, message, seen], -1))
        return torch.where(observed, values.to(like), self.decoder(h)[:, 0].reshape(values.shape))


def _layers(inputs: int, width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, outputs))
