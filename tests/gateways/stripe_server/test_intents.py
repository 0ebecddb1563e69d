"""The state machine of a PaymentIntent, through the SDK (R22)."""

from typing import Any

import pytest

from tests.gateways.stripe_server.desk import CARDS_ONLY, Desk, refusal

OWNER_AWAY = {"off_session": True}


async def test_r22_create_moves_nothing_and_confirm_takes_it(desk: Desk) -> None:
    """requires_confirmation, then succeeded, with a charge that tells of the card."""
    intent = await desk.intent(metadata={"reference": "att_1"}, description="2,000 credits")
    assert (intent.status, intent.latest_charge) == ("requires_confirmation", None)
    assert desk.moved(intent.id) == []
    done = await desk.v1.payment_intents.confirm_async(
        intent.id, {**OWNER_AWAY, "expand": ["latest_charge"]}
    )
    assert (done.status, done.amount_received, done.amount_capturable) == ("succeeded", 1_000, 0)
    charge = done.latest_charge
    assert charge.captured and charge.amount_captured == 1_000
    assert charge.payment_method_details.card.fingerprint
    assert charge.metadata.to_dict() == {"reference": "att_1"}
    assert desk.moved(intent.id) == [1_000]


async def test_r22_a_decline_leaves_it_to_be_tried_with_a_card(desk: Desk) -> None:
    """Back to requires_payment_method, without its card; another card may be given."""
    customer, bad = await desk.saved("pm_card_chargeCustomerFail")
    good = await desk.v1.payment_methods.attach_async("pm_card_visa", {"customer": customer})
    intent = await desk.v1.payment_intents.create_async(
        {"amount": 1_000, "currency": "usd", "customer": customer, "payment_method": bad}
    )
    error = await refusal(desk.v1.payment_intents.confirm_async(intent.id, OWNER_AWAY))
    assert error.error.payment_intent["id"] == intent.id
    seen = await desk.read(intent.id)
    assert (seen.status, seen.payment_method) == ("requires_payment_method", None)
    assert seen.last_payment_error.decline_code == "generic_decline"
    assert seen.last_payment_error.payment_method.id == bad
    assert (await desk.v1.charges.retrieve_async(seen.latest_charge)).status == "failed"
    error = await refusal(desk.v1.payment_intents.confirm_async(intent.id, OWNER_AWAY))
    assert error.code == "payment_intent_unexpected_state"
    done = await desk.v1.payment_intents.confirm_async(
        intent.id, {**OWNER_AWAY, "payment_method": good.id}
    )
    assert (done.status, done.last_payment_error) == ("succeeded", None)


@pytest.mark.parametrize("state", ["fresh", "confirmable", "held", "declined", "action"])
async def test_r22_a_cancel_is_for_good(desk: Desk, state: str) -> None:
    """From every state in which no money was taken; nothing can be done with it afterwards."""
    intent = await _in_state(desk, state)
    done = await desk.v1.payment_intents.cancel_async(intent, {"cancellation_reason": "abandoned"})
    assert (done.status, done.cancellation_reason) == ("canceled", "abandoned")
    verbs = desk.v1.payment_intents
    for call in (
        verbs.confirm_async(intent, {**OWNER_AWAY, "payment_method": "pm_card_visa"}),
        verbs.capture_async(intent),
        verbs.cancel_async(intent),
        verbs.update_async(intent, {"amount": 900}),
    ):
        error = await refusal(call)
        assert (error.http_status, error.code) == (400, "payment_intent_unexpected_state")
        assert error.error.payment_intent["status"] == "canceled"
    assert desk.moved(intent) == []


async def _in_state(desk: Desk, state: str) -> str:
    """The id of an intent in a state."""
    if state == "fresh":
        made = await desk.v1.payment_intents.create_async({"amount": 1_000, "currency": "usd"})
    elif state == "held":
        made = await desk.held()
    else:
        made = await desk.intent("pm_card_authenticationRequired")
    if state == "declined":
        await refusal(desk.v1.payment_intents.confirm_async(made.id, OWNER_AWAY))
    elif state == "action":
        await desk.v1.payment_intents.confirm_async(made.id)
    id: str = made.id
    return id


