"""R12: what the tables of a cover are made of, by number: packs that matter, their measure, the circles."""

from itertools import pairwise

import numpy as np
import pytest

from brimful.domain.cover import CoverTables
from brimful.domain.cover.circle import circles
from brimful.domain.cover.measure import Bundle, Table, measure_of
from brimful.domain.cover.packs import Slim, slim
from brimful.domain.cover.relax import relax
from tests.domain.cover_oracle import packs_of


@pytest.mark.parametrize(
    ("pairs", "kept"),
    [
        (((10, 5), (6, 5)), (0,)),  # less for the same
        (((6, 5), (10, 5)), (1,)),
        (((10, 5), (10, 6)), (0,)),  # the same for more
        (((10, 6), (10, 5)), (1,)),
        (((10, 5), (10, 5)), (0,)),  # twins: the first
        (((10, 5), (6, 4), (20, 9)), (0, 1, 2)),
    ],
)
def test_r12_a_pack_that_another_beats_is_left_out(
    pairs: tuple[tuple[int, int], ...], kept: tuple[int, ...]
) -> None:
    """Before any table is made, which would only be larger for it."""
    assert slim(packs_of(*pairs)).index == kept


def test_r12_sizes_are_counted_in_steps_and_prices_in_their_common_coin() -> None:
    """The base is the best value, the larger one at a tie."""
    found = slim(packs_of((500, 60), (1_000, 100), (2_000, 200)))
    assert found == Slim(sizes=(1, 2, 4), prices=(3, 5, 10), index=(0, 1, 2), unit=500, base=2)


def test_r12_packs_are_decided_by_value_the_dearest_last() -> None:
    """What ten credits for 99 would cost is the scale: 11 for 109 and 1 for 10 both cost 1 more, so the
    small one is dearer for its size; of two of one value the larger comes first."""
    measure = measure_of(slim(packs_of((10, 99), (1, 10), (11, 109))))
    large, small = Bundle(0, 1, 11, 1, 0), Bundle(1, 1, 1, 1, 10)
    assert (measure.base, measure.size, measure.price, measure.largest) == (0, 10, 99, 11)
    assert (measure.loose, measure.singles, measure.bundles) == (
        (2, 1),
        (large, small),
        (large, small),
    )
    assert measure_of(slim(packs_of((100, 999), (3, 30), (5, 50)))).loose == (2, 1)


def test_r12_a_number_of_packs_is_decided_in_digits_the_greatest_first() -> None:
    """Fewer than 1,000 of one are in any best cover, so 32 times and once; twice 32 is no bundle."""
    measure = measure_of(slim(packs_of((1_000, 9_999), (1, 10), (1_001, 10_009))))
    assert [(b.pack, b.times, b.size, b.cost, b.tie) for b in measure.bundles] == [
        (0, 32, 32_032, 32, 0),
        (0, 1, 1_001, 1, 0),
        (1, 32, 32, 32, 32_000),
        (1, 1, 1, 1, 1_000),
    ]
    assert [measure.whole(stage) for stage in range(5)] == [True, False, True, False, True]
    alone = measure_of(slim(packs_of((1_000, 9_999), (1, 10))))
    assert [alone.whole(stage) for stage in range(3)] == [True, False, True]


def test_r12_circles_are_kept_for_the_first_eight_packs_and_every_third() -> None:
    """In the place of another stands the one before it."""
    measure = measure_of(slim(packs_of((31, 600), *((size, 20 * size) for size in range(3, 19)))))
    tables = circles(measure)
    assert len(tables) == len(measure.bundles) + 1 == 17
    kept = [stage for stage in range(1, 17) if tables[stage] is not tables[stage - 1]]
    assert kept == [1, 2, 3, 4, 5, 6, 7, 9, 12, 15, 16]
    for wider, table in pairwise(tables):
        assert (wider.cost <= table.cost).all()


@pytest.mark.parametrize(
    ("pairs", "same"),
    [
        # Between the bundles of one pack a circle is kept only if it costs no more than the base.
        (((1_000, 9_999), (1, 10), (1_001, 10_009)), [True, False, True, False]),
        (((1_000, 10_000), (1, 10)), [False, False]),
        (((10, 99), (19, 200)), [True]),  # a pack that improves nothing adds no table
    ],
)
def test_r12_circles_that_bound_nothing_more_take_no_memory(
    pairs: tuple[tuple[int, int], ...], same: list[bool]
) -> None:
    """Which circles are the one before."""
    tables = circles(measure_of(slim(packs_of(*pairs))))
    assert [one is other for one, other in pairwise(tables)] == same


def test_r12_without_packs_there_is_no_single_pack() -> None:
    """Nor any other cover."""
    nothing = CoverTables.build(())
    assert (nothing.packs, nothing.best_single(1), nothing.best(1)) == ((), None, None)


@pytest.mark.parametrize(
    ("cost", "tie", "better"),
    [(2, 1, False), (3, 0, False), (2, 2, False), (2, 0, True), (1, 9, True)],
)
def test_r12_a_cover_is_replaced_by_a_better_one_only(cost: int, tie: int, better: bool) -> None:
    """At 5 with a tie of 2, by packs of this cost and tie beside a cover at 3 with a tie of 1."""
    have = Table(np.array([5], dtype=np.int64), np.array([2], dtype=np.int64))
    source = Table(np.array([3], dtype=np.int64), np.array([1], dtype=np.int64))
    assert relax(have, source, cost, tie) is better
    now = (int(have.cost[0]), int(have.tie[0]))
    assert now == ((3 + cost, 1 + tie) if better else (5, 2))
