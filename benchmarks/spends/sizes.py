"""How large a measurement of spends is: the usual sizes, small ones, or those of the environment."""

import os
from dataclasses import dataclass, fields, replace
from typing import Any

PREFIX = "BRIMFUL_BENCH_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Each is set by ``BRIMFUL_BENCH_<NAME>``; small ones show that a benchmark works, no more."""

    # Of each measured run, after a warm-up.
    seconds: float = 20.0
    warm_up_s: float = 3.0
    # Of the load generator, and of a rival.
    connections: int = 256
    rival_connections: int = 16
    # Processes that serve the API.
    servers: int = 1
    # Over so many accounts spends are spread.
    accounts: int = 10_000
    # Of these, in one call of the batch endpoint; so many calls at once.
    batch: int = 4_000
    batches_at_once: int = 4
    # What the ledger grows to.
    entries: int = 20_000_000
    # Resumed spends of each depth, and spends per second on other accounts meanwhile.
    resumes: int = 300
    background: int = 1_000
    soak_minutes: float = 10.0
    soak_connections: int = 1_000
    # Server settings of PostgreSQL, each name=value, apart by blanks.
    postgres: str = ""
    seed: int = 5

    def text(self) -> str:
        """All of them on one line."""
        return ", ".join(f"{one.name} {getattr(self, one.name)!r}" for one in fields(self))


_SHORT = Sizes(
    seconds=2.0, warm_up_s=0.5, connections=16, accounts=200, batch=200, entries=100_000,
    resumes=10, background=50, soak_minutes=0.2, soak_connections=50,
)  # fmt: skip


def sizes() -> Sizes:
    """Those in force: the environment's word over the small ones (``BRIMFUL_BENCH_SHORT``), and those
    over the usual. Raises SystemExit for a word that is none."""
    chosen = _SHORT if os.environ.get(f"{PREFIX}SHORT") else Sizes()
    given: dict[str, Any] = {}
    for one in fields(Sizes):
        text = os.environ.get(f"{PREFIX}{one.name.upper()}")
        if text is None:
            continue
        try:
            given[one.name] = type(getattr(chosen, one.name))(text)
        except ValueError:
            raise SystemExit(f"{PREFIX}{one.name.upper()} takes a number, not {text!r}") from None
    return replace(chosen, **given)
