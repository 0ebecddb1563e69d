"""Pages of the gateway on which a card is saved, whose they are, and what came of them (R27, R44)."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from brimful.billing.cards import Role
from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.billing")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPage:
    """A page that was made for an account: where, for which customer there, for a card in which role,
    and the card that it brought, None as long as none was recorded. ``removed``: that card was taken
    out of use since."""

    tenant_id: UUID
    account_id: UUID
    page_id: str
    gateway_account: str
    gateway_customer: str
    role: Role
    method_id: UUID | None
    removed: bool


async def open_card_page(
    tx: Transaction,
    *,
    tenant_id: UUID,
    account_id: UUID,
    page_id: str,
    gateway: str,
    gateway_account: str,
    customer_id: str,
    role: Role,
    given_by: str,
    moment: Moment,
) -> None:
    """Note that a page was made for an account, for one customer of its seller's gateway account."""
    await tx.execute(
        _sql("open_card_page"),
        tenant_id,
        account_id,
        page_id,
        gateway,
        gateway_account,
        customer_id,
        role,
        given_by,
        moment.at,
    )


async def read_card_page(
    db: Database | Transaction, tenant_id: UUID, account_id: UUID, page_id: str
) -> CardPage | None:
    """A page of an account; None when it was not made for this one."""
    row = await db.fetchrow(_sql("read_card_page"), tenant_id, account_id, page_id)
    return None if row is None else CardPage(**dict(row))


async def find_card_page(db: Database, gateway: str, page_id: str) -> CardPage | None:
    """The page that a gateway's id names, whoever's it is; None for one that we never made."""
    row = await db.fetchrow(_sql("find_card_page"), gateway, page_id)
    return None if row is None else CardPage(**dict(row))


async def note_method(tx: Transaction, page: CardPage, method_id: UUID) -> None:
    """The page brought this card, and brings no other."""
    await tx.execute(
        _sql("set_card_page_method"), page.tenant_id, page.account_id, page.page_id, method_id
    )


async def is_overtaken(tx: Transaction, page: CardPage) -> bool:
    """Whether the card in use in the page's role came there since the page was made."""
    return bool(
        await tx.fetchval(
            _sql("is_card_page_overtaken"), page.tenant_id, page.account_id, page.page_id
        )
    )
