"""R22, R25: every gateway tells all refunds of a payment, each once, and by whom it was asked for."""

from brimful.domain.payment import Captured, Refunded
from tests.gateways.rigs import Rig, key


async def test_r22_r25_refunds_are_told_with_the_key_they_were_asked_for_under(rig: Rig) -> None:
    """So that a lost reply is no loss: a read-back tells whether ours was made."""
    payment = await rig.payment()
    await rig.confirm(payment)
    await rig.capture(payment)
    seen = await rig.look_up(payment)
    assert isinstance(seen, Captured)
    assert (seen.refunds, seen.disputes) == ((), ())
    told = []
    for amount in (300, 700):
        own = key()
        back = await rig.refund(payment, amount, own)
        assert isinstance(back, Refunded)
        assert await rig.refund(payment, amount, own) == back
        told.append((back.refund_id, amount, "succeeded", own))
    seen = await rig.look_up(payment)
    assert isinstance(seen, Captured)
    refunds = [(one.refund_id, one.amount_minor, one.state, one.reference) for one in seen.refunds]
    assert sorted(refunds) == sorted(told)
