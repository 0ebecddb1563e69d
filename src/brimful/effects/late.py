"""What is asked instead of a request for money that is too old to be sent again (R22)."""

from brimful.billing.purchases import Purchase
from brimful.domain.payment import (
    Captured,
    Created,
    CreateOutcome,
    Held,
    PaymentOutcome,
    RefundOutcome,
    Refused,
    Unknown,
)
from brimful.effects.give_back import given_back
from brimful.gateways.port import Gateway

# A payment whose creation was never learnt of is given up: it is not confirmed and takes no money.
TOO_LATE = "too_late_to_create"


async def ask_late(
    gateway: Gateway, purchase: Purchase
) -> PaymentOutcome | CreateOutcome | RefundOutcome:
    """Look the payment up. What took no money yet is cancelled, which is safe at any age; what was
    captured and may not have been given back is left to whoever reconciles."""
    if purchase.payment_id is None:
        return Refused(code=TOO_LATE)
    assert purchase.gateway_account is not None
    account, payment_id = purchase.gateway_account, purchase.payment_id
    seen = await gateway.look_up(account_ref=account, payment_id=payment_id)
    if purchase.state == "canceling" and isinstance(seen, Captured):
        if seen.refunded_minor < seen.amount_minor:
            return Unknown(why="too late to refund")
        # A try of ours has made it after all.
        return given_back(seen)
    if not isinstance(seen, Created | Held):
        return seen
    return await gateway.cancel(
        account_ref=account,
        payment_id=payment_id,
        idempotency_key=f"cancel-{account}-{purchase.charge_id}",
    )
