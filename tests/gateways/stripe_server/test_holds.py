"""Holds: captured, in part, released, expired by the virtual clock (R17, R22)."""

import pytest

from tests.gateways.stripe_server.desk import Desk, refusal

DAY_S, HOUR_S = 86_400, 3_600


async def test_r17_a_hold_takes_nothing_until_captured(desk: Desk) -> None:
    """requires_capture, then succeeded."""
    held = await desk.held()
    assert (held.status, held.amount_capturable, held.amount_received) == (
        "requires_capture", 1_000, 0,
    )  # fmt: skip
    assert desk.moved(held.id) == []
    done = await desk.v1.payment_intents.capture_async(held.id)
    assert (done.status, done.amount_capturable, done.amount_received) == ("succeeded", 0, 1_000)
    assert desk.moved(held.id) == [1_000]


async def test_r17_a_part_is_captured_and_the_rest_let_go(desk: Desk) -> None:
    """The intent keeps its amount; the charge shows the rest as given back; it is refunded less."""
    held = await desk.held()
    done = await desk.v1.payment_intents.capture_async(held.id, {"amount_to_capture": 400})
    assert (done.amount, done.amount_received) == (1_000, 400)
    charge = await desk.v1.charges.retrieve_async(done.latest_charge)
    assert (charge.amount_captured, charge.amount_refunded, charge.refunded) == (400, 600, False)
    assert (await desk.v1.refunds.list_async({"payment_intent": held.id})).data == []
    error = await refusal(desk.v1.refunds.create_async({"payment_intent": held.id, "amount": 401}))
    assert "greater than unrefunded amount" in str(error)
    await desk.v1.refunds.create_async({"payment_intent": held.id, "amount": 400})
    assert desk.moved(held.id) == [400, -400]


async def test_r17_too_much_or_nothing_is_refused(desk: Desk) -> None:
    """The hold stays as it was."""
    held = await desk.held()
    for amount, code in ((1_001, "amount_too_large"), (0, "parameter_invalid_integer")):
        error = await refusal(
            desk.v1.payment_intents.capture_async(held.id, {"amount_to_capture": amount})
        )
        assert (error.http_status, error.code) == (400, code)
    assert (await desk.read(held.id)).amount_capturable == 1_000


async def test_r17_a_second_capture_is_refused(desk: Desk) -> None:
    """`charge_already_captured`."""
    held = await desk.held()
    await desk.v1.payment_intents.capture_async(held.id)
    error = await refusal(desk.v1.payment_intents.capture_async(held.id))
    assert (error.http_status, error.code) == (400, "charge_already_captured")
    assert desk.moved(held.id) == [1_000]


async def test_r17_what_is_not_held_cannot_be_captured(desk: Desk) -> None:
    """`payment_intent_unexpected_state`."""
    intent = await desk.intent(capture_method="manual")
    error = await refusal(desk.v1.payment_intents.capture_async(intent.id))
    assert error.code == "payment_intent_unexpected_state"


async def test_r17_a_cancel_lets_a_hold_go(desk: Desk) -> None:
    """The charge was never captured and counts as given back; an event tells of both."""
    held = await desk.held()
    await desk.v1.payment_intents.cancel_async(held.id)
    charge = await desk.v1.charges.retrieve_async(held.latest_charge)
    assert (charge.captured, charge.refunded, charge.amount_captured) == (False, True, 0)
    assert desk.moved(held.id) == []
    kinds = [event["type"] for event in desk.hooks.events()][-2:]
    assert kinds == ["charge.refunded", "payment_intent.canceled"]


@pytest.mark.parametrize(
    ("card", "owner_away", "lasts_s"),
    [
        ("pm_card_visa", True, 4 * DAY_S + 18 * HOUR_S),
        ("pm_card_visa", False, 7 * DAY_S),
        ("pm_card_mastercard", True, 7 * DAY_S),
    ],
)
async def test_r17_a_hold_expires_by_the_clock(
    desk: Desk, card: str, owner_away: bool, lasts_s: int
) -> None:
    """`capture_before` is told; until then it can be captured, afterwards it is cancelled."""
    wish = {"capture_method": "manual", "confirm": True, "expand": ["latest_charge"]}
    if owner_away:
        wish["off_session"] = True
    held, other = await desk.intent(card, **wish), await desk.intent(card, **wish)
    before = held.latest_charge.payment_method_details.card.capture_before
    assert before - held.latest_charge.created == lasts_s
    desk.server.clock.freeze(before - 1)
    assert (await desk.v1.payment_intents.capture_async(other.id)).status == "succeeded"
    desk.server.advance(2)
    error = await refusal(desk.v1.payment_intents.capture_async(held.id))
    assert error.code == "charge_expired_for_capture"
    desk.server.advance(HOUR_S)
    seen = await desk.read(held.id)
    assert (seen.status, seen.cancellation_reason) == ("canceled", "automatic")
    error = await refusal(desk.v1.payment_intents.capture_async(held.id))
    assert error.code == "payment_intent_unexpected_state"
    assert desk.moved(held.id) == []
    kinds = [e["type"] for e in desk.hooks.events() if e["data"]["object"]["id"] == held.id]
    assert kinds[-1] == "payment_intent.canceled"
    assert desk.hooks.events("charge.expired")


async def test_r17_a_capture_may_be_declined(desk: Desk) -> None:
    """With a card of ours: nothing is taken, and it can be cancelled."""
    held = await desk.held("pm_card_ours_captureDeclined")
    error = await refusal(desk.v1.payment_intents.capture_async(held.id))
    assert (error.http_status, error.code) == (402, "card_declined")
    assert (await desk.v1.payment_intents.cancel_async(held.id)).status == "canceled"
    assert desk.moved(held.id) == []
