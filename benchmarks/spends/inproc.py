"""Spends within one Python process: an engine of its own, and batches that are spent by its use case."""

import asyncio
import time
from dataclasses import replace

import uvloop

from benchmarks.spends.asking import Drawn
from benchmarks.spends.batches import Spend, in_process
from benchmarks.spends.plan import Plan, Record, Tally, mark, read_plan
from brimful.runtime import calm_collector, engine_of
from brimful.settings import Settings


async def _spend(plan: Plan, spend: Spend, record: Record, number: int, begins: float) -> None:
    drawn = Drawn(replace(plan, seed=plan.seed + number))
    until = begins + plan.seconds
    while (asked_at := time.perf_counter()) < until:
        tally = Tally()
        await spend(drawn.batch(), tally)
        now = time.perf_counter()
        (record.measured if begins <= now < until else record.beside).add(tally)
        if asked_at >= begins:
            record.latencies.append(now - asked_at)
            record.late.append(0.0)


async def _run() -> None:
    plan, record = read_plan(), Record()
    settings = Settings(testbank_url=plan.bank_url)
    async with engine_of(settings, plan.dsn) as engine:
        spend = await in_process(engine)
        # As whoever serves does.
        calm_collector()
        begins = time.perf_counter() + plan.warm_up_s
        await asyncio.gather(
            mark(begins, begins + plan.seconds),
            *(_spend(plan, spend, record, one, begins) for one in range(plan.connections)),
        )
    record.say_outcome(plan.seconds)


if __name__ == "__main__":
    uvloop.run(_run())
