"""R12, R15: the best cover of a shortage; what holds for every catalogue, and the limits."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from brimful.domain.cover import STEPS_MAX, CoverTables, Pack, choose_cover, fits, near
from brimful.domain.money import MAX_MINOR
from tests.domain.cover_oracle import by_exact_totals, large_catalogue, packs_of, triple
from tests.domain.makers import PRICE_LIST

PACKS = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=6).map(
    lambda pairs: packs_of(*pairs)
)
NEEDS = st.integers(1, 400)


def best(packs: Sequence[Pack], need: int) -> tuple[int, int, tuple[int, ...]]:
    """Price, credits and counts of the best cover."""
    return triple(CoverTables.build(packs).best(need))


@pytest.mark.parametrize(
    ("need", "price", "credits", "counts"),
    [
        (1_000, 1_000, 2_000, (1, 0, 0)),
        (5_000, 3_000, 6_000, (3, 0, 0)),
        (9_000, 5_000, 12_500, (0, 1, 0)),  # five small ones cost as much and bring 10,000
        (13_000, 6_000, 14_500, (1, 1, 0)),
        (36_000, 11_000, 37_000, (1, 0, 1)),
    ],
)
def test_r15_the_price_list_by_number(
    need: int, price: int, credits: int, counts: tuple[int, ...]
) -> None:
    """2,000 for $10, 12,500 for $50, 35,000 for $100."""
    assert best(PRICE_LIST, need) == (price, credits, counts)


def test_r15_a_single_pack_where_the_owner_wants_one() -> None:
    """5,000: one pack costs $50, the best cover $30; 36,000: no single pack covers."""
    tables = CoverTables.build(PRICE_LIST)
    assert triple(choose_cover(tables, 5_000, "single_pack")) == (5_000, 12_500, (0, 1, 0))
    assert triple(choose_cover(tables, 5_000, "best_cover")) == (3_000, 6_000, (3, 0, 0))
    assert choose_cover(tables, 36_000, "single_pack") == tables.best(36_000)
    assert tables.best_single(36_000) is None


@pytest.mark.parametrize(
    ("pairs", "need", "counts"),
    [
        (((10, 5), (6, 5)), 6, (1, 0)),  # price ties: most credits
        (((4, 4), (8, 8)), 8, (0, 1)),  # credits tie: fewest packs
        (((1, 1), (2, 2), (3, 3)), 4, (1, 0, 1)),  # packs tie: greater counts of the first
        (((3, 3), (2, 2), (1, 1)), 4, (1, 0, 1)),
        (((2, 2), (1, 1), (3, 3)), 4, (2, 0, 0)),
        (((5, 9), (5, 9)), 10, (2, 0)),  # twins: the first
    ],
)
def test_r12_ties_by_number(
    pairs: tuple[tuple[int, int], ...], need: int, counts: tuple[int, ...]
) -> None:
    """Most credits, then fewest packs, then the greater counts in catalogue order."""
    assert best(packs_of(*pairs), need)[2] == counts


@given(packs=PACKS, need=NEEDS)
def test_r12_agrees_with_the_oracle(packs: tuple[Pack, ...], need: int) -> None:
    """Whatever hypothesis thinks of."""
    assert [best(packs, need)] == list(by_exact_totals(packs, [need]))


@given(packs=PACKS, need=NEEDS)
def test_r12_a_greater_need_never_costs_less(packs: tuple[Pack, ...], need: int) -> None:
    """And the cover reaches it."""
    tables = CoverTables.build(packs)
    (less, enough, _), (more, _, _) = triple(tables.best(need)), triple(tables.best(need + 1))
    assert less <= more and enough >= need


@given(packs=PACKS, need=NEEDS, data=st.data())
def test_r12_a_dominated_pack_changes_nothing(
    packs: tuple[Pack, ...], need: int, data: st.DataObject
) -> None:
    """Less for the same, or the same for more: wherever it stands, it is never chosen."""
    like = data.draw(st.sampled_from(packs))
    less, dearer = data.draw(
        st.tuples(st.integers(0, like.credits - 1), st.integers(0, 9)).filter(any)
    )
    worse = Pack(
        package_id="worse", credits=like.credits - less, price_minor=like.price_minor + dearer
    )
    at = data.draw(st.integers(0, len(packs)))
    price, credits, counts = best(packs, need)
    with_it = (*packs[:at], worse, *packs[at:])
    assert best(with_it, need) == (price, credits, (*counts[:at], 0, *counts[at:]))


@given(packs=PACKS, need=NEEDS, size=st.integers(1, 10**6), coin=st.integers(1, 10**8))
def test_r12_scale_changes_nothing_but_scale(
    packs: tuple[Pack, ...], need: int, size: int, coin: int
) -> None:
    """All sizes times a number, all prices times another: the same counts, for every need between."""
    price, credits, counts = best(packs, need)
    scaled = [
        replace(pack, credits=pack.credits * size, price_minor=pack.price_minor * coin)
        for pack in packs
    ]
    for asked in (need * size, (need - 1) * size + 1):
        assert best(scaled, asked) == (price * coin, credits * size, counts)


@settings(max_examples=10)
@given(seed=st.integers(0, 10**6), short=st.booleans())
def test_r12_a_best_cover_is_a_pack_and_a_best_cover_of_what_is_left(
    seed: int, short: bool
) -> None:
    """Large catalogues and needs from 1 to 10^12, with and without the table of small needs."""
    random = Random(seed)
    packs = large_catalogue(random)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "NEAR_MAX", near.NEAR_MAX // 8 if short else near.NEAR_MAX)
        tables = CoverTables.build(packs)
    for _ in range(20):
        need = int(10 ** random.uniform(0, 12))
        price, credits, counts = triple(tables.best(need))
        assert credits >= need
        keys = []
        for i, pack in enumerate(packs):
            left = (0, 0, (0,) * len(packs))
            if pack.credits < need:
                left = triple(tables.best(need - pack.credits))
            whole = (*left[2][:i], left[2][i] + 1, *left[2][i + 1 :])
            minus = tuple(-n for n in whole)
            keys.append((left[0] + pack.price_minor, -left[1] - pack.credits, sum(whole), minus))
        assert min(keys) == (price, -credits, sum(counts), tuple(-n for n in counts))


@given(packs=PACKS, need=st.integers(1, 60), times=st.integers(10**12, 10**30))
def test_r12_needs_without_end(packs: tuple[Pack, ...], need: int, times: int) -> None:
    """Far out, one more base pack's credits are one more base pack."""
    tables = CoverTables.build(packs)
    base = min(range(len(packs)), key=lambda i: (packs[i].price_minor / packs[i].credits, -i))
    assume(
        all(
            p.price_minor * packs[base].credits > packs[base].price_minor * p.credits
            for p in packs
            if p != packs[base]
        )
    )
    size = packs[base].credits
    near_end = triple(tables.best(need + 10**6 * size))
    far = triple(tables.best(need + (10**6 + times) * size))
    assert far[0] == near_end[0] + times * packs[base].price_minor
    assert far[1] == near_end[1] + times * size


