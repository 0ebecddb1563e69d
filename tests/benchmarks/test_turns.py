"""Two that are compared take turns (the benchmark of a ledger that grows)."""

from benchmarks.spends.growth import TURNS, in_turns


async def test_each_is_first_as_often_as_the_other_and_asked_the_same() -> None:
    """A machine that gets slower is slower for both."""
    order: list[str] = []

    async def few(seed: int) -> tuple[str, int]:
        order.append("few")
        return "few", seed

    async def many(seed: int) -> tuple[str, int]:
        order.append("many")
        return "many", seed

    ones, others = await in_turns(few, many)
    assert order == ["few", "many", "many", "few"] * (TURNS // 2)
    assert ones == [("few", seed) for seed in range(TURNS)]
    assert others == [("many", seed) for seed in range(TURNS)]
