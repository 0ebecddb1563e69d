"""Pages of the gateway on which a card is saved, and whose they are (R27, R44)."""

from functools import partial
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.billing")


async def open_card_page(
    tx: Transaction,
    *,
    tenant_id: UUID,
    account_id: UUID,
    page_id: str,
    customer_id: str,
    given_by: str,
    moment: Moment,
) -> None:
    """Note that a page was made for an account, for one customer of its seller's gateway account."""
    await tx.execute(
        _sql("open_card_page"), tenant_id, account_id, page_id, customer_id, given_by, moment.at
    )


async def read_customer(
    db: Database, tenant_id: UUID, account_id: UUID, page_id: str
) -> str | None:
    """The gateway's customer that a page was made for; None when it was not made for this account."""
    customer: str | None = await db.fetchval(_sql("read_card_page"), tenant_id, account_id, page_id)
    return customer
