"""Giving back what was taken for a purchase that cannot be delivered (R17, R22)."""

from brimful.billing.purchases import Purchase
from brimful.domain.payment import Captured, PaymentOutcome, Refunded, RefundOutcome
from brimful.gateways.port import Gateway


async def give_back(gateway: Gateway, purchase: Purchase) -> PaymentOutcome | RefundOutcome:
    """Refund what is left of a purchase's captured charge.

    It is read back first: whoever runs the seller's account at the gateway may have captured a part of a
    mere hold, or refunded some of it already. A request for more than is left would be refused each time.
    """
    assert purchase.gateway_account is not None and purchase.payment_id is not None
    account = purchase.gateway_account
    seen = await gateway.look_up(account_ref=account, payment_id=purchase.payment_id)
    if not isinstance(seen, Captured):
        return seen
    left_minor = seen.amount_minor - seen.refunded_minor
    if left_minor <= 0:
        return given_back(seen)
    key = f"refund-{account}-{purchase.charge_id}"
    if left_minor != purchase.charge_minor:
        # A key stands for one request, and another amount is another request.
        key = f"{key}-{left_minor}"
    return await gateway.refund(
        account_ref=account,
        payment_id=purchase.payment_id,
        amount_minor=left_minor,
        currency=seen.currency,
        idempotency_key=key,
    )


def given_back(seen: Captured) -> Refunded:
    """The refund that a payment shows of which nothing is left."""
    return Refunded(
        payment_id=seen.payment_id,
        refund_id=seen.refunds[-1].refund_id if seen.refunds else "",
        amount_minor=seen.refunded_minor,
        total_minor=seen.refunded_minor,
    )
