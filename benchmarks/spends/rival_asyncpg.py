"""The rival from Python, a process of its own: connections that each call its function for one spend
after the other, by a prepared statement."""

import asyncio
import time
from random import Random
from uuid import UUID

import asyncpg
import uvloop

from benchmarks.spends.plan import Plan, Record, mark, read_plan
from benchmarks.spends.rival_schema import TENANT

CALL = "select * from rival.spend_v1($1, $2, $3, $4, $5)"
HASH = bytes(32)


async def _spend(plan: Plan, record: Record, number: int, begins: float) -> None:
    connection = await asyncpg.connect(plan.dsn, server_settings={"synchronous_commit": "on"})
    call = await connection.prepare(CALL)
    random, accounts = Random(plan.seed + number), [UUID(one) for one in plan.accounts]
    until = begins + plan.seconds
    while (asked_at := time.perf_counter()) < until:
        key = f"k{random.getrandbits(64):016x}"
        row = await call.fetchrow(TENANT, random.choice(accounts), key, HASH, 1)
        now = time.perf_counter()
        tally = record.measured if begins <= now < until else record.beside
        if row is not None and row["outcome"] == "done":
            tally.done += 1
        else:
            tally.failed["not done"] += 1
        if asked_at >= begins:
            record.latencies.append(now - asked_at)
            record.late.append(0.0)
    await connection.close()


async def _run() -> None:
    plan, record = read_plan(), Record()
    begins = time.perf_counter() + plan.warm_up_s
    await asyncio.gather(
        mark(begins, begins + plan.seconds),
        *(_spend(plan, record, one, begins) for one in range(plan.connections)),
    )
    record.say_outcome(plan.seconds)


if __name__ == "__main__":
    uvloop.run(_run())
