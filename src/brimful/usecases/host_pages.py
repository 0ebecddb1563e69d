"""Pages that the gateway hosts, as far as they are recorded: whose card it will be, whose account it is.

The gateway is asked first, with no transaction open; what it made is written down before anybody hears
the page's address.
"""

from uuid import UUID

from brimful.billing import accounts, card_pages
from brimful.billing.cards import Role
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment
from brimful.usecases.context import Context


async def note_card_page(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    page_id: str,
    gateway_account: str,
    customer_id: str,
    role: Role,
    given_by: str,
    moment: Moment,
) -> None:
    """Record a page on which an account's owner may save a card, and who asked for it (R27)."""

    async def body(tx: Transaction) -> None:
        await card_pages.open_card_page(
            tx,
            tenant_id=tenant_id,
            account_id=account_id,
            page_id=page_id,
            gateway=ctx.gateway,
            gateway_account=gateway_account,
            customer_id=customer_id,
            role=role,
            given_by=given_by,
            moment=moment,
        )

    await ctx.db.run(body)


async def connect_seller(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, merchant_ref: str
) -> bool:
    """Record the gateway account that was opened for a seller (R44); False when it has one already,
    which stays: its clients' cards are saved there."""

    async def body(tx: Transaction) -> bool:
        return await accounts.connect_seller(tx, tenant_id, account_id, merchant_ref)

    return await ctx.db.run(body)
