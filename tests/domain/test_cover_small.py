"""R12: every limit of the tables and of the search made so small that small catalogues reach it.

How many nodes are treated at a time, in which digits a number of packs is decided, where the near
table ends and how long a chunk is are choices of speed: the covers are the same with any of them.
"""

from random import Random
from types import ModuleType

import pytest

from brimful.domain.cover import CoverTables, Pack, circle, measure, near, relax, search
from brimful.domain.cover.charts import Charts, build_charts
from brimful.domain.cover.measure import measure_of
from brimful.domain.cover.packs import slim
from tests.domain.cover_oracle import by_exact_totals, packs_of, small_catalogue, triple
from tests.domain.makers import PRICE_LIST


def limited(patch: pytest.MonkeyPatch, **limits: int) -> None:
    """Set each limit wherever it is read."""
    modules: tuple[ModuleType, ...] = (circle, measure, near, relax, search)
    for name, value in limits.items():
        read = [module for module in modules if hasattr(module, name)]
        assert read, name
        for module in read:
            patch.setattr(module, name, value)


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize(("batch", "digits"), [(1, 2), (3, 4)])
def test_r12_small_batches_and_digits_change_no_cover(
    batch: int, digits: int, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No near table, or one that ends soon; ties included."""
    limited(monkeypatch, BATCH=batch, DIGITS=digits)
    random = Random(f"small {part} {batch} {digits}")
    for _ in range(8):
        limited(monkeypatch, NEAR_MAX=random.choice([0, 0, 20, 80]), CHUNK=random.choice([4, 64]))
        packs = small_catalogue(random)[:5]
        needs = [random.randint(1, 2 * max(pack.credits for pack in packs)) for _ in range(8)]
        tables = CoverTables.build(packs)
        for need, expected in zip(needs, by_exact_totals(packs, needs), strict=True):
            assert triple(tables.best(need)) == expected, (packs, need)


@pytest.mark.parametrize("need", [30, 31, 32, 33, 63, 64, 991, 992, 999])
def test_r12_as_many_of_one_pack_as_a_digit_can_say(
    need: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packs of one credit are the best cover up to 999. The circle would rather give one of 1,000 back
    for each of 1,001 that is taken, so all of them are found by the search, digit by digit."""
    limited(monkeypatch, NEAR_MAX=0)
    tables = CoverTables.build(packs_of((1_000, 9_999), (1, 10), (1_001, 10_009)))
    assert triple(tables.best(need)) == (10 * need, need, (0, need, 0))


@pytest.mark.parametrize("near_max", [0, near.NEAR_MAX], ids=["searched", "as-it-is"])
def test_r12_counts_and_figures_are_whole_numbers_of_python(
    near_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither floats nor numpy's numbers, which end at 64 bits: they are multiplied by prices."""
    limited(monkeypatch, NEAR_MAX=near_max)
    cover = CoverTables.build(packs_of((1_000, 9_999), (1, 10), (1_001, 10_009))).best(33)
    assert cover is not None
    assert {type(n) for n in (cover.price_minor, cover.credits, *cover.counts)} == {int}


def charts_of(packs: tuple[Pack, ...]) -> Charts:
    """All tables of a catalogue."""
    return build_charts(measure_of(slim(packs)))


def test_r12_only_the_first_circle_is_kept_where_the_near_table_holds_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As for the price list of R15, whose tables take a kilobyte or two; not where that table is cut
    off before the last need for which the circle gives packs back."""
    owing = packs_of((10, 99), (1, 10), (11, 109))
    for packs in (PRICE_LIST, owing):
        charts = charts_of(packs)
        assert len(charts.circles) == 1
        assert CoverTables.build(packs).nbytes == charts.nbytes < 3_000
    limited(monkeypatch, NEAR_MAX=80)
    assert len(charts_of(owing).circles) > 1


@pytest.mark.parametrize("near_max", [0, near.NEAR_MAX], ids=["searched", "as-it-is"])
def test_r12_tables_hold_whole_numbers_of_64_bits(
    near_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A float rounds what is above 2^53, and a cost may come to nearly 2^57."""
    limited(monkeypatch, NEAR_MAX=near_max)
    charts = charts_of(packs_of((1_000, 9_999), (1, 10), (1_001, 10_009)))
    tables = (*charts.circles, charts.near.table)
    assert {column.dtype.name for table in tables for column in table} == {"int64"}


@pytest.mark.parametrize("part", range(3))
def test_r12_of_many_packs_some_tables_are_left_out(
    part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve to sixteen packs of nearly the same value: the tables of those that are decided late are
    not all kept, and the one in their place holds packs that were decided before."""
    random = Random(f"many {part}")
    for _ in range(4):
        limited(monkeypatch, NEAR_MAX=random.choice([0, 60]))
        sizes = random.sample(range(3, 40), random.randint(12, 16))
        packs = packs_of(*((size, size * 20 + random.randint(0, 40)) for size in sizes))
        needs = [random.randint(1, 90) for _ in range(8)]
        tables = CoverTables.build(packs)
        for need, expected in zip(needs, by_exact_totals(packs, needs), strict=True):
            assert triple(tables.best(need)) == expected, (packs, need)


def test_r12_what_leads_to_the_last_need_of_the_near_table_is_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It ends at 37: of 47, the first ten lead there, and what the circle promises for 37 is dearer than
    the cover that the search begins with."""
    limited(monkeypatch, NEAR_MAX=40)
    packs = packs_of((10, 201), (16, 322), (19, 381), (8, 165))
    assert charts_of(packs).near.limit == 37
    assert triple(CoverTables.build(packs).best(47)) == (948, 47, (2, 0, 1, 1))
