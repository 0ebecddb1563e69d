"""What Stripe refuses that is no card's decline and no disconnected account (R10, R22, R25, R29)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from brimful.domain.disconnection import Connected
from brimful.domain.payment import Canceled, Created, Held, Refunded, Refused, Unknown, Unreachable
from brimful.gateways.pages import Onboarding
from tests.gateways.rigs import Rig, key, stripe
from tests.stripe_server.faults import Rule


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """Stripe alone."""
    async with stripe() as made:
        yield made


async def test_r10_a_key_that_lacks_a_permission_says_nothing_of_the_account(rig: Rig) -> None:
    """403 without the code of an account that is closed: nothing was done, and nobody has left."""
    payment = await rig.payment()
    rig.spoil(Rule(fault="not_permitted", verb="payment_intents.confirm"))
    assert isinstance(await rig.confirm(payment), Unreachable)
    assert await rig.look_up(payment) == Created(payment_id=payment)
    made = await rig.pages.onboarding_page(
        account_ref=None, reference=key(), email="owner@example.com", return_url="https://a.example"
    )
    assert isinstance(made, Onboarding)
    rig.spoil(Rule(fault="not_permitted", verb="accounts.*"))
    reading = await rig.connections.read_account(account_ref=made.account_ref)
    assert isinstance(reading, Unreachable)
    assert await rig.connections.read_account(account_ref=made.account_ref) == Connected()


async def test_r29_a_402_that_is_no_cards_is_no_decline(rig: Rig) -> None:
    """The account may take no payments at present: no card is to blame."""
    payment = await rig.payment()
    rig.spoil(Rule(fault="not_capable", verb="payment_intents.confirm"))
    assert isinstance(await rig.confirm(payment), Refused)
    assert await rig.look_up(payment) == Created(payment_id=payment)
    held, own = await rig.payment(), key()
    assert isinstance(await rig.confirm(held), Held)
    rig.spoil(Rule(fault="not_capable", verb="payment_intents.capture"))
    assert isinstance(await rig.capture(held, 1_000, own), Refused)


@pytest.mark.parametrize("fault", ["429", "lock_timeout"])
async def test_r29_a_gateway_that_asks_to_be_asked_less_often_is_busy(rig: Rig, fault: Any) -> None:
    """Unlike a time-out or a server error."""
    payment = await rig.payment()
    rig.spoil(Rule(fault=fault, verb="payment_intents.confirm"))
    answer = await rig.confirm(payment)
    assert isinstance(answer, Unknown) and answer.busy
    rig.spoil(Rule(fault="503", verb="payment_intents.confirm"))
    answer = await rig.confirm(payment)
    assert isinstance(answer, Unknown) and not answer.busy


async def test_r22_a_saved_refusal_to_cancel_holds_nothing_for_a_day(rig: Rig) -> None:
    """It came while the payment was processed; under the same key Stripe says so again for a day."""
    payment, own = await rig.payment(), key()
    assert isinstance(await rig.confirm(payment), Held)
    rig.spoil(Rule(fault="still_processing", verb="payment_intents.cancel"))
    assert isinstance(await rig.cancel(payment, own), Refused)
    assert await rig.cancel(payment, own) == Canceled(payment_id=payment)
    assert rig.moved(payment) == []


async def test_r25_a_refund_that_was_refused_for_a_time_is_made_after_it(rig: Rig) -> None:
    """Its balance was too small, and Stripe saves that with the key. Asked for again it is made, once."""
    payment, own = await rig.payment(), key()
    await rig.confirm(payment)
    await rig.capture(payment)
    rig.spoil(Rule(fault="no_balance", verb="refunds.create", times=2))
    assert isinstance(await rig.refund(payment, 300, own), Refused)
    assert isinstance(await rig.refund(payment, 300, own), Refused)
    for _ in range(2):
        assert isinstance(await rig.refund(payment, 300, own), Refunded)
    assert rig.moved(payment) == [1_000, -300]


async def test_r17_r22_a_refund_that_failed_since_is_made_anew(rig: Rig) -> None:
    """Under the key that it was asked for with Stripe tells for a day that it was made; it is looked at as it is
    now, and made under the next key, once."""
    payment, own = await rig.payment(), key()
    await rig.confirm(payment)
    await rig.capture(payment)
    first = await rig.refund(payment, 300, own)
    assert isinstance(first, Refunded) and await rig.refund(payment, 300, own) == first
    rig.fail_refund(first.refund_id)
    second = await rig.refund(payment, 300, own)
    assert isinstance(second, Refunded) and second.refund_id != first.refund_id
    assert (second.amount_minor, second.total_minor) == (300, 300)
    assert await rig.refund(payment, 300, own) == second
