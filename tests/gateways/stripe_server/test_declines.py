"""The table of declines and the public test cards, through the SDK (R29)."""

from typing import Any

import pytest
import stripe

from tests.gateways.stripe_server.desk import CARDS_ONLY, Desk, refusal
from tests.stripe_server.cards import CARDS, DECLINES

# Code, decline code, advice: as docs.stripe.com/testing and /declines/codes say of these cards.
TABLE = {
    "4000000000000002": ("card_declined", "generic_decline", "try_again_later"),
    "4000000000009995": ("card_declined", "insufficient_funds", "try_again_later"),
    "4000000000009987": ("card_declined", "lost_card", "do_not_try_again"),
    "4000000000009979": ("card_declined", "stolen_card", "do_not_try_again"),
    "4000000000000069": ("expired_card", "expired_card", "confirm_card_data"),
    "4000000000000127": ("incorrect_cvc", "incorrect_cvc", "confirm_card_data"),
    "4000000000000119": ("processing_error", "processing_error", "try_again_later"),
    "4000000000006975": ("card_declined", "card_velocity_exceeded", "try_again_later"),
    "4000000000000341": ("card_declined", "generic_decline", "try_again_later"),
    "4100000000000019": ("card_declined", "fraudulent", "do_not_try_again"),
}
SAVABLE = {"4000000000000341", "4100000000000019"}


@pytest.mark.parametrize("number", TABLE)
async def test_r29_a_declined_charge_says_why(desk: Desk, number: str) -> None:
    """402 with code, decline code and advice, and the charge that failed."""
    method = await desk.v1.payment_methods.create_async(
        {"type": "card", "card": {"number": number, "exp_month": 12, "exp_year": 2034}}
    )
    error = await refusal(
        desk.v1.payment_intents.create_async(
            {
                "amount": 1_000, "currency": "usd", "payment_method": method.id, "confirm": True,
                "automatic_payment_methods": CARDS_ONLY,
            }
        )
    )  # fmt: skip
    assert isinstance(error, stripe.CardError) and error.http_status == 402
    told: Any = error.error
    assert (told.code, told.decline_code, told.advice_code) == TABLE[number]
    charge = await desk.v1.charges.retrieve_async(told.charge)
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, told.code)
    assert charge.outcome.type == ("blocked" if number == "4100000000000019" else "issuer_declined")
    assert desk.moved(told.payment_intent["id"]) == []


@pytest.mark.parametrize("number", TABLE)
async def test_r29_only_some_declined_cards_can_be_saved(desk: Desk, number: str) -> None:
    """The others are declined at attach already, and stay with nobody."""
    customer = await desk.v1.customers.create_async()
    method = await desk.v1.payment_methods.create_async(
        {"type": "card", "card": {"number": number, "exp_month": 12, "exp_year": 2034}}
    )
    attach = desk.v1.payment_methods.attach_async(method.id, {"customer": customer.id})
    if number in SAVABLE:
        assert (await attach).customer == customer.id
    else:
        error = await refusal(attach)
        assert (error.http_status, error.error.decline_code) == (402, TABLE[number][1])
        kept = await desk.v1.customers.payment_methods.list_async(customer.id)
        assert kept.data == []


@pytest.mark.parametrize("decline", [d for d in DECLINES if d != "authentication_required"])
async def test_r29_every_decline_can_be_had_on_a_saved_card(desk: Desk, decline: str) -> None:
    """By a card of ours, or by what a bank is told to say from now on."""
    error = await refusal(desk.paid(f"pm_card_ours_{decline}"))
    assert error.error.decline_code == decline
    customer, method = await desk.saved()
    desk.hooks.say(decline, "visa")
    wish = {
        "amount": 1_000, "currency": "usd", "customer": customer, "payment_method": method,
        "confirm": True, "off_session": True,
    }  # fmt: skip
    error = await refusal(desk.v1.payment_intents.create_async(wish))
    assert error.error.decline_code == decline
    assert error.error.network_decline_code == DECLINES[decline].network_decline_code
    desk.hooks.say(None, "visa")
    assert (await desk.v1.payment_intents.create_async(wish)).status == "succeeded"


