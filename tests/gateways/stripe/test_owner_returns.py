"""R29, R45: the owner at Stripe's page of the bank, end to end: there, back, and told by an event."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from stripe import WebhookSignature

from brimful.db.transaction import Database
from brimful.domain.reason import Reason, Refuse
from tests.builders.http import serving_api
from tests.builders.stripe_world import SECRET, StripeWorld, running_stripe_world
from tests.builders.world import small_world

ON = "https://app.example.com/billing"


@pytest.fixture
async def at_stripe(db: Database, tmp_path: Path) -> AsyncIterator[StripeWorld]:
    """An agency whose bank wants every charge confirmed, and that was just asked to."""
    async with running_stripe_world(db, tmp_path / "mail") as made:
        await small_world(made, clients=0)
        await made.card("Agency", "authenticationRequired")
        refused = await made.spend("Agency", 10)
        await made.settle()
        assert isinstance(refused, Refuse)
        assert refused.reason is Reason.authentication_required
        yield made


async def opened(world: StripeWorld, owner: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    """The owner opens the link that was mailed."""
    asked = [n for n in await world.notices("Agency") if n["kind"] == "action_required"]
    token = str(asked[-1]["facts"]["link"]).rsplit("/", 1)[1]
    sent = await owner.post("/v1/authentications", json={"token": token, **more})
    assert sent.status_code == 200, sent.text
    return dict(sent.json())


def at_bank(world: StripeWorld) -> tuple[str, str]:
    """The payment that waits at the bank, and the path of ours that the bank leads back to."""
    [intent] = [
        intent
        for book in world.server.state.books.values()
        for intent in book.of("payment_intent")
        if intent["status"] == "requires_action"
    ]
    back = intent["next_action"]["redirect_to_url"]["return_url"]
    return intent["id"], urlsplit(back).path


async def test_r29_the_owner_goes_to_the_bank_and_comes_back(at_stripe: StripeWorld) -> None:
    """What the address says is not read: "succeeded" before it is so brings nothing, "failed" after
    it takes nothing; whoever comes back is led on."""
    world = at_stripe
    async with (
        serving_api(world, with_worker=False) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as owner,
    ):
        begun = await opened(world, owner, return_url=ON)
        assert begun["status"] == "action_required"
        assert begun["action_url"].startswith("https://hooks.stripe.com/")
        payment, path = at_bank(world)
        early = await owner.get(f"{path}?redirect_status=succeeded&payment_intent={payment}")
        assert (early.status_code, early.headers["location"]) == (303, ON)
        assert (await opened(world, owner))["status"] == "action_required"
        assert world.taken() == []
        world.server.hooks.authenticate(payment)
        back = await owner.get(f"{path}?redirect_status=failed&payment_intent=pi_other")
        assert (back.status_code, back.headers["location"]) == (303, ON)
        await world.settle()
        assert world.taken("platform") == [1_000]
        done = await opened(world, owner)
        assert (done["status"], done["action_url"]) == ("delivered", None)
        for wrong in ("0" * 64, path.rsplit("/", 1)[1][:-1] + "g", "x", "%00"):
            gone = await owner.get(f"/v1/authentications/returns/{wrong}")
            assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
    assert (await world.credits("Agency")).free == 2_000


async def test_r45_an_event_brings_what_the_owner_confirmed(at_stripe: StripeWorld) -> None:
    """They confirm and close the browser: Stripe's event is enough, and the pause is over."""
    world = at_stripe
    async with (
        serving_api(world, with_worker=False) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as owner,
    ):
        await opened(world, owner)
        payment, path = at_bank(world)
        world.server.hooks.authenticate(payment)
        event = world.server.hooks.events("payment_intent.succeeded")[-1]
        body = json.dumps(event).encode()
        header = WebhookSignature.generate_signature_header(
            body.decode(), SECRET, timestamp=int(time.time())
        )
        assert await world.engine.receive_event(body=body, headers={"stripe-signature": header})
        await world.settle()
        assert (await world.purchases("Agency"))[-1]["state"] == "delivered"
        late = await owner.get(path)
        assert (late.status_code, late.json()["status"]) == (200, "delivered")
    assert world.taken() == [1_000]


async def test_r29_a_bank_that_says_no_leaves_the_link(at_stripe: StripeWorld) -> None:
    """Back at once, the charge is cancelled; the link leads to another."""
    world = at_stripe
    async with (
        serving_api(world, with_worker=False) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as owner,
    ):
        await opened(world, owner)
        payment, path = at_bank(world)
        world.server.hooks.authenticate(payment, passes=False)
        back = await owner.get(path)
        assert (back.status_code, back.json()["status"]) == (200, "failed")
        again = await opened(world, owner)
        assert again["status"] == "action_required"
        other, _ = at_bank(world)
        assert other != payment
    assert world.taken() == []
