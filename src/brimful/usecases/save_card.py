"""A card on file: saved at the gateway first, then recorded here; removed at any time (R27, R29)."""

from dataclasses import dataclass
from uuid import UUID

from brimful.billing import cards
from brimful.billing.buyers import BuyerFacts, read_buyer
from brimful.billing.cards import Role
from brimful.db.transaction import Transaction
from brimful.domain.effect import DetachDue, Effect, MailDue, Plan
from brimful.domain.moment import Moment
from brimful.domain.payment import SavedMethod
from brimful.domain.reason import Reason
from brimful.ledger import demands
from brimful.notices.promise import promise
from brimful.usecases.answers import Missing
from brimful.usecases.context import Context
from brimful.usecases.deliver import wake_renewals
from brimful.usecases.release_holds import release_holds
from brimful.usecases.wake_past_due import wake_past_due


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRecorded:
    """The card is in use."""

    method_id: UUID
    effects: tuple[Effect, ...]


async def record_card(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    gateway_account: str,
    saved: SavedMethod,
    role: Role = "primary",
    moment: Moment,
) -> CardRecorded | None:
    """Put a card that the gateway saved in the place of the one in use in its role. Without a primary
    a backup is the primary.

    A pause belongs to a card (its fingerprint), so another card ends it by itself and serves what
    waits, its clients' renewals included (R35); the same card saved again stays paused. Consent is
    the owner's: no card switches auto-billing on. None when nobody is there to use it: the account was
    closed while the gateway was asked, or its seller charges elsewhere now.
    """

    async def body(tx: Transaction) -> CardRecorded | None:
        await demands.lock_pools(tx, tenant_id, account_id)
        if not await cards.is_charged_at(tx, tenant_id, account_id, gateway_account):
            return None
        return await put_into_use(
            ctx,
            tx,
            tenant_id=tenant_id,
            account_id=account_id,
            gateway_account=gateway_account,
            saved=saved,
            role=role,
            moment=moment,
        )

    return await ctx.db.run(body)


async def put_into_use(
    ctx: Context,
    tx: Transaction,
    *,
    tenant_id: UUID,
    account_id: UUID,
    gateway_account: str,
    saved: SavedMethod,
    role: Role,
    moment: Moment,
) -> CardRecorded:
    """As ``record_card``, within a transaction that has locked the account's pool."""
    primary = await cards.read_card(tx, tenant_id, account_id)
    before = await read_buyer(tx, tenant_id=tenant_id, account_id=account_id, at=moment.at)
    method_id = await cards.replace_card(
        tx,
        tenant_id=tenant_id,
        account_id=account_id,
        gateway=ctx.gateway,
        gateway_account=gateway_account,
        saved=saved,
        role=role if primary is not None else "primary",
        moment=moment,
    )
    effects = await another_card(tx, before, method_id, moment)
    return CardRecorded(method_id=method_id, effects=effects)


async def another_card(
    tx: Transaction,
    before: BuyerFacts,
    method_id: UUID,
    moment: Moment,
    *,
    episode: str = "new_card",
) -> tuple[Effect, ...]:
    """Another card may be charged from now on than ``before``, whoever put it there: what waits is
    served, and the owner is told, once in an ``episode`` of this card, if nothing could be charged
    until now (R29). The account's pool is locked."""
    tenant_id, account_id = before.tenant_id, before.account_id
    effects: tuple[Effect, ...] = (
        Plan(tenant_id, account_id),
        DetachDue(),
        *await wake_past_due(tx, tenant_id, [account_id], moment),
        *await wake_renewals(tx, tenant_id, [account_id], moment),
    )
    after = await read_buyer(tx, tenant_id=tenant_id, account_id=account_id, at=moment.at)
    was_stopped = before.buyer.paused is not None or before.buyer.retry_at is not None
    if was_stopped and after.buyer.paused is None and after.buyer.enabled:
        await promise(
            tx,
            tenant_id=tenant_id,
            account_id=account_id,
            kind="resumed",
            subject_id=method_id,
            episode=episode,
            facts={},
            moment=moment,
        )
        effects += (MailDue(),)
    return effects


async def promote_card(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, method_id: UUID, moment: Moment
) -> tuple[Effect, ...] | Missing:
    """Let the backup card be the primary, and the other way round; Missing for a card not in use."""

    async def body(tx: Transaction) -> tuple[Effect, ...] | Missing:
        await demands.lock_pools(tx, tenant_id, account_id)
        before = await read_buyer(tx, tenant_id=tenant_id, account_id=account_id, at=moment.at)
        on_file = await cards.list_cards(tx, tenant_id, account_id)
        if method_id not in [card["method_id"] for card in on_file]:
            return Missing(what="payment_method")
        await cards.promote(tx, tenant_id, account_id, method_id)
        return await another_card(tx, before, method_id, moment)

    return await ctx.db.run(body)


async def remove_card(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, method_id: UUID, moment: Moment
) -> tuple[Effect, ...] | Missing:
    """Take the card out of use: what is only held on it is given back, purchases by hand included,
    nothing is charged any more, and it is removed at the gateway as soon as that answers."""

    async def body(tx: Transaction) -> tuple[Effect, ...] | Missing:
        await demands.lock_family(tx, tenant_id, account_id)
        return await take_out_of_use(tx, tenant_id, account_id, method_id, moment)

    return await ctx.db.run(body)


async def take_out_of_use(
    tx: Transaction, tenant_id: UUID, account_id: UUID, method_id: UUID, moment: Moment
) -> tuple[Effect, ...] | Missing:
    """As ``remove_card``, within a transaction that has locked the account's family."""
    method = await cards.remove_card(tx, tenant_id, account_id, method_id, moment)
    if method is None:
        return Missing(what="payment_method")
    effects = await release_holds(
        tx,
        tenant_id,
        account_id,
        Reason.no_payment_method,
        moment,
        by_hand=True,
        method=method,
    )
    return (*effects, Plan(tenant_id, account_id), DetachDue())
