"""R29: the contract of a charge with its owner there: where the bank asks, and what comes of it."""

import pytest

from brimful.domain.payment import Captured, Declined, Held, NeedsAuthentication
from tests.gateways.rigs import Rig, key

BACK = "https://app.example.com/v1/authentications/returns/1"


async def asked(rig: Rig, payment_id: str) -> NeedsAuthentication:
    """Confirm with the owner there; the bank asks."""
    said = await rig.gateway.confirm(
        account_ref=rig.account_ref,
        payment_id=payment_id,
        idempotency_key=key(),
        off_session=False,
        return_url=BACK,
    )
    assert isinstance(said, NeedsAuthentication), said
    return said


@pytest.mark.parametrize("capture", ["automatic", "manual"])
async def test_r29_an_owner_who_is_there_confirms_where_the_bank_asks(
    rig: Rig, capture: str
) -> None:
    """Nothing moves before; the address is told again by every reading, and gone afterwards."""
    payment = await rig.payment("authenticate", capture=capture)
    said = await asked(rig, payment)
    assert said.action_url is not None and said.action_url.startswith("http")
    seen = await rig.look_up(payment)
    assert isinstance(seen, NeedsAuthentication) and seen.action_url == said.action_url
    assert rig.moved(payment) == []
    await rig.answer(said, True)
    paid = await rig.look_up(payment)
    if capture == "manual":
        assert isinstance(paid, Held)
        paid = await rig.capture(payment)
    assert isinstance(paid, Captured)
    assert rig.moved(payment)[-1] == 1_000


async def test_r29_an_owner_who_does_not_confirm_has_let_it_be(rig: Rig) -> None:
    """A decline like another: nothing was taken, and it can be cancelled."""
    payment = await rig.payment("authenticate", capture="automatic")
    await rig.answer(await asked(rig, payment), False)
    assert isinstance(await rig.look_up(payment), Declined)
    await rig.cancel(payment)
    assert rig.moved(payment) == []


async def test_r29_without_its_owner_there_is_no_place_to_ask(rig: Rig) -> None:
    """It fails at once, with no address."""
    payment = await rig.payment("authenticate")
    said = await rig.confirm(payment)
    assert isinstance(said, NeedsAuthentication) and said.action_url is None
