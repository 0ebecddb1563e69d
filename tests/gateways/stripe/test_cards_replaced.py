"""R27, R29, R45: what Stripe tells of saved cards, through its SDK: replaced, updated, detached."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import stripe

from brimful.db.transaction import Database
from brimful.domain.payment import NotFound, SavedMethod
from brimful.domain.reason import Reason, Refuse
from brimful.gateways.pages import HostedPage
from brimful.usecases.answers import SpendDone
from brimful.usecases.save_card import record_card, remove_card
from tests.builders.held import SOON_S, until
from tests.builders.networks import card_of
from tests.builders.stripe_world import (
    BACK,
    CONNECT_SECRET,
    SECRET,
    StripeWorld,
    running_stripe_world,
)
from tests.builders.world import small_world
from tests.stripe_server.faults import Rule
from tests.stripe_server.webhooks import sign


@pytest.fixture
async def at_stripe(db: Database, tmp_path: Path) -> AsyncIterator[StripeWorld]:
    """An agency with one client, both with cards saved on pages of Stripe's."""
    async with running_stripe_world(db, tmp_path / "mail") as made:
        await small_world(made)
        yield made


async def come_in(world: StripeWorld, kind: str, **other: Any) -> str:
    """Stripe's last event of a kind comes in; its id."""
    event = {**world.server.hooks.events(kind)[-1], **other}
    body = json.dumps(event).encode()
    secret = SECRET if event.get("account") is None else CONNECT_SECRET
    signature = sign(body, secret, int(time.time()))
    assert await world.engine.receive_event(body=body, headers={"stripe-signature": signature})
    return str(event["id"])


async def told(world: StripeWorld, kind: str, **other: Any) -> str:
    """Stripe's last event of a kind comes in and is handled; what became of it."""
    event_id = await come_in(world, kind, **other)
    await world.settle()
    verdict: str = await world.db.fetchval(
        "select coalesce(verdict, state) from gateway_event where event_id = $1", event_id
    )
    return verdict


async def test_r29_stripe_tells_of_a_card_that_was_replaced(at_stripe: StripeWorld) -> None:
    """A lost card pauses; the network's new one, under the same id, ends it; what happens to its
    expiry alone does not."""
    world, card = at_stripe, await card_of(at_stripe, "Agency")
    world.server.hooks.say("lost_card", "visa")
    assert isinstance(await world.spend("Agency", 10), Refuse)
    world.server.hooks.update_card(card["gateway_method"], 1, 2041)
    assert await told(world, "payment_method.automatically_updated") == "recorded"
    refused = await world.spend("Agency", 10)
    assert isinstance(refused, Refuse) and refused.reason is Reason.auto_billing_paused
    world.server.hooks.update_card(card["gateway_method"], 2, 2042, number="mastercard")
    # The event says what it likes of the card: it is read.
    [event] = world.server.hooks.events("payment_method.automatically_updated")[-1:]
    lies = {"object": {**event["data"]["object"], "card": {"last4": "0000"}, "customer": "cus_1"}}
    for number in range(2):
        how = {"id": f"evt_twice_{number}", "type": "payment_method.updated", "data": lies}
        assert await told(world, event["type"], **how) == "recorded"
    now = await card_of(world, "Agency")
    assert (now["brand"], now["last4"], now["exp_year"]) == ("mastercard", "4444", 2042)
    assert now["gateway_method"] == card["gateway_method"]
    assert isinstance(await world.spend("Agency", 2_000), SpendDone)
    assert world.taken("platform") == [1_000]
    kinds = [notice["kind"] for notice in await world.notices("Agency")]
    assert kinds == ["auto_billing_failed", "resumed", "auto_billed"]


async def test_r29_a_late_decline_of_the_old_number_does_not_stop_the_new(
    at_stripe: StripeWorld,
) -> None:
    """The answer is on its way when the network replaces the card, and the event is handled first: the
    old number is paused, and the query that waits is paid by the new one."""
    world, card = at_stripe, await card_of(at_stripe, "Agency")
    late = Rule(fault="wait", when="after", verb="payment_intents.confirm")
    world.server.faults.rules.append(late)
    world.server.hooks.say("lost_card", "visa")
    asked = asyncio.create_task(world.spend("Agency", 10))
    await asyncio.wait_for(late.arrived.wait(), SOON_S)
    world.server.hooks.update_card(card["gateway_method"], 2, 2042, number="mastercard")
    await come_in(world, "payment_method.automatically_updated")

    async def replaced() -> bool:
        await world.engine.take_up_due_work()
        return bool((await card_of(world, "Agency"))["last4"] == "4444")

    await until(replaced)
    late.opened.set()
    assert isinstance(await asked, SpendDone)
    await world.settle()
    assert world.taken("platform") == [1_000]
    paused = await world.db.fetch("select fingerprint from breaker where paused_reason is not null")
    assert [row["fingerprint"] for row in paused] == [card["fingerprint"]]


