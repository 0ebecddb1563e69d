"""The rival from C: pgbench that calls its function, prepared, from as many connections."""

import asyncio
import re
import resource
import shutil
from array import array
from pathlib import Path

from benchmarks.spends.measured import Measured
from benchmarks.spends.meters import Meter, Reading
from benchmarks.spends.plan import Outcome, Plan, quantile_ms
from benchmarks.spends.rival_schema import TENANT
from brimful.db.embedded import binaries

THREADS = 2
# Latency of one in so many is written down, which costs nothing that could be measured.
SAMPLED = 0.1
_SCRIPT = """\
\\set account random(1, {accounts})
\\set key random(1, 4611686018427387904)
select * from rival.spend_v1('{tenant}', lpad(to_hex(:account::bigint), 32, '0')::uuid, 'k' || to_hex(:key::bigint), \
'\\x{hash}'::bytea, 1);
"""


def pgbench() -> Path | None:
    """The program: of the embedded PostgreSQL, or of this machine."""
    ours = binaries() / "pgbench"
    found = str(ours) if ours.exists() else shutil.which("pgbench")
    return None if found is None else Path(found)


async def measure_pgbench(plan: Plan, meter: Meter, folder: Path) -> Measured | None:
    """Run it on the first ``len(plan.accounts)`` accounts; None where there is no pgbench. Raises
    SystemExit when it fails."""
    program = pgbench()
    if program is None:
        return None
    script = folder / "rival.sql"
    many = len(plan.accounts)
    script.write_text(_SCRIPT.format(accounts=many, tenant=TENANT, hash="00" * 32))
    words = [
        str(program), "-n", "-M", "prepared", "-c", str(plan.connections), "-j", str(THREADS),
        "-f", str(script),
    ]  # fmt: skip
    # Other keys than those of the measured part: what is replayed is less work.
    await _run([*words, "--random-seed", str(plan.seed + 1)], plan.warm_up_s, plan.dsn)
    words += [
        "--random-seed", str(plan.seed), "-l", "--log-prefix", str(folder / "rival"),
        "--sampling-rate", str(SAMPLED),
    ]  # fmt: skip
    before, cpu_s = await meter.read(), _ended_cpu_s()
    said = await _run(words, plan.seconds, plan.dsn)
    used = (await meter.read()).since(before)
    used = Reading({**used.cpu_s, "pgbench": _ended_cpu_s() - cpu_s}, used.wal)
    latencies = _latencies(folder)
    done, per_second = _number(r"actually processed: (\d+)", said), _number(r"tps = ([\d.]+)", said)
    failed = int(_number(r"failed transactions: (\d+)", said))
    outcome = Outcome(
        seconds=done / per_second,
        done=int(done),
        refused=0,
        failed={"failed": failed} if failed else {},
        p50_ms=quantile_ms(latencies, 50),
        p99_ms=quantile_ms(latencies, 99),
        max_ms=quantile_ms(latencies, 100),
        late_ms_p99=0.0,
    )
    return Measured(outcome=outcome, used=used, memory_mib=meter.memory_mib())


async def _run(words: list[str], seconds: float, dsn: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *words, "-T", str(max(1, round(seconds))), dsn,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={"PGOPTIONS": "-c synchronous_commit=on"},
    )  # fmt: skip
    said, complained = await process.communicate()
    if process.returncode != 0:
        raise SystemExit(f"pgbench failed: {complained.decode().strip()[:500]}")
    return said.decode()


def _ended_cpu_s() -> float:
    """CPU seconds of the children of this process that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def _number(pattern: str, said: str) -> float:
    found = re.search(pattern, said)
    if found is None:
        raise SystemExit(f"pgbench said nothing like {pattern!r}: {said[-500:]}")
    return float(found[1])


def _latencies(folder: Path) -> "array[float]":
    """In seconds, from the log of each thread, which then goes."""
    latencies = array("d")
    for log in folder.glob("rival.[0-9]*"):
        latencies.extend(int(line.split()[2]) / 1e6 for line in log.read_text().splitlines())
        log.unlink()
    return latencies