async def test_r22_what_has_succeeded_cannot_be_cancelled(desk: Desk) -> None:
    """Nor confirmed, nor captured; the error shows what it is."""
    intent = await desk.paid()
    verbs = desk.v1.payment_intents
    for call in (
        verbs.cancel_async(intent.id),
        verbs.confirm_async(intent.id, OWNER_AWAY),
        verbs.capture_async(intent.id),
    ):
        error = await refusal(call)
        assert error.code == "payment_intent_unexpected_state"
        assert error.error.payment_intent["status"] == "succeeded"
    assert desk.moved(intent.id) == [1_000]


async def test_r22_confirms_have_a_limit(desk: Desk) -> None:
    """Then it is cancelled by itself."""
    desk.server.state.confirms_max = 3
    intent = await desk.intent("pm_card_chargeCustomerFail")
    method = intent.payment_method
    for _ in range(3):
        wish = {**OWNER_AWAY, "payment_method": method}
        error = await refusal(desk.v1.payment_intents.confirm_async(intent.id, wish))
        assert error.http_status == 402
    error = await refusal(desk.v1.payment_intents.confirm_async(intent.id, wish))
    assert error.code == "payment_intent_unexpected_state"
    assert (await desk.read(intent.id)).status == "canceled"


async def test_r29_the_owner_authenticates(desk: Desk) -> None:
    """Asked when the owner is there; passed it is paid, or held; failed it is declined."""
    for capture, status in (("automatic", "succeeded"), ("manual", "requires_capture")):
        intent = await desk.intent("pm_card_authenticationRequired", capture_method=capture)
        asked = await desk.v1.payment_intents.confirm_async(intent.id)
        assert (asked.status, asked.next_action.type) == ("requires_action", "use_stripe_sdk")
        assert desk.hooks.authenticate(intent.id)["status"] == status
        assert (await desk.read(intent.id)).status == status
    intent = await desk.intent("pm_card_authenticationRequired")
    await desk.v1.payment_intents.confirm_async(intent.id, {"return_url": "https://x.test"})
    assert (await desk.read(intent.id)).next_action.redirect_to_url.return_url == "https://x.test"
    failed = desk.hooks.authenticate(intent.id, passes=False)
    assert failed["status"] == "requires_payment_method"
    assert failed["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    assert desk.moved(intent.id) == []


@pytest.mark.parametrize("wish", [OWNER_AWAY, {"error_on_requires_action": True}])
async def test_r29_authentication_without_its_owner_is_a_decline(desk: Desk, wish: Any) -> None:
    """402 `authentication_required`; nothing is taken."""
    intent = await desk.intent("pm_card_authenticationRequired")
    error = await refusal(desk.v1.payment_intents.confirm_async(intent.id, wish))
    assert (error.http_status, error.code) == (402, "authentication_required")
    assert (await desk.read(intent.id)).status == "requires_payment_method"
    assert desk.moved(intent.id) == []


@pytest.mark.parametrize("passes", [True, False])
async def test_r22_the_bank_may_take_its_time(desk: Desk, passes: bool) -> None:
    """`processing` is neither paid nor failed, and cannot be cancelled; then it is one of them."""
    intent = await desk.intent("pm_card_ours_processing")
    asked = await desk.v1.payment_intents.confirm_async(intent.id, OWNER_AWAY)
    assert asked.status == "processing" and desk.moved(intent.id) == []
    error = await refusal(desk.v1.payment_intents.cancel_async(intent.id))
    assert error.code == "payment_intent_unexpected_state"
    end = desk.hooks.settle(intent.id, passes=passes)["status"]
    assert end == ("succeeded" if passes else "requires_payment_method")
    assert desk.moved(intent.id) == ([1_000] if passes else [])


async def test_r22_a_card_belongs_to_its_customer(desk: Desk) -> None:
    """It needs its customer named, is nobody else's, and once detached it is no card any more."""
    customer, method = await desk.saved()
    other, _ = await desk.saved()
    wish = {"amount": 1_000, "currency": "usd", "payment_method": method}
    create = desk.v1.payment_intents.create_async
    assert "must provide the customer" in str(await refusal(create(wish)))
    error = await refusal(create({**wish, "customer": other}))
    assert error.code == "resource_missing"
    intent = await create({**wish, "customer": customer})
    await desk.v1.payment_methods.detach_async(method)
    for call in (
        create({**wish, "customer": customer}),
        desk.v1.payment_intents.confirm_async(intent.id, OWNER_AWAY),
        desk.v1.payment_methods.attach_async(method, {"customer": customer}),
    ):
        assert "may not be used again" in str(await refusal(call))
    assert desk.moved(intent.id) == []


async def test_r22_a_card_that_nobody_saved_serves_once(desk: Desk) -> None:
    """The second use is refused."""
    method = await desk.v1.payment_methods.create_async(
        {"type": "card", "card": {"token": "tok_visa"}}
    )
    wish = {
        "amount": 1_000, "currency": "usd", "payment_method": method.id, "confirm": True,
        "automatic_payment_methods": CARDS_ONLY,
    }  # fmt: skip
    assert (await desk.v1.payment_intents.create_async(wish)).status == "succeeded"
    error = await refusal(desk.v1.payment_intents.create_async(wish))
    assert "may not be used again" in str(error)


async def test_r22_an_owner_who_is_there_needs_somewhere_to_return_to(desk: Desk) -> None:
    """As Stripe asks of an intent that allows redirects."""
    intent = await desk.intent(automatic_payment_methods={"enabled": True})
    error = await refusal(desk.v1.payment_intents.confirm_async(intent.id))
    assert "return_url" in str(error)
    done = await desk.v1.payment_intents.confirm_async(
        intent.id, {"return_url": "https://x.test/back"}
    )
    assert done.status == "succeeded"


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"amount": 49}, "amount_too_small"),
        ({"amount": 0}, "parameter_invalid_integer"),
        ({"amount": 100_000_000}, "amount_too_large"),
        ({"currency": "xxx"}, None),
        ({"customer": "cus_nobody"}, "resource_missing"),
        ({"payment_method": "pm_nothing"}, "resource_missing"),
        ({"off_session": True}, None),
        ({"metadata": {"k" * 41: "v"}}, None),
        ({"metadata": {"k": "v" * 501}}, None),
        ({"application_fee_amount": 1_001}, None),
    ],
)
async def test_r26_what_cannot_be_charged_is_refused(desk: Desk, wish: Any, code: str) -> None:
    """400, and there is no intent."""
    error = await refusal(
        desk.v1.payment_intents.create_async({"amount": 1_000, "currency": "usd", **wish})
    )
    assert (error.http_status, error.code) == (400, code)
    assert (await desk.v1.payment_intents.list_async()).data == []


