"""Opening the platform and the accounts below it (R1, R26)."""

from functools import cache
from uuid import UUID
from zoneinfo import available_timezones

from brimful.billing import accounts, commands
from brimful.billing.accounts import Account, Platform
from brimful.billing.commands import Key
from brimful.db.ids import new_id
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment
from brimful.domain.money import decimals
from brimful.domain.reason import Reason, Refuse
from brimful.ledger import demands
from brimful.ledger.balances import open_balances
from brimful.usecases.answers import KeyConflict
from brimful.usecases.context import Context


class AlreadyOpen(Exception):
    """The platform is open already; there is one."""


def check_zone(zone: str) -> None:
    """Raises ValueError for a zone that the calendar does not know."""
    if zone not in _zones():
        raise ValueError(f"{zone!r} is not a time zone such as Europe/Berlin")


@cache
def _zones() -> set[str]:
    """Those that are the same on every machine, so none such as "localtime"; read once."""
    return available_timezones() - {"localtime", "posixrules"}


async def open_platform(
    ctx: Context, *, name: str, currency: str, owner_email: str, zone: str, moment: Moment
) -> Platform:
    """Open the platform: the root that supplies without limit. Raises AlreadyOpen, ValueError."""
    decimals(currency)
    check_zone(zone)
    platform = Platform(new_id(), name, currency, owner_email, zone)

    async def body(tx: Transaction) -> None:
        if await accounts.read_platform(tx) is not None:
            raise AlreadyOpen
        await accounts.open_platform(tx, platform, moment)

    await ctx.db.run(body)
    return platform


async def open_account(
    ctx: Context,
    *,
    parent: Account | Platform,
    name: str,
    sells: bool,
    currency: str,
    zone: str,
    owner_name: str,
    owner_email: str,
    external_id: str | None,
    key: str,
    body_hash: bytes,
    moment: Moment,
) -> UUID | Refuse | KeyConflict:
    """Open an account below a seller, once for ``key``; returns its id.

    Below the platform it begins a tenant, which gets a place of the platform's own, the supply.
    Raises ValueError for a currency or zone that is not known.
    """
    decimals(currency)
    check_zone(zone)
    if isinstance(parent, Account) and not parent.sells:
        return Refuse(
            reason=Reason.seller_cannot_sell, account_id=str(parent.account_id), detail={}
        )
    account_id = new_id()
    home = parent.platform_id if isinstance(parent, Platform) else parent.tenant_id
    acted_on = parent.platform_id if isinstance(parent, Platform) else parent.account_id
    command = Key(
        tenant_id=home, account_id=acted_on, key=key, verb="open_account", body_hash=body_hash
    )

    async def body(tx: Transaction) -> UUID | Refuse | KeyConflict:
        before = await commands.recall(tx, command)
        if before.conflict:
            return KeyConflict(key=key)
        if before.object_id is not None:
            return before.object_id
        above = parent
        if isinstance(above, Platform):
            above = await _open_supply(tx, above, account_id, moment)
        else:
            above = await _reread(tx, above)
            if above.state == "closed":
                closed = str(above.account_id)
                return Refuse(reason=Reason.account_closed, account_id=closed, detail={})
        account = Account(
            tenant_id=above.tenant_id,
            account_id=account_id,
            parent_id=above.account_id,
            supply=False,
            seller_ref=account_id,
            ancestors=[*above.ancestors, account_id],
            sells=sells,
            name=name,
            external_id=external_id,
            currency=currency,
            zone=zone,
            owner_name=owner_name,
            owner_email=owner_email,
            merchant_ref=accounts.unconnected_ref(account_id),
            state="open",
            created_at=moment.at,
        )
        await _open(tx, account)
        await commands.remember(tx, command, before, account_id, moment)
        return account_id

    return await ctx.db.run(body)


async def _reread(tx: Transaction, parent: Account) -> Account:
    """A seller as it is, where it is, and stays until this transaction ends."""
    await demands.lock_tree(tx, parent.tenant_id, share=True)
    await demands.lock_pools(tx, parent.tenant_id, parent.account_id)
    found = await accounts.read_account(tx, parent.tenant_id, parent.account_id)
    assert found is not None
    return found


async def _open_supply(
    tx: Transaction, platform: Platform, tenant_id: UUID, moment: Moment
) -> Account:
    supply_id = new_id()
    supply = Account(
        tenant_id=tenant_id,
        account_id=supply_id,
        parent_id=None,
        supply=True,
        seller_ref=platform.platform_id,
        ancestors=[supply_id],
        sells=True,
        name=platform.name,
        external_id=None,
        currency=platform.currency,
        zone=platform.zone,
        owner_name=platform.name,
        owner_email=platform.owner_email,
        merchant_ref="platform",
        state="open",
        created_at=moment.at,
    )
    await _open(tx, supply)
    return supply


async def _open(tx: Transaction, account: Account) -> None:
    await accounts.open_account(tx, account)
    await open_balances(tx, account.tenant_id, account.account_id)
    if account.sells and not account.supply:
        await accounts.open_catalogue(tx, account.seller_ref)
