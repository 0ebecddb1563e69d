"""Giving back what was taken for a purchase that cannot be delivered (R17, R22)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from brimful.billing.purchases import Purchase
from brimful.domain.payment import Captured, PaymentOutcome, Refunded, RefundOutcome, Refused
from brimful.gateways.port import Gateway


async def give_back(
    gateway: Gateway, purchase: Purchase, asking: Callable[[], Awaitable[None]]
) -> PaymentOutcome | RefundOutcome:
    """Refund what is left of a purchase's captured charge; ``asking`` is awaited before the request.

    It is read back first: whoever runs the seller's account at the gateway may have captured a part of a
    mere hold, or refunded some of it already. A request for more than is left would be refused each time.
    """
    assert purchase.gateway_account is not None and purchase.payment_id is not None
    account = purchase.gateway_account
    seen = await gateway.look_up(account_ref=account, payment_id=purchase.payment_id)
    if not isinstance(seen, Captured):
        return seen
    left_minor = left_to_give(seen)
    if left_minor <= 0:
        return given_back(seen)
    key = f"refund-{account}-{purchase.charge_id}"
    if left_minor != purchase.charge_minor:
        # A key stands for one request, and another amount is another request.
        key = f"{key}-{left_minor}"
    await asking()
    answer = await gateway.refund(
        account_ref=account,
        payment_id=purchase.payment_id,
        amount_minor=left_minor,
        currency=seen.currency,
        idempotency_key=key,
    )
    return replace(answer, amount_minor=left_minor) if isinstance(answer, Refused) else answer


def left_to_give(seen: Captured) -> int:
    """What of a captured payment has not come back to its payer, in minor units: neither by a refund
    nor by a dispute that the seller lost."""
    lost_minor = sum(one.amount_minor for one in seen.disputes if one.state == "lost")
    return seen.amount_minor - seen.refunded_minor - lost_minor


def given_back(seen: Captured) -> Refunded:
    """The refund that a payment shows of which nothing is left."""
    return Refunded(
        payment_id=seen.payment_id,
        refund_id=seen.refunds[-1].refund_id if seen.refunds else "",
        amount_minor=seen.refunded_minor,
        total_minor=seen.refunded_minor,
    )
