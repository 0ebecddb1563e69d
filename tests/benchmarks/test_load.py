"""What the benchmarks ask is what the API takes, and what they set up does what it is for."""

import itertools
import time

from benchmarks.spends.asking import Batches, Drawn, OneByOne
from benchmarks.spends.batches import in_process
from benchmarks.spends.generator import Generator
from benchmarks.spends.plan import Plan, Tally
from benchmarks.spends.shorts import ACCOUNTS, PACK, make_shorts

from brimful.usecases.answers import SpendDone
from tests.builders.http import acc, key_for, serving_api
from tests.builders.world import World


class Turns:
    """Due at once, so many times; then the time is over."""

    def __init__(self, many: int) -> None:
        self._due = itertools.chain(itertools.repeat(None, many), ())

    def next_at(self, now: float) -> float:
        """Now, or never."""
        return now if next(self._due, "over") is None else float("inf")


async def stocked(world: World) -> None:
    """Two accounts with credits, one without."""
    await world.open("Agency", sells=True)
    await world.stock("Agency", credits=10_000)
    for name in ("One", "Two", "Poor"):
        await world.open(name, "Agency")
    for name in ("One", "Two"):
        await world.stock(name, credits=1_000)


async def test_spends_of_the_generator_are_debited(world: World) -> None:
    """Over HTTP with the platform's key, on both accounts, each once."""
    await stocked(world)
    async with serving_api(world, with_worker=False) as url:
        plan = Plan(
            seconds=10,
            warm_up_s=0,
            connections=3,
            seed=1,
            addresses=[url.removeprefix("http://")],
            key=await key_for(world, None),
            accounts=[acc(world, "One"), acc(world, "Two")],
        )
        generator = Generator(plan, OneByOne(plan), Turns(20), time.perf_counter())
        await generator.run()
    assert (generator.record.measured.done, dict(generator.record.measured.failed)) == (20, {})
    free = [(await world.credits(name)).free for name in ("One", "Two")]
    assert sum(free) == 2_000 - 20 and max(free) < 1_000


async def test_a_batch_in_process_has_refusals_and_keys_that_come_again(world: World) -> None:
    """Every spend is answered; a key that came twice is debited once."""
    await stocked(world)
    plan = Plan(
        seconds=1,
        warm_up_s=0,
        connections=1,
        seed=3,
        accounts=[acc(world, "One"), acc(world, "Two")],
        poor=[acc(world, "Poor")],
        batch=150,
    )
    drawn, tally = Drawn(plan).batch(), Tally()
    await (await in_process(world.engine))(drawn, tally)
    keys = {one.key for one in drawn}
    poor = {one.key for one in drawn if one.account == acc(world, "Poor")}
    assert tally.done + tally.refused == 150 and not tally.failed
    assert tally.refused == len(poor) > 0 and len(keys) < 150
    used = sum([(await world.credits(name)).used for name in ("One", "Two")])
    assert used == len(keys) - len(poor)


def test_a_batch_that_fails_fails_whole() -> None:
    """All of its spends count as failed."""
    plan = Plan(
        seconds=1, warm_up_s=0, connections=1, seed=1, addresses=["here:1"], path="/", batch=7,
        accounts=["acc_1"],
    )  # fmt: skip
    tally = Tally()
    Batches(plan).count(tally, 503, b"")
    assert (tally.done, tally.failed) == (0, {"503": 7})


async def test_each_short_spend_buys_one_pack_at_each_level(world: World) -> None:
    """Twice the same account, at both depths: stock is short again each time."""
    shorts = await make_shorts(world)
    assert len(shorts.one_level) == len(shorts.cascade) == ACCOUNTS
    for name, levels in (("Stocked buyer 0", 1), ("Empty buyer 0", 2)):
        for _ in range(2):
            before = len(world.taken())
            assert isinstance(await world.spend(name, PACK), SpendDone)
            assert len(world.taken()) == before + levels
            await world.settle()
