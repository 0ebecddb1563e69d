"""Giving back what is only held, when an account may not buy by itself any more (R10, R27)."""

from collections.abc import Sequence
from uuid import UUID

from brimful.billing import purchases, renewals, settings_records
from brimful.billing.buyers import is_allowed_by_seller
from brimful.db.transaction import Transaction
from brimful.domain.effect import Drive, Effect, MailDue, Plan, Renew
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason
from brimful.notices.promise import promise
from brimful.usecases.queue_at_sellers import leave_queue


async def release_holds(
    tx: Transaction,
    tenant_id: UUID,
    account_id: UUID,
    reason: Reason,
    moment: Moment,
    *,
    by_hand: bool = False,
    method: str | None = None,
) -> tuple[Effect, ...]:
    """Begin to cancel an account's automatic purchases (and with ``by_hand`` all of them; with
    ``method`` only those on a card that the gateway calls so) whose
    capture has not begun. The caller has locked the account's and its seller's pools.

    One that is at the gateway may have been taken by now: then its cancellation answers so, and it
    is delivered. Until that is known it keeps its reservation; only a demand that still waits at
    the seller ends at once, and what it had goes to the next (R17, R20).
    """
    held = await settings_records.read_mere_holds(tx, tenant_id, account_id, by_hand)
    return await _cancel(tx, tenant_id, held, reason, moment, method)


async def release_holds_at(
    tx: Transaction, tenant_id: UUID, seller_id: UUID, reason: Reason, moment: Moment
) -> tuple[Effect, ...]:
    """Begin to cancel all purchases from a seller whose capture has not begun, as ``release_holds``;
    the caller has locked their buyers' pools and the seller's."""
    held = await settings_records.read_mere_holds_at(tx, tenant_id, seller_id)
    return await _cancel(tx, tenant_id, held, reason, moment, None)


async def _cancel(
    tx: Transaction,
    tenant_id: UUID,
    held: Sequence[UUID],
    reason: Reason,
    moment: Moment,
    method: str | None,
) -> tuple[Effect, ...]:
    effects: list[Effect] = []
    for purchase_id in held:
        purchase = await purchases.lock_purchase(tx, tenant_id, purchase_id)
        if method is not None and purchase.gateway_method not in (method, None):
            continue
        if purchase.state == "waiting":
            effects += await leave_queue(tx, purchase, reason, moment)
        await purchases.set_state(tx, purchase, "canceling", reason=reason, moment=moment)
        effects.append(Drive(tenant_id, purchase_id))
    return tuple(effects)


async def children_changed(
    tx: Transaction, tenant_id: UUID, account_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    """After a seller's switch, catalogue or gateway account changed, for all below it that have auto-billing on: who
    became inactive gives its mere holds back and is told so once, in its seller's brand; who no
    longer is so is told that, too, and tries at once what it could not furnish (R35); each is planned
    for anew (R10). The caller has locked the family's pools."""
    effects: list[Effect] = []
    resumed: list[UUID] = []
    for child in await settings_records.read_enabled_below(tx, tenant_id, account_id):
        allowed = await is_allowed_by_seller(tx, tenant_id, child.account_id)
        effects.append(Plan(tenant_id, child.account_id))
        if not allowed:
            effects += await release_holds(
                tx, tenant_id, child.account_id, Reason.auto_billing_inactive, moment
            )
        if allowed == (child.inactive_at is None):
            continue
        if allowed:
            resumed.append(child.account_id)
        since = child.inactive_at or moment.at
        await settings_records.note_inactive(
            tx, tenant_id, child.account_id, None if allowed else since
        )
        await promise(
            tx,
            tenant_id=tenant_id,
            account_id=child.account_id,
            kind="resumed" if allowed else "inactive",
            subject_id=child.account_id,
            episode=since.isoformat(),
            facts={},
            moment=moment,
        )
        effects.append(MailDue())
    sellers = await renewals.wake_for_sellers(tx, tenant_id, resumed, moment.at)
    effects += [Renew(tenant_id, seller_id) for seller_id in sorted(sellers)]
    return tuple(effects)
