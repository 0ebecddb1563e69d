"""Spends of credit leases within one process: taken, reported, extended and returned over
HTTP while they are spent; the books are checked afterwards. The rival is the stated limit."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from benchmarks.figure import Figure
from benchmarks.spends.measured import tell
from benchmarks.spends.sizes import sizes
from benchmarks.spends.stage import stage
from benchmarks.spends.world import make_world
from brimful.client import Api, CreditLease

LIMIT = 1_000_000.0
BLOCK = 10_000_000
TTL_S = 60
# A platform looks at its clock now and then; between two looks it spends so often.
SPENDS_BETWEEN = 10_000
REPORTS_EVERY_S = 1.0


@dataclass(slots=True)
class Spent:
    """What came of a run: spends of one credit, over which time, with so many leases and reports."""

    spends: int = 0
    seconds: float = 0.0
    leases: int = 0
    reports: int = 0


def spend_for(api: Api, account: str, seconds: float, block: int = BLOCK) -> Spent:
    """Spend leases one after the other for so long, one credit a call; what is sent to the server
    counts in the time."""
    spent = Spent()
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        with CreditLease.take(api, account, block, ttl_s=TTL_S) as lease:
            spent.leases += 1
            reported_at = time.perf_counter()
            while _some(lease.spend) and (now := time.perf_counter()) - began < seconds:
                if now - reported_at >= REPORTS_EVERY_S:
                    lease.extend(TTL_S)
                    spent.reports += 1
                    reported_at = now
        spent.spends += lease.spent
    spent.seconds = time.perf_counter() - began
    return spent


def _some(spend: Callable[[int], bool]) -> bool:
    """Spend a few times; False when the lease has no more."""
    for _ in range(SPENDS_BETWEEN):  # noqa: SIM110, a generator would be measured as well
        if not spend(1):
            return False
    return True


def run() -> list[Figure]:
    """Spends a second in one process."""
    return asyncio.run(_run())


async def _run() -> list[Figure]:
    chosen = sizes()
    async with stage(chosen) as at:
        async with at.engine() as engine:
            world, _ = await make_world(at, engine, 1)
        async with at.serving(1) as (addresses, _):
            api = Api(url=f"http://{addresses[0]}", key=world.key)
            await at.calm()
            # Nothing else is to be done in this process meanwhile.
            spent = spend_for(api, world.hot, chosen.seconds)
        await at.check_books()
        charged = await at.connection.fetchval("select sum(captured)::bigint from credit_hold")
    if charged != spent.spends:
        raise SystemExit(f"{spent.spends} credits were spent and {charged} charged")
    figure = Figure(
        name="lease_spend",
        value=spent.spends / spent.seconds,
        unit="spends/s",
        rival="limit",
        rival_value=LIMIT,
        more_is_better=True,
        details=asdict(spent),
    )
    return [tell(figure)]
