"""Archiving months of entries, and forgetting keys of spends: each step commits by itself, and what was
begun is finished the next time."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import asyncpg
import structlog

from brimful.db.address import LockedByOthers
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment
from brimful.ledger import archive, balances

_log = structlog.get_logger()

# How often a month is tried whose entries others hold, half a second each time, and the pause between.
TRIES = 10
PAUSE_S = 0.5
PAGE = 1_000
_FIRST = (UUID(int=0), UUID(int=0))


async def forget_spends(
    db: Database, before: datetime, *, seen: Callable[[int], None], limit: int = PAGE
) -> int:
    """Forget the keys of all spends that ended before ``before`` (R39), in pages of ``limit`` that each
    commit by themselves; how many. What was spent stays in a sum, so the audit still explains what was
    used. ``seen`` is told how many so far."""
    forgotten = 0
    for tenant_id in await archive.list_tenants(db):
        after = UUID(int=0)
        while True:

            async def once(tenant_id: UUID = tenant_id, after: UUID = after) -> archive.Forgotten:
                return await archive.forget_spends(db, tenant_id, before, after=after, limit=limit)

            page = await db.repeat(once)
            forgotten += page.forgotten
            seen(forgotten)
            if page.last_id is None or not page.old or page.looked_at < limit:
                break
            after = page.last_id
    return forgotten


async def settle_month(db: Database, starts_at: datetime, *, moment: Moment) -> None:
    """Take what was spent in a month from its lots, where that was not done yet (R36)."""
    after = _FIRST
    while found := await archive.find_unsettled(db, starts_at, after, PAGE):
        for tenant_id, account_id in found:

            async def body(
                tx: Transaction, of: tuple[UUID, UUID] = (tenant_id, account_id)
            ) -> None:
                await balances.settle(tx, *of, moment)

            await db.run(body)
        after = found[-1]


async def archive_month(
    db: Database, starts_at: datetime, *, moment: Moment, tries: int = TRIES
) -> bool:
    """Carry what the books need of a month and take it out of the entries, in one transaction; False
    when others hold it, or the entries, all the while: it is as it was then."""

    async def body(tx: Transaction) -> bool:
        if await archive.carry_month(tx, starts_at, moment) is None:
            return True
        await _detach(tx, starts_at, tries)
        return True

    try:
        return await db.run(body)
    except LockedByOthers:
        _log.warning("month_not_archived", month=f"{starts_at:%Y-%m}")
        return False


async def _detach(tx: Transaction, starts_at: datetime, tries: int) -> None:
    """Nobody waits for us longer than one try lasts, and what was carried is not read again."""
    for again in range(tries):
        try:
            async with tx.transaction():
                await archive.detach_month(tx, starts_at)
            return
        except asyncpg.LockNotAvailableError:
            if again == tries - 1:
                raise
            await asyncio.sleep(PAUSE_S)


async def keep_month(db: Database, starts_at: datetime) -> None:
    """Make a month that is out of the entries a part of the archive, which the audit compares with what
    was carried; nothing if it is one."""

    async def body(tx: Transaction) -> None:
        await archive.keep_month(tx, starts_at)

    await db.run(body)


async def drop_month(db: Database, starts_at: datetime, *, file: str, sha256: str) -> None:
    """Drop a month of the archive that was written to ``file`` and read back; where it is is recorded
    in the same transaction."""

    async def body(tx: Transaction) -> None:
        await archive.drop_month(tx, starts_at, file, sha256)

    await db.run(body)
