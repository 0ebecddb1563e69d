"""Archiving: months of entries that ended long ago leave the books' tables, one after the other, and are
written to files where that is asked for. May be stopped at any point and run again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from brimful.db.transaction import Database
from brimful.domain.archive import archivable, forget_before
from brimful.domain.clock import Clock
from brimful.effects.archive_file import write_month
from brimful.ledger import archive
from brimful.ledger.archive import ArchivedMonth
from brimful.usecases import archive_months

Became = Literal["planned", "unwritten", "archived", "written", "busy"]
# Told what is being done, and how much of all of it is done, from 0 to 1.
Seen = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a month, or would become: ``planned`` to be archived, ``unwritten`` to be written to
    a file; ``busy`` is left to the next time."""

    starts_at: datetime
    entries: int
    became: Became
    file: str | None = None
    sha256: str | None = None


@dataclass(slots=True, kw_only=True)
class Report:
    """What was archived; ``keys`` of spends that ended before ``keys_before`` were forgotten."""

    months: list[Outcome] = field(default_factory=list)
    keys: int = 0
    keys_before: datetime | None = None

    @property
    def is_whole(self) -> bool:
        """Nothing was left to the next time."""
        return all(month.became != "busy" for month in self.months)


async def plan(
    db: Database, clock: Clock, *, months: int, key_days: int | None, to: Path | None
) -> Report:
    """What ``run`` would do now; nothing is changed."""
    at = clock.moment().at
    due = archivable(await archive.find_entry_months(db), at, months)
    before = forget_before(due, at, key_days)
    begun = [] if to is None else await _kept(db)
    outcomes = [_outcome(month, "unwritten") for month in begun]
    for starts_at in due:
        count = await archive.count_entries(db, starts_at)
        outcomes.append(Outcome(starts_at=starts_at, entries=count, became="planned"))
    keys = 0 if before is None else await archive.count_old_spends(db, before)
    return Report(months=outcomes, keys=keys, keys_before=before)


async def run(
    db: Database, clock: Clock, *, months: int, key_days: int | None, to: Path | None, seen: Seen
) -> Report:
    """Archive every month that ended ``months`` months ago or earlier, oldest first, and forget the keys
    of its spends and of all that are older than ``key_days`` (R39). With ``to``, every archived month
    that is still in the database is written to a file in that folder, read back, and dropped.

    The first month that others hold all the while ends it: months are archived in their order. Raises
    DifferentFile when the folder has another file of a month's name, OSError when it cannot be written.
    """
    at = clock.moment().at
    due = archivable(await archive.find_entry_months(db), at, months)
    report = Report(keys_before=forget_before(due, at, key_days))
    steps = len(due) + (1 if report.keys_before else 0)
    # What was begun and not finished: nothing else of the months needs to be done again.
    for month in await archive.list_archived_months(db):
        await archive_months.keep_month(db, month.starts_at)
    if report.keys_before is not None:
        report.keys = await archive_months.forget_spends(
            db, report.keys_before, seen=lambda count: seen(f"{count:,} keys forgotten", 0.0)
        )
    done = steps - len(due)
    for starts_at in due:
        seen(f"{starts_at:%Y-%m}", done / steps)
        await archive_months.settle_month(db, starts_at, moment=clock.moment())
        if not await archive_months.archive_month(db, starts_at, moment=clock.moment()):
            report.months.append(Outcome(starts_at=starts_at, entries=0, became="busy"))
            break
        await archive_months.keep_month(db, starts_at)
        done += 1
    archived = [month for month in await archive.list_archived_months(db) if month.starts_at in due]
    report.months[:0] = [_outcome(month, "archived") for month in archived]
    if to is not None:
        await _write_all(db, to, report, seen)
    seen("", 1.0)
    return report


async def _kept(db: Database) -> list[ArchivedMonth]:
    return [month for month in await archive.list_archived_months(db) if month.state != "written"]


async def _write_all(db: Database, to: Path, report: Report, seen: Seen) -> None:
    """Write what is in the database still, and have it in the report in the place of what it was."""
    kept: Sequence[ArchivedMonth] = await _kept(db)
    written: list[Outcome] = []
    for number, month in enumerate(kept):
        seen(f"{month.starts_at:%Y-%m} to a file", number / len(kept))
        file, sha256 = await write_month(db, month, to)
        await archive_months.drop_month(db, month.starts_at, file=file, sha256=sha256)
        written.append(
            Outcome(
                starts_at=month.starts_at,
                entries=month.entries,
                became="written",
                file=file,
                sha256=sha256,
            )
        )
    rest = [month for month in report.months if month.became == "busy"]
    report.months = written + rest


def _outcome(month: ArchivedMonth, became: Became) -> Outcome:
    return Outcome(starts_at=month.starts_at, entries=month.entries, became=became)
