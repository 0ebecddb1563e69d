"""Mail that is due, as rows: taken by moving its time on, marked when it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Database
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.notices")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Mail that a process sends alone until ``taken_until``; ``tries`` have failed."""

    tenant_id: UUID
    notice_id: UUID
    tries: int
    was_due_at: datetime
    taken_until: datetime
    recipient: str
    title: str
    body: str
    brand: str


async def take_due(db: Database, moment: Moment, lease: timedelta, limit: int) -> list[Taken]:
    """Take mail that is due, what has been due longest first, for as long as the lease (real time): not
    marked by then, it is due again."""
    now = moment.real_at
    rows = await db.fetch(_sql("take_due_mail"), now, now + lease, limit)
    return sorted((Taken(**dict(row)) for row in rows), key=lambda mail: mail.was_due_at)


async def give_back(db: Database, mails: Sequence[Taken]) -> None:
    """Leave to others what was taken at one time and not tried."""
    await db.execute(
        _sql("give_back_mail"),
        [mail.tenant_id for mail in mails],
        [mail.notice_id for mail in mails],
        [mail.was_due_at for mail in mails],
        mails[0].taken_until,
    )


async def mark_sent(db: Database, mail: Taken) -> None:
    """Note that a mail was sent, also when its lease ended meanwhile."""
    await db.execute(_sql("mark_mail_sent"), mail.tenant_id, mail.notice_id)


async def mark_failed(
    db: Database, mail: Taken, *, error: str, due_at: datetime | None, moment: Moment
) -> None:
    """Note a try that failed; ``due_at`` is its next (real time), None when it is given up. Nothing is
    noted when another took the mail meanwhile."""
    await db.execute(
        _sql("mark_mail_failed"),
        mail.tenant_id,
        mail.notice_id,
        mail.taken_until,
        "dead" if due_at is None else "due",
        error,
        due_at or moment.real_at,
    )
