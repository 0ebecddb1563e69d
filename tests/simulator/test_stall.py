"""Weak spots: known from the seed alone, and no more often than was drawn."""

from tests.simulator.stall import OF, SPANS_HELD_S, SPANS_S, Stalls, keeps_at

WHAT = "call confirm"
SEEDS = range(1_000)


def test_one_in_so_many_is_a_weak_spot_of_a_seed() -> None:
    """Enough seeds keep whoever comes to a statement that each race is met, and few others do."""
    keeping = [seed for seed in SEEDS if keeps_at(seed, WHAT)]
    assert len(SEEDS) / OF / 2 < len(keeping) < len(SEEDS) / OF * 2
    assert keeping != [seed for seed in SEEDS if keeps_at(seed, "call cancel")]


def test_whoever_comes_is_kept_so_often_and_no_more() -> None:
    """And nobody any more when the end of the run begins."""
    seed = next(seed for seed in SEEDS if keeps_at(seed, WHAT))
    stalls = Stalls(seed, 1.0, 3)
    spans = [stalls.span_s(WHAT, held=False) for _ in range(4)]
    assert all(0 < span <= max(SPANS_S) for span in spans[:3]) and spans[3] == 0
    assert stalls.happened == 3
    ended = Stalls(seed, 1.0, 3)
    assert 0 < ended.span_s(WHAT, held=True) <= max(SPANS_HELD_S)
    ended.end()
    assert ended.span_s(WHAT, held=True) == 0


def test_nobody_is_kept_elsewhere_or_without_a_chance() -> None:
    """What is no weak spot takes no time, nor does one that a seed has no chance for."""
    seed = next(seed for seed in SEEDS if keeps_at(seed, WHAT))
    other = next(seed for seed in SEEDS if not keeps_at(seed, WHAT))
    assert Stalls(other, 1.0, 3).span_s(WHAT, held=False) == 0
    assert Stalls(seed, 0.0, 3).span_s(WHAT, held=False) == 0
