"""Which automatically subscribed chatbots are not needed any more (R31)."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from brimful.billing import settings_records
from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction
from brimful.usecases.context import Context
from brimful.usecases.period_end import count_releasable

_sql = partial(load, "brimful.usecases")


@dataclass(frozen=True, slots=True, kw_only=True)
class Releasable:
    """An automatic subscription of extra chatbots: how many of them nobody needs at present, and how
    many will be released at period end if that stays so. One that is cancelled is not listed: all of
    its chatbots go."""

    subscription_id: UUID
    chatbots: int
    not_needed: int
    to_release: int
    period_ends_at: datetime


async def read_releasable(ctx: Context, tenant_id: UUID, account_id: UUID) -> list[Releasable]:
    """The automatic subscriptions of an account, the one that ends first coming first: what one of
    them can give up, the next cannot any more."""

    async def body(tx: Transaction) -> list[Releasable]:
        setting = await settings_records.read_setting(tx, tenant_id, account_id)
        rows = await tx.fetch(_sql("read_automatic_chatbots"), tenant_id, account_id)
        total = sum(row["chatbots"] for row in rows)
        left = await count_releasable(tx, tenant_id, account_id, total)
        found: list[Releasable] = []
        for row in rows:
            idle = min(left, row["chatbots"])
            left -= idle
            wanted = row["chatbots"] if setting.release_chatbots else row["release_chatbots"]
            found.append(
                Releasable(
                    subscription_id=row["subscription_id"],
                    chatbots=row["chatbots"],
                    not_needed=idle,
                    to_release=min(wanted, idle),
                    period_ends_at=row["period_ends_at"],
                )
            )
        return found

    return await ctx.db.run(body)
