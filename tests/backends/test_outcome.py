"""The posterior standard deviation of an outcome, on all points and on few."""

import torch

from backends.experiments import outcome as outcome_module
from tests.backends.experiments import outcome


def run():
    return outcome(case={"name": "xz-2d", "nx": 30, "nz": 11}, observations={"count": 20, "placement": "random"})


def test_the_posterior_is_that_of_the_dense_matrices():
    result = run()
    B, H = result.problem.background_error.dense(), result.problem.operator.dense()
    S = H @ B @ H.T + result.problem.observation_error.matrix()
    A = B - B @ H.T @ torch.linalg.solve(S, H @ B)
    torch.testing.assert_close(result.posterior_std, A.diagonal().sqrt(), rtol=1e-6, atol=1e-9)


def test_a_large_state_has_the_posterior_in_blocks(monkeypatch):
    everywhere = run().posterior_std.reshape(11, 30)
    monkeypatch.setattr(outcome_module, "LARGEST_CROSS", 30 * 11 * 20 / 8)  # every third row and column
    blocks = run().posterior_std.reshape(11, 30)
    assert blocks.shape == everywhere.shape
    torch.testing.assert_close(blocks[::3, ::3], everywhere[::3, ::3])
    assert torch.equal(blocks[1], blocks[0])
    assert torch.equal(blocks[:, 29], blocks[:, 27])
