"""A soak: many connections at 80 per cent of full load, for minutes. Only run by name."""

import asyncio
import sys
import time

import numpy as np

from benchmarks.figure import Figure
from benchmarks.spends.load import GENERATOR, Load
from benchmarks.spends.measured import Measured, measure, tell
from benchmarks.spends.meters import Meter
from benchmarks.spends.sizes import sizes
from benchmarks.spends.stage import stage
from benchmarks.spends.world import make_world

PART_OF_FULL = 0.8
# So often memory is read.
EVERY_S = 5.0


def run() -> list[Figure]:
    """Errors, latency, and how memory grows; the books are audited at the end."""
    return asyncio.run(_run())


async def _run() -> list[Figure]:
    chosen = sizes()
    async with stage(chosen) as at:
        async with at.engine() as engine:
            world, _ = await make_world(at, engine, chosen.accounts)
        async with at.serving(chosen.servers) as (addresses, meter):
            load = Load(stage=at, sizes=chosen, addresses=addresses, key=world.key, meter=meter)
            connections = chosen.soak_connections
            full = await load.run(load.plan(world.many, connections=connections))
            seconds = chosen.soak_minutes * 60
            plan = load.plan(
                world.many,
                seed=1,
                rate=PART_OF_FULL * full.per_second,
                connections=connections,
                seconds=seconds,
            )
            await at.calm()
            memory = Memory(meter)
            soaked = await measure(
                GENERATOR, plan, meter, "generator", lambda: memory.watch(seconds)
            )
        await at.check_books()
        return [tell(one) for one in _figures(full, soaked, memory)]


class Memory:
    """What processes occupy, read again and again."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._read: list[tuple[float, dict[str, float]]] = []

    async def watch(self, seconds: float) -> None:
        """Read for so long."""
        began = time.monotonic()
        while (left_s := began + seconds - time.monotonic()) > 0:
            await asyncio.sleep(min(EVERY_S, left_s))
            minute = (time.monotonic() - began) / 60
            self._read.append((minute, self._meter.memory_mib()))
            print(f"after {minute:.1f} min: {self._read[-1][1]} MiB", file=sys.stderr, flush=True)

    def per_minute(self, name: str) -> float:
        """MiB a minute by which a process grows, over the second half of the readings."""
        late = self._read[len(self._read) // 2 :]
        if len(late) < 2:
            return float("nan")
        slope, _ = np.polyfit([at for at, _ in late], [used[name] for _, used in late], 1)
        return float(slope)

    def details(self) -> list[dict[str, float]]:
        """Every reading."""
        return [{"minute": round(minute, 2), **used} for minute, used in self._read]


def _figures(full: Measured, soaked: Measured, memory: Memory) -> list[Figure]:
    errors = sum(soaked.outcome.failed.values())
    details = {**soaked.details(), "full_load": full.details(), "memory": memory.details()}
    kept = {"rival": "", "rival_value": None}
    return [
        Figure(name="soak_errors", value=errors, unit="requests", details=details, **kept),  # type: ignore[arg-type]
        Figure(name="soak_p99_ms", value=soaked.outcome.p99_ms, unit="ms", **kept),  # type: ignore[arg-type]
        *(
            Figure(
                name=f"soak_growth_{name}",
                value=memory.per_minute(name),
                unit="MiB/min",
                rival="",
                rival_value=None,
            )
            for name in ("server", "postgres")
        ),
    ]
