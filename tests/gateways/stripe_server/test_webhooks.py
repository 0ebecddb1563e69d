"""Signed webhooks, retried, doubled, reordered, lost, verified by the SDK's own verifier (R45)."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import stripe

from tests.builders.held import SOON_S
from tests.gateways.stripe_server.desk import LIVE_KEY, Desk, desk_at
from tests.gateways.stripe_server.listener import Listener, listening
from tests.stripe_server.server import serving
from tests.stripe_server.webhooks import TEST_GAPS_S, sign


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """Somebody who listens."""
    async with listening() as made:
        yield made


async def _endpoint(desk: Desk, listener: Listener, path: str = "/hook", **wish: Any) -> Any:
    return await desk.v1.webhook_endpoints.create_async(
        {"url": listener.url + path, "enabled_events": ["*"], **wish}
    )


def _kinds(listener: Listener, path: str = "/hook") -> list[str]:
    return [json.loads(r.form)["type"] for r in listener.got if r.path == path]


async def test_r45_events_are_signed_and_verified_by_the_sdk(
    desk: Desk, listener: Listener
) -> None:
    """With the secret that only the answer to create shows."""
    endpoint = await _endpoint(desk, listener)
    assert not hasattr(await desk.v1.webhook_endpoints.retrieve_async(endpoint.id), "secret")
    paid = await desk.paid(metadata={"reference": "att_1"})
    await desk.hooks.deliver()
    events: list[Any] = [
        desk.client.construct_event(r.form, r.headers["stripe-signature"], endpoint.secret)
        for r in listener.got
    ]
    (done,) = [event for event in events if event.type == "payment_intent.succeeded"]
    assert done.data.object.id == paid.id and not done.livemode
    assert done.data.object.metadata.to_dict() == {"reference": "att_1"}
    assert done.request.id and done.request.idempotency_key
    with pytest.raises(stripe.SignatureVerificationError):
        desk.client.construct_event(
            listener.got[0].form, listener.got[0].headers["stripe-signature"], "whsec_other"
        )


async def test_r45_an_old_signature_is_refused_by_the_sdk(desk: Desk, listener: Listener) -> None:
    """The server can sign with any time."""
    endpoint = await _endpoint(desk, listener)
    desk.server.courier.signature_offset_s = -600
    await desk.v1.customers.create_async()
    await desk.hooks.deliver()
    (request,) = listener.got
    with pytest.raises(stripe.SignatureVerificationError):
        desk.client.construct_event(
            request.form, request.headers["stripe-signature"], endpoint.secret
        )
    fresh = sign(request.form.encode(), endpoint.secret)
    event = desk.client.construct_event(request.form, fresh, endpoint.secret)
    assert event.type == "customer.created"


async def test_r45_an_event_is_sent_again_until_it_is_accepted(
    desk: Desk, listener: Listener
) -> None:
    """After any answer but 2xx, and after none, with growing gaps of the virtual clock."""
    await _endpoint(desk, listener)
    listener.status = 500
    await desk.v1.customers.create_async()
    assert await desk.hooks.deliver() == 1
    assert await desk.hooks.deliver() == 0
    desk.server.advance(TEST_GAPS_S[0])
    listener.silent = True
    assert await desk.hooks.deliver() == 1
    desk.server.advance(TEST_GAPS_S[1])
    listener.silent, listener.status = False, 204
    assert await desk.hooks.deliver() == 1
    desk.server.advance(10 * 86_400)
    assert await desk.hooks.deliver() == 0
    assert [a["status"] for a in desk.hooks.attempts()] == [500, None, 204]
    assert len({json.loads(r.form)["id"] for r in listener.got}) == 1
    assert desk.hooks.events()[0]["pending_webhooks"] == 0


async def test_r45_live_events_are_tried_for_three_days(desk: Desk, listener: Listener) -> None:
    """Then given up for ever."""
    live = desk_at(desk.url, desk.server, LIVE_KEY)
    await _endpoint(live, listener)
    listener.status = 400
    made = desk.hooks.now()
    await live.v1.customers.create_async()
    for _ in range(200):
        await desk.hooks.deliver()
        desk.server.advance(1_800)
    last = desk.hooks.attempts()[-1]["at"]
    assert 2 * 86_400 < last - made <= 3 * 86_400
    assert len(listener.got) == 10 and desk.server.courier.pending() == 0
    await live.close()


async def test_r45_duplicates_twins_and_disorder(desk: Desk, listener: Listener) -> None:
    """The same event again; a second Event object for the same change; another order."""
    await _endpoint(desk, listener)
    desk.hooks.disturb(duplicates=2, twins=True, shuffle=7)
    paid = await desk.paid()
    await desk.hooks.deliver()
    bodies = [json.loads(request.form) for request in listener.got]
    done = [e for e in bodies if e["type"] == "payment_intent.succeeded"]
    assert len(done) == 4 and len({event["id"] for event in done}) == 2
    assert {event["data"]["object"]["id"] for event in done} == {paid.id}
    made = [event["type"] for event in desk.hooks.events()]
    assert [e["type"] for e in bodies] != [kind for kind in made for _ in range(4)]


async def test_r45_events_are_lost_or_late(desk: Desk, listener: Listener) -> None:
    """Some kinds never come; the others when their time has come."""
    await _endpoint(desk, listener)
    desk.hooks.disturb(lose=["payment_intent.*"], delay_s=60)
    await desk.paid()
    assert await desk.hooks.deliver() == 0
    desk.server.advance(60)
    assert await desk.hooks.deliver() > 0
    assert "charge.succeeded" in _kinds(listener)
    assert not [kind for kind in _kinds(listener) if kind.startswith("payment_intent")]
    (lost,) = desk.hooks.events("payment_intent.succeeded")
    desk.hooks.resend(lost["id"])
    await desk.hooks.deliver()
    assert _kinds(listener)[-1] == "payment_intent.succeeded"


async def test_r45_connect_events_go_to_the_connect_endpoint(
    desk: Desk, listener: Listener
) -> None:
    """With `account`; the platform's own go to its own endpoint, without."""
    await _endpoint(desk, listener, "/own")
    await _endpoint(desk, listener, "/connect", connect=True)
    agency = desk.hooks.open_account()["id"]
    await desk.v1.customers.create_async()
    await desk.v1.customers.create_async({}, {"stripe_account": agency})
    desk.hooks.deauthorize(agency)
    own = desk_at(desk.url, desk.server, desk.hooks.own_key(agency))
    await own.v1.customers.create_async()
    await own.close()
    await desk.hooks.deliver()
    assert _kinds(listener, "/own") == ["customer.created"]
    assert _kinds(listener, "/connect") == ["customer.created", "account.application.deauthorized"]
    accounts = {json.loads(r.form).get("account") for r in listener.got if r.path == "/connect"}
    assert accounts == {agency}


