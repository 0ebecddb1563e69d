"""One measured run of a load in a process of its own, with what it cost."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure
from benchmarks.spends.meters import Meter, Reading
from benchmarks.spends.plan import BEGINS, ENDS, Outcome, Plan, outcome_of

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An outcome, and its cost over the measured part: CPU seconds and memory by process."""

    outcome: Outcome
    used: Reading
    memory_mib: Mapping[str, float]

    @property
    def per_second(self) -> float:
        """Spends a second."""
        return self.outcome.per_second

    def details(self) -> dict[str, Any]:
        """For the figures."""
        told = asdict(self.outcome)
        spends = told["done"] + told["refused"]
        return {
            **{name: round(v, 3) if isinstance(v, float) else v for name, v in told.items()},
            "per_second": round(self.per_second, 1),
            "cpu_seconds": {name: round(used, 2) for name, used in self.used.cpu_s.items()},
            "memory_mib": dict(self.memory_mib),
            "wal_bytes_per_spend": round(self.used.wal / spends) if spends else None,
        }


def environment(**more: str) -> dict[str, str]:
    """For processes of ours: the settings of brimful are ours, not those of whoever measures."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BRIMFUL_")}
    kept.pop("DATABASE_URL", None)
    return {**kept, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", **more}


async def measure(
    module: str,
    plan: Plan,
    meter: Meter,
    name: str,
    during: Callable[[], Awaitable[None]] | None = None,
) -> Measured:
    """Run ``module`` on a plan; the meter is read when it says that the measured part begins and
    ends, and ``during`` runs meanwhile. ``name`` is what its process is called in the result. Raises
    SystemExit when it fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        cwd=ROOT, env=environment(),
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    meter = meter.beside(name, process.pid)
    try:
        process.stdin.write(json.dumps(asdict(plan)).encode())
        process.stdin.close()
        await _expect(process.stdout, BEGINS, module)
        before = await meter.read()
        beside = None if during is None else asyncio.ensure_future(during())
        await _expect(process.stdout, ENDS, module)
        used = (await meter.read()).since(before)
        memory = meter.memory_mib()
        outcome = outcome_of((await process.stdout.readline()).decode())
        await process.wait()
        if beside is not None:
            await beside
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Measured(outcome=outcome, used=used, memory_mib=memory)


async def _expect(lines: asyncio.StreamReader, word: str, module: str) -> None:
    said = (await lines.readline()).decode().strip()
    if said != word:
        raise SystemExit(f"{module} said {said!r}, not {word!r}; the lines above may say why")


def tell(figure: Figure) -> Figure:
    """Say a figure as soon as it is known, for whoever waits for the whole; returns it."""
    rival = "" if figure.rival_value is None else f"; {figure.rival}: {figure.rival_value:,.3f}"
    print(f"{figure.name}: {figure.value:,.3f} {figure.unit}{rival}", file=sys.stderr, flush=True)
    return figure
