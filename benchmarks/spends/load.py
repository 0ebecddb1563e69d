"""Load over HTTP on a world: at full speed, then at half of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from benchmarks.spends.measured import Measured, measure
from benchmarks.spends.meters import Meter
from benchmarks.spends.plan import Plan
from benchmarks.spends.sizes import Sizes
from benchmarks.spends.stage import Stage

GENERATOR = "benchmarks.spends.generator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Where it goes and with whose key."""

    stage: Stage
    sizes: Sizes
    addresses: list[str]
    key: str
    meter: Meter

    def plan(
        self, accounts: list[str], *, rate: float | None = None, seed: int = 0, **other: object
    ) -> Plan:
        """A plan of the usual sizes; requests of another ``seed`` are others."""
        usual = {
            "seconds": self.sizes.seconds,
            "warm_up_s": self.sizes.warm_up_s,
            "connections": self.sizes.connections,
        }
        return Plan(
            **{**usual, **other},  # type: ignore[arg-type]
            seed=self.sizes.seed + seed,
            rate=rate,
            addresses=self.addresses,
            key=self.key,
            accounts=accounts,
        )

    async def run(
        self, plan: Plan, during: Callable[[], Awaitable[None]] | None = None
    ) -> Measured:
        """One run, from a calm database, with ``during`` beside it. Raises SystemExit when answers
        were not as expected."""
        await self.stage.calm()
        measured = await measure(GENERATOR, plan, self.meter, "generator", during)
        return answered(measured)

    async def go_on(self, plan: Plan) -> Measured:
        """One run from where the last one has left the database."""
        return answered(await measure(GENERATOR, plan, self.meter, "generator"))

    async def full_and_half(self, accounts: list[str], seed: int) -> tuple[Measured, Measured]:
        """As many as are answered, then half as many at an even pace."""
        full = await self.run(self.plan(accounts, seed=seed))
        half = await self.run(self.plan(accounts, rate=full.per_second / 2, seed=seed + 1))
        return full, half


def answered(measured: Measured) -> Measured:
    """The same. Raises SystemExit when answers were not as expected, or none came in time."""
    if measured.outcome.failed:
        raise SystemExit(f"unexpected answers: {dict(measured.outcome.failed)}")
    if not measured.per_second:
        raise SystemExit("nothing was answered in the measured part: see BRIMFUL_BENCH_SECONDS")
    return measured
