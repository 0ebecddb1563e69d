"""What the renewals of a seller's buyers will take out of its pool (R33)."""

from datetime import datetime
from functools import partial
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.forecast import Renewal
from brimful.domain.renewal_dates import due_dates

_sql = partial(load, "brimful.billing")


async def read_needs(
    db: Transaction | Database, tenant_id: UUID, seller_id: UUID, *, at: datetime, until: datetime
) -> list[Renewal]:
    """The renewals of a seller's buyers that are due before ``until``, overdue ones that are tried again
    before then included, and none of a buyer whose renewal is under way; those that fall together as one.
    What was chosen for a period's end counts: what ends or moves needs no more then, what goes on as
    another plan needs that one's (R31, R46). Chatbots are theirs already, and a renewal needs none."""
    rows = await db.fetch(_sql("read_needs"), tenant_id, seller_id, until)
    return [
        Renewal(at=due, credits=row["credits"])
        for row in rows
        for due in due_dates(
            row["anchor_at"], row["due_at"], at=at, until=min(until, row["until_at"] or until)
        )
    ]
