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
from brimful.effects.give_back import given_back, left_to_give
from brimful.gateways.port import Gateway

# A payment whose creation was never learnt of is given up: it is not confirmed and takes no money.
TOO_LATE = "too_late_to_create"


async def read_late(gateway: Gateway, purchase: Purchase) -> PaymentOutcome | RefundOutcome:
    """Look up what was captured and is to be given back: what has not come back to its payer by now is
    left to its seller, who was told if the gateway ever refused it; the audit names it (R17)."""
    assert purchase.gateway_account is not None and purchase.payment_id is not None
    seen = await gateway.look_up(
        account_ref=purchase.gateway_account, payment_id=purchase.payment_id
    )
    if not isinstance(seen, Captured):
        return seen
    return Unknown(why="too late to refund") if left_to_give(seen) > 0 else given_back(seen)


async def ask_late(gateway: Gateway, purchase: Purchase) -> PaymentOutcome | CreateOutcome:
    """Look the payment up. What took no money yet is cancelled, which is safe at any age."""
    if purchase.payment_id is None:
        return Refused(code=TOO_LATE)
    assert purchase.gateway_account is not None
    account, payment_id = purchase.gateway_account, purchase.payment_id
    seen = await gateway.look_up(account_ref=account, payment_id=payment_id)
    if not isinstance(seen, Created | Held):
        return seen
    return await cancel(gateway, purchase)


async def cancel(gateway: Gateway, purchase: Purchase) -> PaymentOutcome:
    """Cancel a purchase's payment, under the one key that there is for it: at any age (R22)."""
    assert purchase.gateway_account is not None and purchase.payment_id is not None
    return await gateway.cancel(
        account_ref=purchase.gateway_account,
        payment_id=purchase.payment_id,
        idempotency_key=f"cancel-{purchase.gateway_account}-{purchase.charge_id}",
    )
