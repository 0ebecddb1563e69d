"""A server error that Stripe saved for a key is not answered for a day (R22, R25)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from brimful.domain.payment import Canceled, Captured, Refunded, Unknown
from tests.gateways.rigs import Rig, key, stripe
from tests.stripe_server.faults import Rule


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """Stripe alone."""
    async with stripe() as made:
        yield made


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("verb", ["capture", "cancel", "refund"])
async def test_r22_a_saved_server_error_is_got_over(rig: Rig, verb: str, when: Any) -> None:
    """Unknown at first; asked again under the same key it is done, and once in all."""
    payment, own = await rig.payment(), key()
    await rig.confirm(payment)
    if verb == "refund":
        await rig.capture(payment)
    resource = "refunds.create" if verb == "refund" else f"payment_intents.{verb}"
    rig.spoil(Rule(fault="500", when=when, verb=resource))

    async def ask() -> object:
        if verb == "refund":
            return await rig.refund(payment, 300, own)
        return await (
            rig.capture(payment, 1_000, own) if verb == "capture" else rig.cancel(payment, own)
        )

    assert isinstance(await ask(), Unknown)
    done = await ask()
    assert isinstance(done, Captured | Canceled | Refunded)
    assert isinstance(await ask(), type(done))
    expected = {"capture": [1_000], "cancel": [], "refund": [1_000, -300]}
    assert rig.moved(payment) == expected[verb]
