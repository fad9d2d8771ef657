"""Results that are kept within so many bytes."""

import torch

from backends.experiments.kept import Kept, size_of

MIB = 2**20


def block(mib: float) -> torch.Tensor:
    return torch.zeros(int(mib * MIB / 8), dtype=torch.float64)


def test_what_is_asked_for_again_is_made_once():
    kept, made = Kept(MIB), []
    first = kept.get("a", lambda: made.append(1) or block(0.1))
    assert kept.get("a", lambda: made.append(2) or block(0.1)) is first
    assert made == [1]
    assert (kept.usage().hits, kept.usage().misses) == (1, 1)


def test_the_one_asked_for_longest_ago_goes_first():
    kept = Kept(MIB)
    for key in "abc":
        kept.get(key, lambda: block(0.3))
    kept.get("a", lambda: block(0.3))
    kept.get("d", lambda: block(0.3))  # too many by one
    remade = []
    for key in "acdb":
        kept.get(key, lambda key=key: remade.append(key) or block(0.3))
    assert remade == ["b"]


def test_it_never_holds_more_than_it_may():
    kept = Kept(MIB)
    for k in range(50):
        kept.get(k, lambda: block(0.17))
        assert kept.usage().bytes <= MIB
    assert kept.usage().entries == 5  # 5 · 0.17 MiB fit, 6 do not
    kept.get("large", lambda: block(0.6))
    assert kept.usage().entries == 5


def test_storage_that_is_shared_counts_once():
    whole = block(1)
    assert MIB <= size_of([whole, whole[:10], {"again": whole}]) < MIB + 1000
    assert size_of(torch.eye(1000).to_sparse()) >= 1000 * (4 + 8 + 8)
