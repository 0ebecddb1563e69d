"""The rival of a spend: one SQL call each, from Python or from pgbench, whichever is faster."""

from dataclasses import dataclass

from benchmarks.spends.measured import Measured, measure
from benchmarks.spends.meters import Meter
from benchmarks.spends.plan import Plan
from benchmarks.spends.rival_pgbench import measure_pgbench
from benchmarks.spends.rival_schema import make_rival
from benchmarks.spends.sizes import Sizes
from benchmarks.spends.stage import Stage

NAME = "one SQL call a spend"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """Its better run, how it was driven, and both runs by that name."""

    best: Measured
    by: str
    runs: dict[str, Measured]

    @property
    def name(self) -> str:
        """For the figures."""
        return f"{NAME}, {self.by}"


class Rivals:
    """Its tables on a stage."""

    def __init__(self, stage: Stage, sizes: Sizes, accounts: list[str], meter: Meter) -> None:
        self._stage, self._sizes = stage, sizes
        self._accounts, self._meter = accounts, meter

    async def measure(self, *, hot: bool) -> Rival:
        """On one account, or spread over all of them."""
        sizes = self._sizes
        plan = Plan(
            seconds=sizes.seconds,
            warm_up_s=sizes.warm_up_s,
            connections=sizes.rival_connections,
            # Keys drawn from a seed again would be the same: a rival that replays does less work.
            seed=sizes.seed + (100 if hot else 200),
            accounts=self._accounts[:1] if hot else self._accounts,
            dsn=self._stage.dsn,
        )
        runs: dict[str, Measured] = {}
        by_asyncpg = measure("benchmarks.spends.rival_asyncpg", plan, self._meter, "asyncpg")
        by_pgbench = measure_pgbench(plan, self._meter, self._stage.folder)
        for name, run in (("asyncpg", by_asyncpg), ("pgbench", by_pgbench)):
            await self._stage.calm()
            before = await self._debited()
            measured = await run
            if measured is None:
                continue
            if await self._debited() - before < measured.outcome.done:
                raise SystemExit(f"the rival, by {name}, debited less than it says")
            runs[name] = measured
        by = max(runs, key=lambda one: runs[one].per_second)
        return Rival(best=runs[by], by=by, runs=runs)

    async def _debited(self) -> int:
        """Spends of one credit each, ever."""
        return int(await self._stage.connection.fetchval("select sum(used) from rival.balance"))


async def rivals(stage: Stage, sizes: Sizes, meter: Meter) -> Rivals:
    """Make its tables, with as many accounts as ours has."""
    return Rivals(stage, sizes, await make_rival(stage.connection, sizes.accounts), meter)
