"""What follows when a payment was captured, by us or by whoever runs the seller's gateway account (R17).

What others capture is a hold, all of it or a part.
"""

from brimful.billing import purchases
from brimful.billing.purchases import Purchase
from brimful.db.transaction import Transaction
from brimful.domain.effect import Drive, Effect
from brimful.domain.moment import Moment
from brimful.domain.payment import Captured
from brimful.domain.reason import Reason
from brimful.usecases.deliver import deliver
from brimful.usecases.queue_at_sellers import leave_queue, queue_at_sellers
from brimful.usecases.record_card_result import note_success

# The card was put to its bank, perhaps with the owner present, and nothing is known yet.
ASKED = ("created", "authenticating")


def matches(purchase: Purchase, captured: Captured) -> bool:
    """A grant follows only from our own payment, with the amount and currency stored (R45)."""
    return (
        captured.payment_id == purchase.payment_id
        and captured.currency == purchase.currency
        and captured.amount_minor == purchase.charge_minor
    )


def is_another(purchase: Purchase, captured: Captured) -> bool:
    """It is our own payment, and not what was agreed on: a part of a hold, or edited since."""
    return purchase.payment_id == captured.payment_id and not matches(purchase, captured)


async def record_capture(tx: Transaction, purchase: Purchase, moment: Moment) -> tuple[Effect, ...]:
    """The money is taken: what it paid for is delivered at once. Pools and purchase are locked.

    Where the seller's stock is not secured, nobody of ours took it: whoever runs the seller's gateway
    account captured a mere hold. Then it is delivered once the stock is there, or given back.
    """
    effects = await note_success(tx, purchase, moment)
    if purchase.mode == "charge" or purchase.state == "capturing":
        return effects + await deliver(tx, purchase, moment)
    await purchases.set_charge_state(tx, purchase, "captured", captured_at=moment.at)
    if purchase.state in ASKED:
        effects += await queue_at_sellers(tx, [purchase], moment)
    elif purchase.state == "canceling":
        effects += (Drive(purchase.tenant_id, purchase.purchase_id),)
    return effects


async def give_up_capture(
    tx: Transaction, purchase: Purchase, moment: Moment
) -> tuple[Effect, ...]:
    """Another amount was taken than was agreed on, and can only be given back: whoever runs the seller's
    gateway account captured a part of a hold, whose rest is gone then, or edited the payment before it
    was confirmed (R17). Pools and purchase are locked."""
    await purchases.set_charge_state(tx, purchase, "captured", captured_at=moment.at)
    effects: tuple[Effect, ...] = ()
    reason = Reason.temporarily_unavailable
    if purchase.state == "waiting":
        effects += await leave_queue(tx, purchase, reason, moment)
    if purchase.state != "canceling":
        await purchases.set_state(tx, purchase, "canceling", reason=reason, moment=moment)
    return (*effects, Drive(purchase.tenant_id, purchase.purchase_id))
