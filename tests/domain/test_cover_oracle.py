"""R12: covers agree, ties included, with oracles that try everything."""

import os
from random import Random

import pytest

from brimful.domain.cover import CoverTables, near
from tests.domain.cover_oracle import by_exact_totals, by_trying_all, small_catalogue, triple

CASES = int(os.environ.get("BRIMFUL_COVER_CASES", "10000"))
PARTS = 8
NEEDS = 10


@pytest.fixture(autouse=True)
def patience(request: pytest.FixtureRequest) -> None:
    """A run of many cases takes its time."""
    request.node.add_marker(pytest.mark.timeout(3600))


@pytest.mark.parametrize("near_max", [0, 50, near.NEAR_MAX], ids=["no", "a-small", "a-full"])
@pytest.mark.parametrize("part", range(PARTS))
def test_r12_agrees_with_an_exhaustive_oracle(
    part: int, near_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A third of the cases each with no near table, a small one, and as it is: so that small needs,
    too, are found by the search."""
    monkeypatch.setattr(near, "NEAR_MAX", near_max)
    random = Random(f"cover {part} {near_max}")
    for _ in range(-(-CASES // (3 * PARTS * NEEDS))):
        packs = small_catalogue(random)
        reach = random.choice([1, 4, 12]) * max(pack.credits for pack in packs)
        needs = [random.randint(1, reach) for _ in range(NEEDS)]
        tables = CoverTables.build(packs)
        for need, expected in zip(needs, by_exact_totals(packs, needs), strict=True):
            assert triple(tables.best(need)) == expected, (packs, need)


def test_r12_the_oracle_itself_agrees_with_trying_every_combination() -> None:
    """Two oracles, written apart."""
    random = Random("oracles")
    for _ in range(300):
        packs = small_catalogue(random)[:4]
        need = random.randint(1, 3 * max(pack.credits for pack in packs))
        most = 1
        for pack in packs:
            most *= -(-need // pack.credits) + 1
        if most < 20_000:
            expected = by_trying_all(packs, need)
            assert [expected] == list(by_exact_totals(packs, [need])), (packs, need)
            assert triple(CoverTables.build(packs).best(need)) == expected, (packs, need)
