"""What ``brimful archive`` does: months of entries that ended long ago leave the books' tables."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table

from brimful.cli.database import kept_database, opened
from brimful.cli.errors import BadInput
from brimful.cli.progress import instant
from brimful.domain.archive import KEY_DAYS_MAX, KEY_DAYS_MIN, MONTHS_MAX, MONTHS_MIN
from brimful.effects import archive
from brimful.effects.archive import Outcome, Report, Seen
from brimful.effects.clocks import clock_of
from brimful.settings import Settings

WORDS = {
    "planned": "to be archived",
    "unwritten": "in the database, schema archive; to be written to a file",
    "archived": "in the database, schema archive",
    "written": "in a file, and no more in the database",
    "busy": "left: others hold it; run this again",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A report, for people and for scripts."""

    report: Report
    dry_run: bool

    @property
    def status(self) -> int:
        """The exit status: 1 when something was left to the next time."""
        return 0 if self.report.is_whole else 1

    def plain(self) -> dict[str, Any]:
        """For ``--json``."""
        before = self.report.keys_before
        return {
            "dry_run": self.dry_run,
            "months": [_plain(month) for month in self.report.months],
            "keys_forgotten": self.report.keys,
            "keys_before": None if before is None else before.isoformat(),
        }

    def show(self) -> None:
        """For people."""
        console = Console(highlight=False, markup=False)
        if not self.report.months:
            console.print("No month is old enough.")
        else:
            console.print(_table(self.report.months))
        for month in self.report.months:
            if month.file is not None:
                console.print(f"{month.starts_at:%Y-%m}: {month.file}", soft_wrap=True)
        if self.report.keys_before is not None:
            done = "would be forgotten" if self.dry_run else "were forgotten"
            console.print(
                f"{self.report.keys:,} keys of spends before {instant(self.report.keys_before)} {done}.",
                soft_wrap=True,
            )


def check(months: int, key_days: int | None, to: Path | None) -> None:
    """Whether what was asked for can be. Raises BadInput."""
    if not MONTHS_MIN <= months <= MONTHS_MAX:
        raise BadInput(f"--months takes a number from {MONTHS_MIN} to {MONTHS_MAX}")
    if key_days is not None and not KEY_DAYS_MIN <= key_days <= KEY_DAYS_MAX:
        raise BadInput(f"--key-days takes a number from {KEY_DAYS_MIN} to {KEY_DAYS_MAX}")
    if to is not None and not to.is_dir():
        raise BadInput(f"--to takes a folder that is there, not {str(to)!r}")
    if to is not None and not os.access(to, os.W_OK):
        raise BadInput(f"--to takes a folder that can be written to, not {str(to)!r}")


async def archive_books(
    settings: Settings, *, months: int, key_days: int | None, to: Path | None, dry_run: bool
) -> Shown:
    """Archive, or say what would be. Raises BadInput, DifferentFile, WrongSettings, or what the
    database or the folder raises."""
    check(months, key_days, to)
    async with kept_database(settings) as dsn, opened(dsn) as db:
        clock = await clock_of(settings, db)
        if dry_run:
            report = await archive.plan(db, clock, months=months, key_days=key_days, to=to)
            return Shown(report, dry_run=True)
        with _progress() as seen:
            report = await archive.run(
                db, clock, months=months, key_days=key_days, to=to, seen=seen
            )
        return Shown(report, dry_run=False)


@contextmanager
def _progress() -> Iterator[Seen]:
    """A bar on a terminal, nothing elsewhere; on standard error."""
    console = Console(stderr=True, highlight=False, markup=False)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=1.0)
        yield lambda what, done: bar.update(task, completed=done, description=what)


def _plain(month: Outcome) -> dict[str, Any]:
    return {
        "month": f"{month.starts_at:%Y-%m}",
        "entries": month.entries,
        "state": month.became,
        "file": month.file,
        "sha256": month.sha256,
    }


def _table(months: list[Outcome]) -> Table:
    table = Table("month", "entries", "where they are", box=None)
    table.columns[1].justify = "right"
    for month in months:
        table.add_row(f"{month.starts_at:%Y-%m}", f"{month.entries:,}", WORDS[month.became])
    return table