def test_r12_prices_as_high_as_a_request_may_name() -> None:
    """No figure leaves 64 bits unnoticed: the same covers as with the differences alone."""
    random = Random("dear")
    for _ in range(100):
        sizes = sorted(random.sample(range(1, 80), 5))
        prices = [MAX_MINOR - 10**6 * (80 - size) - random.randint(0, 9) for size in sizes]
        packs = packs_of(*zip(sizes, prices, strict=True))
        needs = [random.randint(1, 400) for _ in range(5)]
        tables = CoverTables.build(packs)
        assert [triple(tables.best(need)) for need in needs] == list(by_exact_totals(packs, needs))


def test_r12_the_dearest_and_largest_packs_at_once() -> None:
    """A step of one credit, a pack of a million of them, both at nearly the highest price."""
    packs = packs_of((1, MAX_MINOR - 1), (STEPS_MAX, MAX_MINOR))
    assert best(packs, STEPS_MAX + 1) == (2 * MAX_MINOR - 1, STEPS_MAX + 1, (1, 1))
    assert best(packs, STEPS_MAX + 2) == (2 * MAX_MINOR, 2 * STEPS_MAX, (0, 2))
    cheap = packs_of((1, 1), (STEPS_MAX, MAX_MINOR))
    assert best(cheap, 10**12) == (10**12, 10**12, (10**12, 0))


def test_r12_what_fits_and_what_does_not() -> None:
    """The largest pack is at most a million times the common step of all, at a price that a request
    may name; what does not fit is refused when tables are asked for."""
    assert fits(packs_of((7, 1), (7 * STEPS_MAX, 1)))
    assert fits(())
    for packs in (
        packs_of((7, 1), (7 * STEPS_MAX + 7, 1)),
        packs_of((1, MAX_MINOR + 1)),
        packs_of((0, 1)),
        packs_of((1, 0)),
    ):
        assert not fits(packs)
        with pytest.raises(ValueError, match="more than 1,000,000 times the common step"):
            CoverTables.build(packs)


def test_r12_nothing_on_offer_and_nothing_needed() -> None:
    """No packs, no cover; no need, no packs."""
    assert CoverTables.build(()).best(1) is None
    assert CoverTables.build(()).nbytes == 0
    assert best(PRICE_LIST, 0) == (0, 0, (0, 0, 0))


@pytest.mark.parametrize(
    ("pairs", "need", "counts"),
    [
        (((10, 5), (20, 4), (30, 6)), 10, (0, 1, 0)),  # the cheapest, wherever it stands
        (((10, 5), (20, 5), (30, 6)), 10, (0, 1, 0)),  # price ties: most credits
        (((20, 5), (20, 5)), 10, (1, 0)),  # twins: the first
        (((10, 5), (20, 8)), 10, (1, 0)),  # exactly enough is enough
        (((10, 5), (20, 8)), 11, (0, 1)),
    ],
)
def test_r12_the_cheapest_single_pack_by_number(
    pairs: tuple[tuple[int, int], ...], need: int, counts: tuple[int, ...]
) -> None:
    """That one pack suffices for."""
    assert triple(CoverTables.build(packs_of(*pairs)).best_single(need))[2] == counts
