"""Whether payments may be put to their cards now: the last look before the confirm (R29).

What was planned in good faith may meet a card that was declined meanwhile, for another who pays with
it. So the counts of attempts are looked at once more under the card's lock, when the payment's id is
stored and nothing is confirmed yet: they hold whoever tries, and however many at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from brimful.billing import breaker, payments, purchases
from brimful.billing.breaker import CardKey, CardState
from brimful.billing.purchases import Purchase
from brimful.db.transaction import Transaction
from brimful.domain.declines import Pause, next_attempt, room
from brimful.domain.effect import Drive, Effect
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason
from brimful.usecases.context import Context
from brimful.usecases.refuse_waiting import refuse_waiting


@dataclass(frozen=True, slots=True)
class Begin:
    """Which purchases' attempts begin ``now``, and why others never will (``stopped``)."""

    now: Mapping[UUID, bool]
    stopped: Mapping[UUID, Reason]


def may_begin(
    waiting: Sequence[Purchase], cards: Mapping[CardKey, CardState], moment: Moment
) -> Begin:
    """Decide for locked purchases of one tenant, none of which was put to its card yet, by what their locked
    ``cards`` did.

    A purchase by hand always begins: there the owner acts, and it counts as an attempt. Of others
    no more begin at once than may be declined together; the rest waits for their answers.
    """
    now: dict[UUID, bool] = {}
    stopped: dict[UUID, Reason] = {}
    keys = [breaker.key_of(one) for one in waiting]
    left = {key: room(card.record, card.under_way, moment.at) for key, card in cards.items()}
    for purchase, key in zip(waiting, keys, strict=True):
        by_hand = purchase.by_owner
        verdict = next_attempt(cards[key].record, moment.at)
        if isinstance(verdict, Pause) and not by_hand:
            stopped[purchase.purchase_id] = Reason.auto_billing_paused
        elif not isinstance(verdict, Pause) and verdict.at > moment.at and not by_hand:
            stopped[purchase.purchase_id] = Reason.retry_later
        now[purchase.purchase_id] = by_hand or left[key] > 0
        left[key] -= 1
    return Begin(now, stopped)


async def stop_attempts(
    tx: Transaction,
    waiting: Sequence[Purchase],
    begin: Begin,
    moment: Moment,
    created: Mapping[UUID, str] = MappingProxyType({}),
) -> tuple[Effect, ...]:
    """What follows of the purchases that were decided on: those that begin are driven on, some with the
    payments that were ``created`` for them just now; those that never will are cancelled, and what waited
    for them ends now (R20)."""
    effects: tuple[Effect, ...] = ()
    for purchase in waiting:
        reason = begin.stopped.get(purchase.purchase_id)
        begun = None if reason is not None else created.get(purchase.purchase_id)
        if reason is not None:
            await purchases.set_state(tx, purchase, "canceling", reason=reason, moment=moment)
            if purchase.automatic:
                effects += await refuse_waiting(tx, purchase, reason, moment)
        if reason is not None or begin.now[purchase.purchase_id]:
            effects += (Drive(purchase.tenant_id, purchase.purchase_id, begun),)
    return effects


async def begin_attempt(
    ctx: Context, *, tenant_id: UUID, purchase_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    """Look again whether a purchase that had to wait for others on its card may be put to it now."""

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        purchase = await purchases.lock_purchase(tx, tenant_id, purchase_id)
        if purchase.state != "created" or purchase.attempted_at is not None:
            return ()
        key = breaker.key_of(purchase)
        cards = await breaker.read_cards(tx, tenant_id, [key], moment.at)
        begin = may_begin([purchase], cards, moment)
        await payments.begin_attempts(tx, tenant_id, begin.now, moment)
        return await stop_attempts(tx, [purchase], begin, moment)

    return await ctx.db.run(body)
