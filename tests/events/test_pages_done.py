"""R27, R45: a card saved on a hosted page is recorded once, whoever says that the page is done."""

import itertools
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from stripe import WebhookSignature

from brimful.db.transaction import Database
from brimful.gateways.pages import HostedPage
from brimful.usecases.host_pages import note_card_page
from brimful.usecases.save_card import remove_card
from tests.builders.http import acc, caller, serving_api
from tests.builders.post import Post
from tests.builders.stripe_world import BACK, CONNECT_SECRET, StripeWorld, running_stripe_world
from tests.builders.world import World
from tests.stripe_server.faults import Rule as StripeRule


@pytest.fixture
async def at_stripe(db: Database, tmp_path: Path) -> AsyncIterator[StripeWorld]:
    """A seller at Stripe with two clients that have no card."""
    async with running_stripe_world(db, tmp_path / "mail") as made:
        await made.open("Shop", sells=True)
        await made.open("Client", "Shop")
        await made.open("Other", "Shop")
        yield made


async def page_of(world: World, name: str, **how: Any) -> HostedPage:
    """A page for an account's owner, asked for and noted as the API does."""
    account = await world.account(name)
    pages, seller = world.engine.pages, await world.account("Shop")
    assert pages is not None
    made = await pages.setup_page(
        account_ref=seller.merchant_ref,
        customer_id=None,
        reference=account.account_id.hex,
        return_url=BACK,
    )
    assert isinstance(made, HostedPage), made
    await note_card_page(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        page_id=made.page_id,
        gateway_account=seller.merchant_ref,
        customer_id=made.customer_id,
        role=how.get("role", "primary"),
        given_by="Ann",
        moment=world.engine.now(),
    )
    return made


def event_of(world: StripeWorld) -> dict[str, Any]:
    """The event that Stripe made of the last completed page."""
    return dict(world.server.hooks.events("checkout.session.completed")[-1])


async def tell(world: StripeWorld, event: dict[str, Any], secret: str = CONNECT_SECRET) -> bool:
    """Send an event as Stripe signs, and let it be handled."""
    body = json.dumps(event).encode()
    header = WebhookSignature.generate_signature_header(
        body.decode(), secret, timestamp=int(time.time())
    )
    taken = await world.engine.receive_event(body=body, headers={"stripe-signature": header})
    await world.settle()
    return taken


async def on_file(world: World, name: str) -> list[tuple[str, str]]:
    """The cards in use of an account."""
    rows = await world.db.fetch(
        "select role, last4 from payment_method "
        "where account_id = $1 and removed_at is null order by role desc",
        world.names[name],
    )
    return [(row["role"], row["last4"]) for row in rows]


async def verdicts(world: World) -> list[str]:
    """What became of each event, in the order of their ids."""
    rows = await world.db.fetch(
        "select coalesce(verdict, state) as verdict from gateway_event order by received_real_at"
    )
    return [row["verdict"] for row in rows]


async def test_r27_an_owner_who_does_not_come_back_has_saved_a_card(at_stripe: StripeWorld) -> None:
    """The event alone: the card is on file and can be charged; a second one of it changes nothing."""
    world = at_stripe
    page = await page_of(world, "Client")
    world.server.hooks.complete_checkout(page.page_id, "visa")
    event = event_of(world)
    assert await tell(world, event)
    assert await on_file(world, "Client") == [("primary", "4242")]
    await tell(world, {**event, "id": "evt_second_object"})
    assert await verdicts(world) == ["recorded", "recorded"]
    assert await world.db.fetchval("select count(*) from payment_method") == 1
    await world.stock("Shop", credits=100)
    await world.buy("Client", await world.package("Shop", 500, credits=100))
    await world.settle()
    assert world.taken() == [500]


@pytest.mark.parametrize("order", list(itertools.permutations(["event", "call", "again"])))
async def test_r27_whoever_says_it_first_the_card_is_recorded_once(
    at_stripe: StripeWorld, order: tuple[str, ...]
) -> None:
    """The event, the owner's return and a second event object, in every order: one card, one id."""
    world = at_stripe
    page = await page_of(world, "Client", role="backup")
    world.server.hooks.complete_checkout(page.page_id, "visa")
    event, ids = event_of(world), set()
    async with serving_api(world) as url, caller(world, url, "Shop") as shop:
        path = f"/v1/accounts/{acc(world, 'Client')}/payment-methods"
        for step in order:
            if step == "call":
                saved = await shop.post(path, {"token": page.page_id})
                assert saved.status_code == 201
                ids.add(saved.json()["id"])
            else:
                await tell(world, {**event, "id": f"evt_{step}"})
        wrong = await shop.post(path, {"token": page.page_id, "role": "primary"})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_request")
    kept = await world.db.fetch("select method_id from payment_method")
    assert {f"pmt_{row['method_id'].hex}" for row in kept} == ids
    # Without a primary a backup is the primary.
    assert await on_file(world, "Client") == [("primary", "4242")]


async def test_r27_a_removed_card_does_not_come_back_by_a_late_event(
    at_stripe: StripeWorld,
) -> None:
    """Recorded, removed by its owner; Stripe sends the event once more, for days."""
    world = at_stripe
    page = await page_of(world, "Client")
    world.server.hooks.complete_checkout(page.page_id, "visa")
    event, account = event_of(world), await world.account("Client")
    await tell(world, event)
    method = await world.db.fetchval("select method_id from payment_method")
    await remove_card(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        method_id=method,
        moment=world.engine.now(),
    )
    await tell(world, {**event, "id": "evt_late"})
    assert await on_file(world, "Client") == []
    assert await verdicts(world) == ["recorded", "recorded"]


