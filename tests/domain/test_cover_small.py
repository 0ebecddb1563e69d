"""R12: every limit of the tables and of the search made so small that small catalogues reach it.

How many nodes are treated at a time, in which digits a number of packs is decided, where the near
table ends and how long a chunk is are choices of speed: the covers are the same with any of them.
"""

from random import Random
from types import ModuleType

import pytest

from brimful.domain.cover import CoverTables, circle, measure, near, relax, search
from tests.domain.cover_oracle import by_exact_totals, packs_of, small_catalogue, triple


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