async def test_r26_currencies_without_and_with_three_decimals(desk: Desk) -> None:
    """Amounts are minor units, whatever they are."""
    for currency, amount in (("jpy", 50), ("bhd", 1_000)):
        paid = await desk.paid(currency=currency, amount=amount)
        assert (paid.amount_received, paid.currency) == (amount, currency)


async def test_r22_an_unknown_payment_is_404(desk: Desk) -> None:
    """`resource_missing`, for every verb."""
    verbs = desk.v1.payment_intents
    for call in (
        verbs.retrieve_async("pi_none"),
        verbs.confirm_async("pi_none"),
        verbs.capture_async("pi_none"),
        verbs.cancel_async("pi_none"),
    ):
        error = await refusal(call)
        assert (error.http_status, error.code) == (404, "resource_missing")


async def test_r24_payments_are_listed_by_customer_and_time(desk: Desk) -> None:
    """Newest first, with cursors, as reconciliation needs them."""
    none = await desk.v1.payment_intents.list_async({"created": {"gte": 0}, "customer": "cus_1"})
    assert none.data == []
    customer, _ = await desk.saved()
    wish = {"amount": 1_000, "currency": "usd", "customer": customer}
    made = []
    for n in range(5):
        made.append((await desk.v1.payment_intents.create_async({**wish, "amount": 1_000 + n})).id)
        desk.server.advance(100)
    await desk.intent()
    page = await desk.v1.payment_intents.list_async({"customer": customer, "limit": 2})
    assert page.has_more
    assert [intent.id async for intent in page.auto_paging_iter()] == made[::-1]
    after = (await desk.read(made[2])).created
    late = await desk.v1.payment_intents.list_async(
        {"customer": customer, "created": {"gt": after}}
    )
    assert [intent.id for intent in late.data] == [made[4], made[3]]
