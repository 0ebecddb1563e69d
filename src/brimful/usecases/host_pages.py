"""Pages that the gateway hosts, as far as they are recorded: whose card it will be, whose account it is.

The gateway is asked first, with no transaction open; what it made is written down before anybody hears
the page's address.
"""

from uuid import UUID

from brimful.billing import accounts, card_pages, disconnections
from brimful.billing.cards import Role
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, ReadAccount
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
    ctx: Context, *, tenant_id: UUID, account_id: UUID, merchant_ref: str, moment: Moment
) -> tuple[Effect, ...]:
    """Record the gateway account that was opened for a seller (R44). One that it has already stays:
    its clients' cards are saved there. One that was closed to us is asked after, now that the gateway
    has made a page for it (R10)."""

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        await accounts.connect_seller(tx, tenant_id, account_id, merchant_ref)
        closed = await disconnections.hasten(tx, tenant_id, [account_id], moment.real_at)
        return tuple(ReadAccount(tenant_id, seller_id) for seller_id in closed)

    return await ctx.db.run(body)