async def test_r29_cards_that_ask_for_authentication(desk: Desk) -> None:
    """Each as its line in Stripe's table says, when its owner is away."""
    for card, decline in (
        ("authenticationRequired", "authentication_required"),
        ("authenticationRequiredOnSetup", "authentication_required"),
        ("threeDSecure2Required", "authentication_required"),
        ("threeDSecureRequiredChargeDeclined", "authentication_required"),
    ):
        error = await refusal(desk.paid(f"pm_card_{card}"))
        assert error.error.decline_code == decline
    assert (
        await desk.paid("pm_card_authenticationRequiredSetupForOffSession")
    ).status == "succeeded"


async def test_r29_declined_after_authentication(desk: Desk) -> None:
    """The owner passes, the bank says no all the same."""
    for card, code in (
        ("authenticationRequiredChargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("threeDSecureRequiredChargeDeclined", "generic_decline"),
    ):
        intent = await desk.intent(f"pm_card_{card}")
        assert (await desk.v1.payment_intents.confirm_async(intent.id)).status == "requires_action"
        after = desk.hooks.authenticate(intent.id)
        assert after["status"] == "requires_payment_method"
        assert after["last_payment_error"]["decline_code"] == code
    intent = await desk.intent("pm_card_threeDSecureRequiredProcessingError")
    await desk.v1.payment_intents.confirm_async(intent.id)
    after = desk.hooks.authenticate(intent.id)
    assert after["last_payment_error"]["code"] == "payment_intent_authentication_failure"


async def test_r29_a_fingerprint_is_of_the_number_and_the_account(desk: Desk) -> None:
    """Two customers with one card share it; another card, and another account, do not."""
    agency = desk.hooks.open_account()["id"]

    async def fingerprint(card: str, **options: str) -> str:
        _, method = await desk.saved(card, **options)
        found = await desk.v1.payment_methods.retrieve_async(method, None, options or None)
        seen: str = found.card.fingerprint
        return seen

    visa = await fingerprint("pm_card_visa")
    assert await fingerprint("pm_card_visa") == visa
    assert await fingerprint("pm_card_mastercard") != visa
    assert await fingerprint("pm_card_visa", stripe_account=agency) != visa


async def test_r29_a_card_is_reissued_in_its_place(desk: Desk) -> None:
    """The same id, a new expiry and, with a new number, a new fingerprint; an event tells."""
    _, method = await desk.saved()
    before = await desk.v1.payment_methods.retrieve_async(method)
    desk.hooks.update_card(method, 1, 2040, number="5555555555554444")
    after = await desk.v1.payment_methods.retrieve_async(method)
    assert (after.card.exp_month, after.card.exp_year) == (1, 2040)
    assert after.card.fingerprint != before.card.fingerprint
    (event,) = desk.hooks.events("payment_method.automatically_updated")
    assert event["data"]["object"]["id"] == method


async def test_r29_a_wrong_number_or_expiry_is_told(desk: Desk) -> None:
    """402, as Stripe checks cards when they are made."""
    for card, code in (
        ({"number": "4242424242424241", "exp_month": 1, "exp_year": 2040}, "incorrect_number"),
        ({"number": "4242424242424242", "exp_month": 13, "exp_year": 2040}, "invalid_expiry_month"),
        ({"number": "4242424242424242", "exp_month": 1, "exp_year": 2001}, "invalid_expiry_year"),
    ):
        error = await refusal(desk.v1.payment_methods.create_async({"type": "card", "card": card}))
        assert (error.http_status, error.code) == (402, code)


def test_r29_the_table_of_cards_has_no_number_twice() -> None:
    """Each test card is one card."""
    numbers = [card.number for card in CARDS.values()]
    assert len(numbers) == len(set(numbers))
