"""A refund to a buyer by its seller: what it would take back, and its intent (R21, R25)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from brimful.billing import accounts, commands, purchases, refunds
from brimful.billing.commands import Key
from brimful.billing.purchases import Purchase
from brimful.billing.refunds import NewRefund
from brimful.db.ids import new_id
from brimful.db.transaction import Transaction
from brimful.domain.effect import DriveRefund, Effect
from brimful.domain.moment import Moment
from brimful.domain.money import charge_step_minor, whole_steps
from brimful.domain.reason import Reason, Refuse
from brimful.domain.refunds import Refund, refundable, wanted
from brimful.ledger import reversals
from brimful.usecases.answers import KeyConflict, Missing
from brimful.usecases.context import Context
from brimful.usecases.reverse import sale_of, settle_reversals


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWish:
    """What is to be refunded: a part of a charge in minor units (None: all that can be), of one
    line's credits or (``line`` None) of all that was charged."""

    charge_id: UUID
    amount_minor: int | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFigures:
    """What a refund gives back, in minor units, and the credits of each line that it takes back."""

    amount_minor: int
    currency: str
    credits: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundBegun:
    """A refund was requested, or found by its key."""

    refund_id: UUID
    effects: tuple[Effect, ...] = ()


async def preview_refund(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, wish: RefundWish, moment: Moment
) -> RefundFigures | Refuse | Missing:
    """What a refund would do, or why it would be refused; nothing changes (R32)."""
    purchase_id = await refunds.find_charge(ctx.db, tenant_id, wish.charge_id, account_id)
    if purchase_id is None:
        return Missing(what="charge")

    async def body(tx: Transaction) -> RefundFigures | Refuse:
        return await _plan(
            tx, await purchases.lock_purchase(tx, tenant_id, purchase_id), wish, moment
        )

    return await ctx.db.run(body)


async def refund_charge(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    wish: RefundWish,
    key: str,
    body_hash: bytes,
    moment: Moment,
) -> RefundBegun | Refuse | Missing | KeyConflict:
    """Commit the intent to refund a charge on an account's card, once for ``key``.

    From here on the credits that it takes back are frozen: nobody spends them while the gateway is
    asked (``DriveRefund``). They go to the seller's pool when the money has gone back, and are the
    buyer's again when it has not. Refused beyond what is unspent, and of a disputed charge.
    """
    command = Key(
        tenant_id=tenant_id, account_id=account_id, key=key, verb="refund", body_hash=body_hash
    )

    async def body(tx: Transaction) -> RefundBegun | Refuse | Missing | KeyConflict:
        purchase_id = await refunds.find_charge(tx, tenant_id, wish.charge_id, account_id)
        if purchase_id is None:
            return Missing(what="charge")
        purchase = await purchases.lock_purchase(tx, tenant_id, purchase_id)
        before = await commands.recall(tx, command)
        if before.conflict:
            return KeyConflict(key=key)
        if before.object_id is not None and not await _is_void(tx, tenant_id, before.object_id):
            return RefundBegun(refund_id=before.object_id)
        plan = await _plan(tx, purchase, wish, moment)
        if isinstance(plan, Refuse):
            return plan
        new = NewRefund(
            refund_id=new_id(),
            line=wish.line,
            amount_minor=plan.amount_minor,
            state="requested",
            origin="here",
        )
        await refunds.open_refund(tx, purchase, new, moment)
        _, effects = await settle_reversals(tx, purchase, moment)
        await commands.remember(tx, command, before, new.refund_id, moment)
        return RefundBegun(
            refund_id=new.refund_id, effects=(*effects, DriveRefund(tenant_id, new.refund_id))
        )

    return await ctx.db.run(body)


async def _is_void(tx: Transaction, tenant_id: UUID, refund_id: UUID) -> bool:
    """It changed nothing, so that its key is free for another try (R39)."""
    found = await refunds.read_refund(tx, tenant_id, refund_id)
    return found is not None and found["state"] == "refused"


async def _plan(
    tx: Transaction, purchase: Purchase, wish: RefundWish, moment: Moment
) -> RefundFigures | Refuse:
    """What a refund of a locked purchase's charge takes back, or why it is refused."""
    buyer = await accounts.read_account(tx, purchase.tenant_id, purchase.buyer_id)
    assert buyer is not None
    if purchase.state != "delivered" or purchase.charge_state != "captured":
        return _refuse(purchase, Reason.not_refundable)
    if buyer.parent_id != purchase.seller_id:
        return _refuse(purchase, Reason.seller_changed)
    disputes = await refunds.read_disputes(tx, purchase)
    if any(one.state in ("open", "lost") for one in disputes):
        return _refuse(purchase, Reason.charge_disputed)
    assert purchase.charge_minor is not None
    lines = await reversals.read_lines(tx, sale_of(purchase), moment)
    paid = [line.paid for line in lines]
    if wish.line is not None and wish.line not in {line.line for line in paid}:
        return _refuse(purchase, Reason.not_refundable)
    known = [one.refund for one in await refunds.read_refunds(tx, purchase)]
    unspent = {line.paid.line: line.lot.unspent for line in lines}
    step = charge_step_minor(purchase.currency)
    most = whole_steps(refundable(paid, purchase.charge_minor, known, unspent, wish.line), step)
    without_limit = {line.line: line.credits for line in paid}
    left = refundable(paid, purchase.charge_minor, known, without_limit, wish.line)
    amount_minor = most if wish.amount_minor is None else wish.amount_minor
    if amount_minor > left:
        return _refuse(purchase, Reason.refund_too_large, refundable_minor=most)
    if amount_minor > most or amount_minor < 1:
        reason = Reason.refund_beyond_unspent if left else Reason.refund_too_large
        return _refuse(purchase, reason, refundable_minor=most)
    if amount_minor % step:
        return _refuse(purchase, Reason.amount_between_steps, step_minor=step)
    more = Refund(amount_minor=amount_minor, state="requested", line=wish.line)
    before = wanted(paid, purchase.charge_minor, known, [])
    after = wanted(paid, purchase.charge_minor, [*known, more], [])
    return RefundFigures(
        amount_minor=amount_minor,
        currency=purchase.currency,
        credits={
            key: one.take + one.freeze - before[key].take - before[key].freeze
            for key, one in after.items()
        },
    )


def _refuse(purchase: Purchase, reason: Reason, **detail: int) -> Refuse:
    return Refuse(reason=reason, account_id=str(purchase.buyer_id), detail=detail)
