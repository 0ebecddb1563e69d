"""What follows when a payment was captured, by us or by whoever runs the seller's gateway account (R17).

Only a hold can be captured by others; what they take of it is what was agreed on, or a part of that.
"""

from brimful.billing import purchases
from brimful.billing.purchases import Purchase
from brimful.db.transaction import Transaction
from brimful.domain.effect import Drive, Effect
from brimful.domain.moment import Moment
from brimful.domain.payment import Captured
from brimful.domain.reason import Reason
from brimful.usecases.deliver import deliver
from brimful.usecases.queue_at_sellers import queue_at_sellers
from brimful.usecases.record_card_result import note_success

# The card was put to its bank, perhaps with the owner present, and nothing is known yet.
ASKED = ("created", "authenticating")


def matches(purchase: Purchase, captured: Captured) -> bool:
    """A grant follows only from our own payment, with the amount and currency stored (R45)."""
    return _is_ours(purchase, captured) and captured.amount_minor == purchase.charge_minor


def is_part(purchase: Purchase, captured: Captured) -> bool:
    """It is a hold of ours, and less of it than was to be charged."""
    whole_minor = purchase.charge_minor
    return (
        _is_ours(purchase, captured)
        and purchase.mode == "hold"
        and whole_minor is not None
        and captured.amount_minor < whole_minor
    )


def _is_ours(purchase: Purchase, captured: Captured) -> bool:
    named = (captured.payment_id, captured.currency)
    return named == (purchase.payment_id, purchase.currency)


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
    """Whoever runs the seller's gateway account captured a part of a hold, and the rest of it is gone:
    nothing is delivered for less than was agreed on, and the part is given back (R17). Pools and
    purchase are locked."""
    await purchases.set_charge_state(tx, purchase, "captured", captured_at=moment.at)
    if purchase.state != "canceling":
        reason = Reason.temporarily_unavailable
        await purchases.set_state(tx, purchase, "canceling", reason=reason, moment=moment)
    return (Drive(purchase.tenant_id, purchase.purchase_id),)
