"""Idempotency as Stripe documents it, through the SDK (R22)."""

import asyncio
from typing import Any

import pytest
import stripe

from tests.gateways.stripe_server.desk import Desk, refusal
from tests.stripe_server.faults import Rule

DAY_S = 86_400
KEY = {"idempotency_key": "acc_1/attempt_1/create"}
WISH = {"amount": 1_000, "currency": "usd"}


async def test_r22_the_same_key_answers_the_same_and_does_nothing(desk: Desk) -> None:
    """The saved answer comes back, marked as replayed."""
    intent = await desk.intent()
    first = await desk.v1.payment_intents.confirm_async(intent.id, {"off_session": True}, KEY)
    second = await desk.v1.payment_intents.confirm_async(intent.id, {"off_session": True}, KEY)
    assert second == first
    assert "idempotent-replayed" not in first.last_response.headers
    assert second.last_response.headers["idempotent-replayed"] == "true"
    assert desk.moved(intent.id) == [1_000]


async def test_r22_a_replay_is_the_answer_of_then_not_of_now(desk: Desk) -> None:
    """What happened since does not show."""
    made = await desk.v1.payment_intents.create_async(WISH, KEY)
    await desk.v1.payment_intents.cancel_async(made.id)
    again = await desk.v1.payment_intents.create_async(WISH, KEY)
    assert (again.id, again.status) == (made.id, "requires_payment_method")
    assert (await desk.read(made.id)).status == "canceled"


async def test_r22_without_a_key_of_ours_each_request_counts(desk: Desk) -> None:
    """The SDK makes up a key per call: two refunds are two refunds."""
    intent = await desk.paid()
    for _ in range(2):
        await desk.v1.refunds.create_async({"payment_intent": intent.id, "amount": 100})
    assert desk.moved(intent.id) == [1_000, -100, -100]


async def test_r22_a_key_with_other_parameters_is_an_error(desk: Desk) -> None:
    """400 `idempotency_error`, also for another path."""
    await desk.v1.payment_intents.create_async(WISH, KEY)
    error = await refusal(desk.v1.payment_intents.create_async({**WISH, "amount": 999}, KEY))
    assert isinstance(error, stripe.IdempotencyError) and error.http_status == 400
    error = await refusal(desk.v1.customers.create_async({}, KEY))
    assert isinstance(error, stripe.IdempotencyError)


async def test_r22_a_key_in_flight_is_a_conflict(desk: Desk) -> None:
    """409 while the first still runs, which then is answered as ever."""
    intent = await desk.intent()
    rule = Rule(fault="wait", verb="payment_intents.confirm")
    desk.server.faults.rules.append(rule)
    first = asyncio.create_task(
        desk.v1.payment_intents.confirm_async(intent.id, {"off_session": True}, KEY)
    )
    await rule.arrived.wait()
    error = await refusal(
        desk.v1.payment_intents.confirm_async(intent.id, {"off_session": True}, KEY)
    )
    assert (error.http_status, error.error.code) == (409, "idempotency_key_in_use")
    assert error.headers["stripe-should-retry"] == "true"
    rule.opened.set()
    assert (await first).status == "succeeded"
    assert desk.moved(intent.id) == [1_000]


async def test_r22_a_decline_is_saved(desk: Desk) -> None:
    """The same key never asks the bank again, even if it would say yes now."""
    intent = await desk.intent()
    desk.hooks.say("do_not_honor")
    wish = {"off_session": True}
    first = await refusal(desk.v1.payment_intents.confirm_async(intent.id, wish, KEY))
    desk.hooks.say(None)
    second = await refusal(desk.v1.payment_intents.confirm_async(intent.id, wish, KEY))
    assert second.http_status == 402 and second.json_body == first.json_body
    assert second.headers["idempotent-replayed"] == "true"
    assert desk.moved(intent.id) == []


@pytest.mark.parametrize("when", ["before", "after"])
async def test_r22_a_500_is_saved(desk: Desk, when: Any) -> None:
    """The same key answers 500 for ever, whether or not the first took effect."""
    intent = await desk.intent()
    desk.server.faults.rules.append(Rule(fault="500", when=when, verb="payment_intents.confirm"))
    for replayed in (None, "true"):
        error = await refusal(
            desk.v1.payment_intents.confirm_async(intent.id, {"off_session": True}, KEY)
        )
        assert error.http_status == 500
        assert error.headers.get("idempotent-replayed") == replayed
    assert desk.moved(intent.id) == ([1_000] if when == "after" else [])


@pytest.mark.parametrize("fault", ["503", "409", "429", "lock_timeout"])
async def test_r22_what_is_to_be_tried_again_is_not_saved(desk: Desk, fault: Any) -> None:
    """The same key works afterwards."""
    intent = await desk.intent()
    desk.server.faults.rules.append(Rule(fault=fault, verb="payment_intents.confirm"))
    wish = {"off_session": True}
    error = await refusal(desk.v1.payment_intents.confirm_async(intent.id, wish, KEY))
    assert str(error.http_status) == {"lock_timeout": "429"}.get(fault, fault)
    again = await desk.v1.payment_intents.confirm_async(intent.id, wish, KEY)
    assert again.status == "succeeded" and desk.moved(intent.id) == [1_000]


async def test_r22_a_failed_validation_is_not_saved(desk: Desk) -> None:
    """The key may be used with the right parameters."""
    error = await refusal(
        desk.v1.payment_intents.create_async({"amount": 1, "currency": "usd"}, KEY)
    )
    assert error.code == "amount_too_small"
    assert (await desk.v1.payment_intents.create_async(WISH, KEY)).amount == 1_000


async def test_r22_a_key_is_forgotten_after_a_day(desk: Desk) -> None:
    """Until then it protects; afterwards the same key is a new request."""
    first = await desk.v1.payment_intents.create_async(WISH, KEY)
    desk.server.advance(DAY_S - 60)
    assert (await desk.v1.payment_intents.create_async(WISH, KEY)).id == first.id
    desk.server.advance(60)
    assert (await desk.v1.payment_intents.create_async(WISH, KEY)).id != first.id


async def test_r22_a_key_belongs_to_its_account(desk: Desk) -> None:
    """The same words on another account are another key."""
    agency = desk.hooks.open_account()["id"]
    ours = await desk.v1.payment_intents.create_async(WISH, KEY)
    theirs = await desk.v1.payment_intents.create_async(WISH, {**KEY, "stripe_account": agency})
    assert ours.id != theirs.id


async def test_r22_a_key_has_255_characters_at_most(desk: Desk) -> None:
    """A longer one is refused."""
    made = await desk.v1.payment_intents.create_async(WISH, {"idempotency_key": "k" * 255})
    assert made.id
    error = await refusal(
        desk.v1.payment_intents.create_async(WISH, {"idempotency_key": "k" * 256})
    )
    assert error.http_status == 400
