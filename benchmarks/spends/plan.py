"""What a process that makes load is told, and what it answers: JSON over its pipes."""

import asyncio
import json
import math
import sys
import time
from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

# Said on standard output when the measured part begins and when it is over.
BEGINS, ENDS = "begins", "ends"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A measured run. ``rate`` requests a second, or as many as are answered (None). Of the other
    fields each kind of load uses what it needs."""

    seconds: float
    warm_up_s: float
    connections: int
    seed: int
    rate: float | None = None
    # Over HTTP.
    addresses: list[str] = field(default_factory=list)
    key: str = ""
    # Ids as the API shows them, or as the rival keeps them.
    accounts: list[str] = field(default_factory=list)
    # In batches: where they are posted to, how many spends each has, and accounts without credits.
    path: str = ""
    batch: int = 1
    poor: list[str] = field(default_factory=list)
    # Within a process, or by a rival.
    dsn: str = ""
    bank_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it. Rates and counts are of the measured part; latency is per request, in
    milliseconds from when it was due. ``late_ms_p99`` is the generator's own share of that: how much
    later it sent on a connection that was free. ``failed`` counts, over the whole run, what was not
    answered as expected."""

    seconds: float
    done: int
    refused: int
    failed: Mapping[str, int]
    p50_ms: float
    p99_ms: float
    max_ms: float
    late_ms_p99: float

    @property
    def per_second(self) -> float:
        """Spends a second that were decided: debited, answered by their key, or refused."""
        return (self.done + self.refused) / self.seconds


@dataclass(slots=True)
class Tally:
    """Counts what the replies say: spends debited, spends refused, and what should not be."""

    done: int = 0
    refused: int = 0
    failed: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        """Count what another counted."""
        self.done += other.done
        self.refused += other.refused
        self.failed += other.failed


def read_plan() -> Plan:
    """The plan, from standard input to its end."""
    told: dict[str, Any] = json.load(sys.stdin)
    return Plan(**told)


def say(line: str) -> None:
    """A line for whoever started this process."""
    print(line, flush=True)


@dataclass(slots=True)
class Record:
    """What happened in a run: answers that came in its measured part and before or after, and of the
    requests due in that part how long each took and how late it was sent, in seconds."""

    measured: Tally = field(default_factory=Tally)
    beside: Tally = field(default_factory=Tally)
    latencies: "array[float]" = field(default_factory=lambda: array("d"))
    late: "array[float]" = field(default_factory=lambda: array("d"))

    def say_outcome(self, seconds: float) -> None:
        """The outcome of a measured part of so many seconds, as the last line."""
        outcome = Outcome(
            seconds=seconds,
            done=self.measured.done,
            refused=self.measured.refused,
            failed=self.measured.failed + self.beside.failed,
            p50_ms=quantile_ms(self.latencies, 50),
            p99_ms=quantile_ms(self.latencies, 99),
            max_ms=quantile_ms(self.latencies, 100),
            late_ms_p99=quantile_ms(self.late, 99),
        )
        say(json.dumps(asdict(outcome)))


async def mark(begins: float, ends: float) -> None:
    """Say when the measured part begins and ends, in seconds of ``time.perf_counter``."""
    for at, word in ((begins, BEGINS), (ends, ENDS)):
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        say(word)


def quantile_ms(seconds: "array[float] | list[float]", percent: float) -> float:
    """Not a number when nothing was measured."""
    return float(np.percentile(seconds, percent)) * 1000 if len(seconds) else math.nan


def outcome_of(line: str) -> Outcome:
    """What another process said. Raises SystemExit when it is no outcome."""
    try:
        told = json.loads(line)
        return Outcome(**{one.name: told[one.name] for one in fields(Outcome)})
    except (ValueError, KeyError, TypeError):
        raise SystemExit(f"the load generator said no outcome, but: {line[:200]!r}") from None
