"""Mail that is due, as rows: taken by moving its time on, marked when it is sent."""

from functools import partial
from typing import Any
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Database
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.notices")


async def take_due(db: Database, moment: Moment, limit: int) -> list[dict[str, Any]]:
    """Take mail that is due; not marked within its next time, it is due again."""
    return [dict(row) for row in await db.fetch(_sql("take_due_mail"), moment.real_at, limit)]


async def mark(
    db: Database, tenant_id: UUID, notice_id: UUID, state: str, error: str | None
) -> None:
    """Say what became of a mail."""
    await db.execute(_sql("mark_mail"), tenant_id, notice_id, state, error)