async def test_r45_a_live_connect_endpoint_hears_test_events_too(
    desk: Desk, listener: Listener
) -> None:
    """As Stripe does: `livemode` must be looked at."""
    live = desk_at(desk.url, desk.server, LIVE_KEY)
    await _endpoint(live, listener, "/connect", connect=True)
    await _endpoint(live, listener, "/own")
    options = {"stripe_account": desk.hooks.open_account()["id"]}
    await desk.v1.customers.create_async({}, options)
    await live.v1.customers.create_async({}, options)
    await desk.v1.customers.create_async()
    await desk.hooks.deliver()
    heard = [json.loads(r.form)["livemode"] for r in listener.got if r.path == "/connect"]
    assert heard == [False, True] and _kinds(listener, "/own") == []
    await live.close()


async def test_r45_only_the_kinds_asked_for(desk: Desk, listener: Listener) -> None:
    """And none once it is deleted or disabled."""
    endpoint = await _endpoint(desk, listener, enabled_events=["charge.refunded"])
    paid = await desk.paid()
    desk.hooks.refund(paid.id, 100)
    await desk.hooks.deliver()
    assert _kinds(listener) == ["charge.refunded"]
    await desk.v1.webhook_endpoints.update_async(endpoint.id, {"disabled": True})
    desk.hooks.refund(paid.id, 100)
    await desk.v1.webhook_endpoints.delete_async(endpoint.id)
    desk.hooks.refund(paid.id, 100)
    await desk.hooks.deliver()
    assert len(listener.got) == 1


async def test_r45_events_come_by_themselves_when_asked(listener: Listener) -> None:
    """A server that delivers sends them at once."""
    async with serving(deliver=True) as (url, server):
        desk = desk_at(url, server)
        await _endpoint(desk, listener)
        await desk.v1.customers.create_async()
        await asyncio.wait_for(listener.arrived.wait(), SOON_S)
        assert _kinds(listener) == ["customer.created"]
        await desk.close()


async def test_r24_events_can_be_read_later(desk: Desk) -> None:
    """By kind and time, of one's own account only."""
    paid = await desk.paid()
    agency = desk.hooks.open_account()["id"]
    await desk.v1.customers.create_async({}, {"stripe_account": agency})
    found = await desk.v1.events.list_async({"type": "payment_intent.succeeded"})
    assert [event.data.object.id for event in found.data] == [paid.id]
    one = await desk.v1.events.retrieve_async(found.data[0].id)
    assert one.type == "payment_intent.succeeded"
    theirs = await desk.v1.events.list_async({}, {"stripe_account": agency})
    assert [event.type for event in theirs.data] == ["customer.created"]
