"""What a campaign found, for people and for programs."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.simulator.run import Outcome

DAY_S = 86_400


@dataclass(slots=True)
class Report:
    """The sums of all seeds seen."""

    seeds: int = 0
    seconds: float = 0.0
    statements: int = 0
    lock_waits: int = 0
    payments: int = 0
    virtual_s: float = 0.0
    levels: int = 99
    operations: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    failed: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """One seed more."""
        self.seeds += 1
        self.statements += outcome.statements
        self.lock_waits += outcome.lock_waits
        self.payments += outcome.payments
        self.virtual_s += outcome.virtual_s
        self.levels = min(self.levels, outcome.levels)
        self.operations.update(outcome.operations)
        self.faults.update(outcome.faults)
        if outcome.violations:
            self.failed.append(outcome)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "seeds": self.seeds,
            "seconds": round(self.seconds, 1),
            "seeds_per_second": round(self.seeds / self.seconds, 2) if self.seconds else 0,
            "operations": self.operations.total(),
            "operations_by_kind": dict(self.operations.most_common()),
            "faults": self.faults.total(),
            "faults_by_kind": dict(self.faults.most_common()),
            "levels_at_least": self.levels,
            "statements": self.statements,
            "lock_waits": self.lock_waits,
            "payments": self.payments,
            "virtual_days": round(self.virtual_s / DAY_S, 1),
            "violations": [
                {"seed": one.seed, "trace": one.digest, "found": one.violations}
                for one in self.failed
            ],
        }

    def show(self, console: Console) -> None:
        """For people."""
        of = max(self.seeds, 1)
        table = Table(title=f"{self.seeds:,} seeds", show_header=True)
        table.add_column("")
        table.add_column("in all", justify="right")
        table.add_column("per seed", justify="right")
        for name, count in (
            ("operations", self.operations.total()),
            ("faults", self.faults.total()),
            ("payments", self.payments),
            ("statements and calls", self.statements),
            ("waits for a lock", self.lock_waits),
        ):
            table.add_row(name, f"{count:,}", f"{count / of:.1f}")
        days = self.virtual_s / DAY_S
        table.add_row("virtual days", f"{days:,.0f}", f"{days / of:.1f}")
        table.add_row("seeds with a violation", f"{len(self.failed):,}", "")
        console.print(table)
        console.print("faults:", ", ".join(f"{k} {n:,}" for k, n in self.faults.most_common()))
        console.print(
            "operations:", ", ".join(f"{k} {n:,}" for k, n in self.operations.most_common())
        )
        rate = self.seeds / self.seconds if self.seconds else 0
        console.print(
            f"{self.seconds:.0f} s, {rate:.1f} seeds a second, at least {self.levels} levels"
        )
        for one in self.failed[:20]:
            console.print(f"[red]seed {one.seed}[/red] (trace {one.digest}):", highlight=False)
            for text in one.violations[:5]:
                console.print(f"  {text}", highlight=False, markup=False)
            console.print(f"  again: ./dev simulate --from {one.seed} --seeds 1 --trace")