async def test_r27_the_late_event_of_an_older_page_takes_no_newer_card_s_place(
    at_stripe: StripeWorld,
) -> None:
    """The owner saved a card, did not come back, saw none and saved another: then the first page's event
    comes. Should the owner come back from that page after all, it is what the owner wants now."""
    world = at_stripe
    older, newer = await page_of(world, "Client"), await page_of(world, "Client")
    world.server.hooks.complete_checkout(older.page_id, "visa")
    late = event_of(world)
    world.server.hooks.complete_checkout(newer.page_id, "mastercard")
    async with serving_api(world) as url, caller(world, url, "Shop") as shop:
        path = f"/v1/accounts/{acc(world, 'Client')}/payment-methods"
        assert (await shop.post(path, {"token": newer.page_id})).status_code == 201
        await tell(world, late)
        assert await on_file(world, "Client") == [("primary", "4444")]
        assert await verdicts(world) == ["recorded"]
        assert (await shop.post(path, {"token": older.page_id})).status_code == 201
    assert await on_file(world, "Client") == [("primary", "4242")]


async def test_r45_hostile_pages_bring_no_card_to_anybody(at_stripe: StripeWorld) -> None:
    """Of another mode, another account, the platform's own, not ours, not completed: all refused."""
    world = at_stripe
    page, open_page = await page_of(world, "Client"), await page_of(world, "Other")
    world.server.hooks.complete_checkout(page.page_id, "visa")
    good = event_of(world)
    about = good["data"]["object"]

    def of(event_id: str, **page: Any) -> dict[str, Any]:
        return {**good, "id": event_id, "data": {"object": {**about, **page}}}

    assert await tell(world, {**of("evt_1"), "livemode": True})
    assert await tell(world, {**of("evt_2"), "account": "acct_1Hostile"})
    assert await tell(world, of("evt_3", id="cs_test_nobodys"))
    assert await tell(world, of("evt_4", id=open_page.page_id, customer=about["customer"]))
    assert not await tell(world, {**of("evt_5"), "account": None})
    assert not await tell(world, of("evt_6", id=7))
    assert await verdicts(world) == [
        "other_mode", "other_account", "unknown_page", "read_disagrees",
    ]  # fmt: skip
    assert await world.db.fetchval("select count(*) from payment_method") == 0


async def test_r45_a_page_of_a_closed_account_is_void(at_stripe: StripeWorld) -> None:
    """Its owner completed it, then the account was closed: no card comes to it."""
    world = at_stripe
    page = await page_of(world, "Client")
    world.server.hooks.complete_checkout(page.page_id, "visa")
    await world.db.execute(
        "update account set state = 'closed' where account_id = $1", world.names["Client"]
    )
    await tell(world, event_of(world))
    assert await verdicts(world) == ["page_void"]
    assert await on_file(world, "Client") == []


async def test_r10_a_page_at_an_account_that_is_closed_to_us_waits(at_stripe: StripeWorld) -> None:
    """The seller disconnects before the page is read, and connects again: the card is on file then."""
    world = at_stripe
    page = await page_of(world, "Client")
    world.server.hooks.complete_checkout(page.page_id, "visa")
    merchant = (await world.account("Shop")).merchant_ref
    event = event_of(world)
    world.server.hooks.deauthorize(merchant)
    await tell(world, event)
    assert await verdicts(world) == ["due"]
    world.server.hooks.authorize(merchant)
    await world.db.execute("update gateway_event set due_real_at = now()")
    await world.engine.take_up_due_work()
    await world.settle()
    assert await verdicts(world) == ["recorded"]
    assert await on_file(world, "Client") == [("primary", "4242")]


async def test_r24_a_page_that_cannot_be_read_is_asked_after_again(at_stripe: StripeWorld) -> None:
    """Stripe gives no answer: the event stays due and is handled when it does."""
    world = at_stripe
    page = await page_of(world, "Client")
    world.server.hooks.complete_checkout(page.page_id, "visa")
    world.server.faults.rules[:] = [
        StripeRule(fault="reset", when="before", verb="checkout.sessions.retrieve")
    ]
    await tell(world, event_of(world))
    assert await verdicts(world) == ["due"] and await on_file(world, "Client") == []
    world.server.faults.rules.clear()
    await world.db.execute("update gateway_event set due_real_at = now() - interval '1 s'")
    await world.engine.take_up_due_work()
    await world.settle()
    assert await verdicts(world) == ["recorded"]
    assert await on_file(world, "Client") == [("primary", "4242")]


async def test_r27_testbank_tells_of_its_pages_as_stripe_does(post: Post) -> None:
    """The visitor chooses a card and is gone; the bank's event brings it, twice or not."""
    world = post.world
    world.engine.pages = world.engine.gateway  # type: ignore[assignment]
    await world.open("Shop", sells=True)
    await world.open("Client", "Shop")
    page = await page_of(world, "Client", role="backup")
    post.tell(copies=2)
    async with httpx.AsyncClient(trust_env=False, timeout=60) as visitor:
        assert (await visitor.post(page.url, data={"token": "tok_success"})).status_code == 303
    await post.told()
    await post.scan()
    assert await on_file(world, "Client") == [("primary", "4242")]
    assert await verdicts(world) == ["recorded"]
