"""R12: tables of covers are kept by number and by memory, the last used longest."""

import pytest

from brimful.domain.cover import CoverTables, Pack
from brimful.usecases import context
from brimful.usecases.context import CoverCache, CoversNotReady


def catalogue(credits: int) -> tuple[Pack, ...]:
    """A pack and one of a step more, so that its table has as many entries as the pack has steps."""
    return (
        Pack(package_id="a", credits=credits, price_minor=credits),
        Pack(package_id="b", credits=credits + 1, price_minor=credits + 2),
    )


def kept(cache: CoverCache, packs: tuple[Pack, ...]) -> bool:
    """Whether the tables of some packs are there."""
    try:
        return cache.of(packs) is not None
    except CoversNotReady:
        return False


async def test_r12_tables_are_evicted_by_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for two: the one used least lately goes; one larger than the room stays alone."""
    first, second, third, large = (catalogue(credits) for credits in (1_000, 1_001, 1_002, 9_000))
    each = CoverTables.build(third).nbytes
    monkeypatch.setattr(context, "_TABLES_BYTES", 2 * each)
    cache = CoverCache()
    await cache.warm(first)
    await cache.warm(second)
    assert kept(cache, first)
    await cache.warm(third)
    assert [kept(cache, packs) for packs in (first, second, third)] == [True, False, True]
    await cache.warm(large)
    assert [kept(cache, packs) for packs in (first, third, large)] == [False, False, True]


async def test_r12_tables_are_evicted_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """However small."""
    monkeypatch.setattr(context, "_TABLES_KEPT", 2)
    cache = CoverCache()
    for credits in (10, 20, 30):
        await cache.warm(catalogue(credits))
    assert [kept(cache, catalogue(credits)) for credits in (10, 20, 30)] == [False, True, True]
