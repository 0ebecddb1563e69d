"""Checkout in setup mode: a page on which an owner saves a card (R27, R44)."""

from typing import Any

import pytest

from tests.gateways.stripe_server.desk import Desk, refusal

DAY_S = 86_400
PAGE = {
    "mode": "setup", "currency": "usd", "success_url": "https://x.test/ok?{CHECKOUT_SESSION_ID}",
    "cancel_url": "https://x.test/no",
}  # fmt: skip


async def _page(desk: Desk, **wish: Any) -> Any:
    return await desk.v1.checkout.sessions.create_async({**PAGE, **wish})


async def test_r27_a_card_is_saved_for_use_without_its_owner(desk: Desk) -> None:
    """The session leads to a SetupIntent, to a card, to the customer, and an event tells."""
    customer, _ = await desk.saved()
    page = await _page(
        desk, customer=customer, metadata={"account": "acc_1"}, client_reference_id="acc_1",
        setup_intent_data={"metadata": {"account": "acc_1"}},
    )  # fmt: skip
    assert (page.status, page.mode) == ("open", "setup")
    assert page.url.startswith("https://checkout.stripe.com/")
    assert desk.hooks.complete_checkout(page.id)["status"] == "complete"
    done = await desk.v1.checkout.sessions.retrieve_async(
        page.id, {"expand": ["setup_intent.payment_method"]}
    )
    setup = done.setup_intent
    assert (done.status, done.url, setup.status, setup.usage) == (
        "complete", None, "succeeded", "off_session",
    )  # fmt: skip
    assert setup.metadata.to_dict() == {"account": "acc_1"}
    card = setup.payment_method
    assert card.customer == customer and card.card.last4 == "4242"
    (event,) = desk.hooks.events("checkout.session.completed")
    assert event["data"]["object"]["setup_intent"] == setup.id
    assert event["data"]["object"]["client_reference_id"] == "acc_1"


async def test_r27_a_customer_is_made_when_asked_for(desk: Desk) -> None:
    """Otherwise there is none, as Stripe does."""
    page = await _page(desk, customer_creation="always", customer_email="o@x.test")
    made = desk.hooks.complete_checkout(page.id)["customer"]
    assert (await desk.v1.customers.retrieve_async(made)).email == "o@x.test"
    page = await _page(desk)
    assert desk.hooks.complete_checkout(page.id)["customer"] is None


async def test_r29_a_card_set_up_on_the_page_needs_no_owner_afterwards(desk: Desk) -> None:
    """The owner authenticates on the page; the same card saved without it would be declined."""
    page = await _page(desk, customer_creation="always")
    done = desk.hooks.complete_checkout(page.id, "authenticationRequiredOnSetup")
    setup = await desk.v1.setup_intents.retrieve_async(done["setup_intent"])
    paid = await desk.v1.payment_intents.create_async(
        {
            "amount": 1_000, "currency": "usd", "customer": done["customer"],
            "payment_method": setup.payment_method, "confirm": True, "off_session": True,
        }
    )  # fmt: skip
    assert paid.status == "succeeded"


async def test_r27_a_card_that_is_refused_leaves_the_page_open(desk: Desk) -> None:
    """The owner may try another."""
    page = await _page(desk, customer_creation="always")
    refused = desk.hooks.complete_checkout(page.id, "4000000000000002")
    assert refused["error"]["code"] == "card_declined"
    assert (await desk.v1.checkout.sessions.retrieve_async(page.id)).status == "open"
    assert desk.hooks.complete_checkout(page.id)["status"] == "complete"


async def test_r27_a_page_ends(desk: Desk) -> None:
    """After a day, or when it is closed; nothing can be saved on it then."""
    old, closed = await _page(desk), await _page(desk)
    assert (await desk.v1.checkout.sessions.expire_async(closed.id)).status == "expired"
    desk.server.advance(DAY_S)
    for page in (old, closed):
        seen = await desk.v1.checkout.sessions.retrieve_async(page.id)
        assert (seen.status, seen.url) == ("expired", None)
        assert "expired" in desk.hooks.complete_checkout(page.id)["error"]["message"]
    assert len(desk.hooks.events("checkout.session.expired")) == 2


@pytest.mark.parametrize(
    "wish",
    [
        {"mode": "setup", "success_url": "https://x.test"},
        {"mode": "setup", "currency": "usd"},
        {**PAGE, "customer": "cus_nobody"},
        {**PAGE, "line_items": [{"price": "price_1", "quantity": 1}]},
        {**PAGE, "expires_at": 1},
        {**PAGE, "nonsense": "x"},
    ],
)
async def test_r27_a_wrong_page_is_refused(desk: Desk, wish: Any) -> None:
    """400, and there is no session."""
    assert (await refusal(desk.v1.checkout.sessions.create_async(wish))).http_status == 400
    assert (await desk.v1.checkout.sessions.list_async()).data == []


async def test_r27_a_setup_intent_by_itself(desk: Desk) -> None:
    """Saved at once, or after its owner is asked."""
    customer = (await desk.v1.customers.create_async()).id
    wish = {
        "customer": customer, "confirm": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    }  # fmt: skip
    done = await desk.v1.setup_intents.create_async({**wish, "payment_method": "pm_card_visa"})
    assert done.status == "succeeded"
    kept = await desk.v1.customers.payment_methods.list_async(customer)
    assert [method.id for method in kept.data] == [done.payment_method]
    asked = await desk.v1.setup_intents.create_async(
        {**wish, "payment_method": "pm_card_authenticationRequired"}
    )
    assert asked.status == "requires_action"
    assert (await desk.v1.setup_intents.cancel_async(asked.id)).status == "canceled"
    error = await refusal(desk.v1.setup_intents.cancel_async(done.id))
    assert error.code == "setup_intent_unexpected_state"
