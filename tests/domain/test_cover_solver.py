"""R12: covers of larger catalogues agree with an integer-programming solver."""

from random import Random

import pytest

from brimful.domain.cover import CoverTables, near
from tests.domain.cover_oracle import Solver, large_catalogue, small_catalogue, triple


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("near_max", [0, near.NEAR_MAX], ids=["searched", "as-it-is"])
def test_r12_the_price_is_what_the_solver_proves(
    part: int, near_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to 20 packs of up to a million credits, needs up to a million, no gap."""
    monkeypatch.setattr(near, "NEAR_MAX", near_max)
    random = Random(f"price {part}")
    for _ in range(5):
        packs = large_catalogue(random)
        tables = CoverTables.build(packs)
        for _ in range(8):
            need = int(10 ** random.uniform(0, 6))
            found = triple(tables.best(need))
            assert found[0] == Solver(packs, need).price(), (packs, need)


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("near_max", [0, near.NEAR_MAX], ids=["searched", "as-it-is"])
def test_r12_all_ties_are_broken_as_the_solver_breaks_them(
    part: int, near_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Price, then credits, then packs, then each count in catalogue order, one after the other."""
    monkeypatch.setattr(near, "NEAR_MAX", near_max)
    random = Random(f"ties {part}")
    for _ in range(20):
        packs = small_catalogue(random)
        need = int(10 ** random.uniform(0, 4))
        found = triple(CoverTables.build(packs).best(need))
        assert found == Solver(packs, need).cover(), (packs, need)
