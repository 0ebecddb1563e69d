"""The answers have the shapes of Stripe's own: required fields, types, nothing invented (R44)."""

import json
from typing import Any

import pytest
import stripe

from tests.gateways.stripe_server.desk import CARDS_ONLY, Desk
from tests.stripe_server.data.make_shapes import SHAPES, kind

SHAPE: dict[str, Any] = json.loads(SHAPES.read_text())
CLASSES: dict[str, Any] = {
    "account": stripe.Account, "account_link": stripe.AccountLink, "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session, "customer": stripe.Customer,
    "dispute": stripe.Dispute, "event": stripe.Event, "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod, "refund": stripe.Refund,
    "setup_intent": stripe.SetupIntent, "webhook_endpoint": stripe.WebhookEndpoint,
}  # fmt: skip


async def _all_objects(desk: Desk) -> list[Any]:
    """Objects of every kind, in many states."""
    v1 = desk.v1
    account = await v1.accounts.create_async({"type": "standard"})
    link = await v1.account_links.create_async(
        {"account": account.id, "refresh_url": "https://x.test", "return_url": "https://x.test",
         "type": "account_onboarding"}
    )  # fmt: skip
    endpoint = await v1.webhook_endpoints.create_async(
        {"url": "https://x.test/hook", "enabled_events": ["charge.refunded"]}
    )
    session = await v1.checkout.sessions.create_async(
        {"mode": "setup", "currency": "usd", "success_url": "https://x.test",
         "customer_creation": "always"}
    )  # fmt: skip
    desk.hooks.complete_checkout(session.id)
    done = await v1.checkout.sessions.retrieve_async(session.id)
    setup = await v1.setup_intents.retrieve_async(done.setup_intent)
    method = await v1.payment_methods.retrieve_async(setup.payment_method)
    customer = await v1.customers.retrieve_async(done.customer)
    paid = await desk.paid(description="d", metadata={"a": "b"})
    refund = await v1.refunds.create_async({"payment_intent": paid.id, "amount": 1})
    desk.hooks.dispute(paid.id, 10)
    (dispute,) = (await v1.disputes.list_async()).data
    held, fresh = await desk.held(), await desk.intent()
    asked = await desk.intent("pm_card_authenticationRequired")
    asked = await v1.payment_intents.confirm_async(asked.id)
    charges = [await v1.charges.retrieve_async(i.latest_charge) for i in (paid, held)]
    events = (await v1.events.list_async({"limit": 100})).data
    return [
        account, link, endpoint, session, done, setup, method, customer, paid, refund, dispute,
        held, fresh, asked, *charges, *events,
    ]  # fmt: skip


async def test_r44_answers_have_the_shapes_of_stripe(desk: Desk) -> None:
    """Every required field; every type as in Stripe's example; no field that Stripe has not."""
    objects = [json.loads(str(made)) for made in await _all_objects(desk)]
    objects += [event["data"]["object"] for event in objects if event["object"] == "event"]
    wrong = {complaint for made in objects for complaint in _complaints(made)}
    assert wrong == set()
    assert {made["object"] for made in objects} >= set(SHAPE)


def _complaints(made: dict[str, Any]) -> list[str]:
    name = made["object"]
    shape = SHAPE.get(name)
    if shape is None:
        return [f"{name} has no shape"] if name != "list" else []
    missing = [f"{name} lacks {field}" for field in shape["required"] if field not in made]
    null = [f"{name}.{f} is null" for f in shape["not_null"] if made.get(f, "") is None]
    known = set(shape["fields"]) | set(CLASSES[name].__annotations__)
    strange = [f"{name}.{field} is invented" for field in made if field not in known]
    return [*missing, *null, *strange, *_types(name, shape["fields"], made)]


def _types(path: str, shape: Any, value: Any) -> list[str]:
    """Where both are there, the types agree; ids and what they stand for are the same thing."""
    if isinstance(shape, dict):
        if isinstance(value, dict):
            return [
                wrong
                for name, inner in shape.items()
                if name in value
                for wrong in _types(f"{path}.{name}", inner, value[name])
            ]
        return [] if value is None or isinstance(value, str) else [f"{path} is no object"]
    seen = kind(value)
    fits = (
        "null" in (shape, seen) or shape == seen or (shape == "string" and isinstance(seen, dict))
    )
    return [] if fits else [f"{path} is {seen}, not {shape}"]


@pytest.mark.parametrize("number", ["4000000000000341", "4000002760003184"])
async def test_r44_an_error_carries_objects_of_the_same_shapes(desk: Desk, number: str) -> None:
    """The intent and the card in a decline are as when they are read."""
    method = await desk.v1.payment_methods.create_async(
        {"type": "card", "card": {"number": number, "exp_month": 1, "exp_year": 2040}}
    )
    with pytest.raises(stripe.CardError) as refused:
        await desk.v1.payment_intents.create_async(
            {
                "amount": 1_000, "currency": "usd", "payment_method": method.id,
                "confirm": True, "off_session": True, "automatic_payment_methods": CARDS_ONLY,
            }
        )  # fmt: skip
    error: Any = refused.value.json_body
    intent, card = error["error"]["payment_intent"], error["error"]["payment_method"]
    assert _complaints(intent) == [] and _complaints(card) == []
    assert json.loads(str(await desk.read(intent["id"]))) == intent