async def test_r27_stripe_tells_of_a_card_that_was_detached(at_stripe: StripeWorld) -> None:
    """Somebody did it in the agency's Dashboard: the client has no card, and is told. The same event
    from another account, or of the live mode, says nothing of it."""
    world, card = at_stripe, await card_of(at_stripe, "Client 1")
    named = {"account_ref": card["gateway_account"], "method_id": card["gateway_method"]}
    await world.gateway.remove_method(**named)
    kind = "payment_method.detached"
    assert await told(world, kind, id="evt_1", account="acct_1Hostile") == "other_account"
    assert await told(world, kind, id="evt_2", livemode=True) == "other_mode"
    assert (await card_of(world, "Client 1"))["method_id"] == card["method_id"]
    assert await told(world, kind) == "recorded"
    left = "select count(*) from payment_method where removed_at is null and account_id = $1"
    assert await world.db.fetchval(left, world.names["Client 1"]) == 0
    assert [notice["kind"] for notice in await world.notices("Client 1")] == ["paused"]
    await world.card("Client 1")
    assert isinstance(await world.spend("Client 1", 10), SpendDone)


@pytest.mark.parametrize("by", ["page", "token"])
async def test_r27_whose_customer_was_deleted_saves_a_card_again(
    at_stripe: StripeWorld, by: str
) -> None:
    """The agency deleted it in its Dashboard, card and all: the next card is that of a new customer."""
    world, card = at_stripe, await card_of(at_stripe, "Client 1")
    merchant, lost = card["gateway_account"], card["gateway_customer"]
    own = stripe.StripeClient(
        world.server.hooks.own_key(merchant), base_addresses={"api": world.stripe_url}
    )
    await own.v1.customers.delete_async(lost)
    named: dict[str, Any] = {"account_ref": merchant, "customer_id": lost}
    if by == "page":
        page = await world.gateway.setup_page(**named, reference="client", return_url=BACK)
        assert isinstance(page, HostedPage), page
        world.server.hooks.complete_checkout(page.page_id, "mastercard")
        named, token = {**named, "customer_id": page.customer_id}, page.page_id
    else:
        token = "pm_card_mastercard"
    saved = await world.gateway.save_method(**named, token=token)
    assert isinstance(saved, SavedMethod) and saved.customer_id != lost


async def test_r29_a_detached_card_that_nobody_told_of_is_no_outage(at_stripe: StripeWorld) -> None:
    """Its event is lost. Stripe refuses it without a code of its own: it is the card that is gone, for
    which its own payer is refused, and no other client of the same agency."""
    world, card = at_stripe, await card_of(at_stripe, "Client 1")
    await world.gateway.remove_method(
        account_ref=card["gateway_account"], method_id=card["gateway_method"]
    )
    await world.open("Client 2", "Agency")
    await world.card("Client 2", "mastercard")
    await world.auto_billing("Client 2")
    refused = await world.spend("Client 1", 10)
    assert isinstance(refused, Refuse) and refused.reason is Reason.card_declined
    assert await world.db.fetchval("select count(*) from gateway_outage") == 0
    again = await world.spend("Client 1", 10)
    assert isinstance(again, Refuse) and again.reason is Reason.auto_billing_paused
    assert isinstance(await world.spend("Client 2", 10), SpendDone)


async def test_r27_stripe_tells_of_a_card_that_we_detached(at_stripe: StripeWorld) -> None:
    """It was removed here before: nothing follows."""
    world, card = at_stripe, await card_of(at_stripe, "Agency")
    effects = await remove_card(
        world.engine.ctx,
        tenant_id=card["tenant_id"],
        account_id=card["account_id"],
        method_id=card["method_id"],
        moment=world.engine.now(),
    )
    assert isinstance(effects, tuple)
    world.engine.run(effects)
    await world.settle()
    assert await told(world, "payment_method.detached") == "method_removed"
    assert await world.notices("Agency") == []


async def test_r27_a_card_that_is_saved_again_stays_at_the_gateway(at_stripe: StripeWorld) -> None:
    """The same payment method, sent twice, such as by a client that got no answer: it is the card in
    use, so that it is not detached as the one that it replaced; once it is removed, it is."""
    world, account = at_stripe, await at_stripe.account("Agency")
    owner: dict[str, Any] = {"tenant_id": account.tenant_id, "account_id": account.account_id}
    token, customer = "pm_card_mastercard", None
    for _ in range(2):
        saved = await world.gateway.save_method(
            account_ref="platform", customer_id=customer, token=token
        )
        assert isinstance(saved, SavedMethod)
        token, customer = saved.method_id, saved.customer_id
        recorded = await record_card(
            world.engine.ctx,
            **owner,
            gateway_account="platform",
            saved=saved,
            moment=world.engine.now(),
        )
        world.engine.run(recorded.effects)
        await world.settle()
    named = {"account_ref": "platform", "method_id": token}
    assert await world.gateway.read_method(**named) == saved
    assert isinstance(await world.spend("Agency", 10), SpendDone)
    world.server.hooks.update_card(token, 2, 2042)
    assert await told(world, "payment_method.automatically_updated") == "recorded"
    assert (await card_of(world, "Agency"))["exp_year"] == 2042
    moment, method_id = world.engine.now(), recorded.method_id
    effects = await remove_card(world.engine.ctx, **owner, method_id=method_id, moment=moment)
    assert isinstance(effects, tuple)
    world.engine.run(effects)
    await world.settle()
    assert await world.gateway.read_method(**named) == NotFound()
