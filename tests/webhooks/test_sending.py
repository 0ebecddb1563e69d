"""R42: signed webhooks, at least once, in order, verified as a receiver would."""

import asyncio
from datetime import timedelta

import pytest
from standardwebhooks import WebhookVerificationError

from brimful.domain.moment import Moment
from brimful.domain.webhook import PAUSES
from brimful.effects.http_post import Poster
from brimful.effects.send_webhooks import Courier
from brimful.notices.webhooks import Owner
from brimful.usecases.set_webhook import EndpointOpened, rotate_webhook
from tests.builders.held import SOON_S
from tests.builders.hooks import (
    deliveries,
    hook,
    owner_of,
    pauses_pass,
    receiving,
    try_hook,
)
from tests.builders.world import World, small_world


async def test_r42_a_notice_arrives_signed_with_what_the_list_of_notices_tells(
    world: World,
) -> None:
    """Promised with the notice, sent at once, under the notice's id; the library takes it."""
    await small_world(world, clients=0)
    async with receiving() as receiver:
        opened = await hook(world, "Agency", url=receiver.url)
        await world.spend("Agency", 25)
        await world.settle()
        [notice] = await world.notices("Agency")
        [got] = receiver.got
        event = got.verified(opened.secret)
    assert got.path == "/hook"
    assert got.headers["content-type"] == "application/json"
    assert got.id == f"ntc_{notice['notice_id'].hex}"
    assert event["type"] == notice["kind"] == "auto_billed"
    assert event["timestamp"] == notice["created_at"].isoformat()
    assert event["data"]["title"] == notice["title"]
    assert event["data"]["body"] == notice["body"]
    assert event["data"]["account_id"] == f"acc_{world.names['Agency'].hex}"
    assert event["data"]["facts"]["amount_minor"] == 1_000
    [delivery] = await deliveries(world)
    assert (delivery["state"], delivery["tries"], delivery["last_status"]) == ("sent", 1, 204)


async def test_r42_what_fails_is_tried_again_under_the_same_id(world: World) -> None:
    """After a 500, a lost connection and a redirect, which is not followed: one id, one body."""
    await small_world(world, clients=0)
    async with receiving() as receiver:
        opened = await hook(world, "Agency", url=receiver.url)
        moved = f"HTTP/1.1 302 X\r\nlocation: {receiver.url}/elsewhere\r\n\r\n".encode()
        receiver.then(500)
        receiver.answers += [b"", moved]
        await world.spend("Agency", 25)
        await world.settle()
        told = []
        for _ in range(3):
            [delivery] = await deliveries(world)
            told.append((delivery["state"], delivery["tries"], delivery["last_error"]))
            await pauses_pass(world)
        [delivery] = await deliveries(world)
    assert told == [("due", 1, "http_500"), ("due", 2, "no_answer"), ("due", 3, "http_302")]
    assert (delivery["state"], delivery["tries"]) == ("sent", 4)
    assert len(receiver.got) == 4
    assert {one.path for one in receiver.got} == {"/hook"}
    assert len({one.id for one in receiver.got}) == 1
    assert len({one.body for one in receiver.got}) == 1
    assert all(one.verified(opened.secret) for one in receiver.got)


async def test_r42_notices_arrive_in_the_order_in_which_they_were_promised(world: World) -> None:
    """Also those that waited while the receiver was down."""
    await small_world(world, clients=0)
    async with receiving() as receiver:
        opened = await hook(world, "Agency", url=receiver.url)
        receiver.then(503)
        for _ in range(5):
            await try_hook(world, "Agency", opened.endpoint_id)
        assert len(receiver.got) == 1  # The others wait until the endpoint has rested.
        await pauses_pass(world)
    ids = [f"ntc_{one['notice_id'].hex}" for one in await deliveries(world)]
    assert [one.id for one in receiver.got[1:]] == ids
    assert len(ids) == 5


async def test_r42_a_receiver_that_does_not_answer_holds_up_no_other(world: World) -> None:
    """While it keeps us waiting, others are served, and money does not wait at all."""
    await small_world(world)
    async with receiving() as silent, receiving() as receiver:
        await hook(world, "Agency", url=silent.url)
        await hook(world, "Client 1", url=receiver.url)
        silent.then(*[None] * 9)
        assert (await world.spend("Client 1", 25)).credits == 25
        await asyncio.wait_for(receiver.arrived.wait(), SOON_S)
        of_silent = [
            one for one in await deliveries(world) if one["owner_id"] != world.names["Client 1"]
        ]
        assert [one["state"] for one in of_silent] == ["due"]
        silent.released.set()
        await world.settle()
        assert "no_answer" in [one["last_error"] for one in await deliveries(world)]
    assert receiver.kinds == ["auto_billed"]


async def test_r42_what_was_being_sent_when_a_process_died_is_sent_again(world: World) -> None:
    """Its lease ends, another takes the endpoint over; the receiver sees the same id twice."""
    await small_world(world, clients=0)
    async with receiving() as receiver:
        await hook(world, "Agency", url=receiver.url)
        receiver.then(None)
        await world.spend("Agency", 25)
        await asyncio.wait_for(receiver.arrived.wait(), SOON_S)
        await world.engine.courier.stop()  # as a kill would: nothing of it is written down
        [delivery] = await deliveries(world)
        assert (delivery["state"], delivery["tries"]) == ("due", 0)
        other = another_courier(world)
        await other.send_due()
        await other.idle()
        assert len(receiver.got) == 1  # The lease is not over.
        await world.db.execute("update webhook_endpoint set busy_until = now()")
        await other.send_due()
        await other.idle()
        await other.stop()
    first, second = receiver.got
    assert (first.id, first.body) == (second.id, second.body)
    assert [one["state"] for one in await deliveries(world)] == ["sent"]


def another_courier(world: World) -> Courier:
    """That of another process on the same database."""
    engine = world.engine
    poster = Poster(production=False)
    return Courier(ctx=engine.ctx, poster=poster, now=engine.now, run=engine.run)


async def rotated(world: World, owner: Owner, opened: EndpointOpened, moment: Moment) -> str:
    """Rotate the secret; the new one."""
    answer = await rotate_webhook(
        world.engine.ctx,
        owner=owner,
        endpoint_id=opened.endpoint_id,
        overlap_hours=1,
        moment=moment,
    )
    assert isinstance(answer, EndpointOpened)
    return answer.secret


async def test_r42_two_secrets_are_live_while_a_receiver_changes_over(world: World) -> None:
    """Both signatures are there, then only the new one; of three, the oldest is gone at once."""
    await small_world(world, clients=0)
    async with receiving() as receiver:
        opened = await hook(world, "Agency", url=receiver.url)
        owner, now = await owner_of(world, "Agency"), world.engine.now()
        second = await rotated(world, owner, opened, now)
        await try_hook(world, "Agency", opened.endpoint_id)
        assert receiver.got[0].headers["webhook-signature"].count("v1,") == 2
        assert receiver.got[0].verified(opened.secret) == receiver.got[0].verified(second)

        third = await rotated(world, owner, opened, now)
        await try_hook(world, "Agency", opened.endpoint_id)
        assert receiver.got[1].verified(second) == receiver.got[1].verified(third)
        with pytest.raises(WebhookVerificationError):
            receiver.got[1].verified(opened.secret)

        long_ago = Moment(at=now.at, real_at=now.real_at - timedelta(hours=2))
        fourth = await rotated(world, owner, opened, long_ago)
        await try_hook(world, "Agency", opened.endpoint_id)
        assert receiver.got[2].verified(fourth)
        with pytest.raises(WebhookVerificationError):
            receiver.got[2].verified(third)


async def test_r42_what_is_given_up_is_told_once(world: World) -> None:
    """After all its tries, over three days; a second that dies is told again only when something
    arrived in between. The owner's other endpoint hears of it."""
    await small_world(world, clients=0)
    async with receiving() as receiver, receiving() as other:
        await hook(world, "Agency", url=receiver.url, kinds=["auto_billed", "webhook_failed"])
        await hook(world, "Agency", url=other.url, kinds=["webhook_failed"])
        receiver.then(*[500] * 2 * (len(PAUSES) + 1))
        for _ in range(2):
            await world.spend("Agency", 2_000)
            await world.settle()
            for _ in range(len(PAUSES) + 1):
                await pauses_pass(world)
        states = [(one["state"], one["tries"]) for one in await deliveries(world)]
        told = [one for one in await world.notices("Agency") if one["kind"] == "webhook_failed"]
        assert states == [("dead", 10), ("sent", 1), ("dead", 10)]
        assert [(one["facts"]["host"], one["facts"]["error"]) for one in told] == [
            ("127.0.0.1", "http_500")
        ]
        assert other.kinds == ["webhook_failed"]
        assert receiver.answers == []

        await world.spend("Agency", 2_000)
        await world.settle()
        assert (await deliveries(world))[-1]["state"] == "sent"
        assert not await world.db.fetchval("select max(told_at) from webhook_endpoint")


async def test_r42_a_receiver_that_is_gone_gets_nothing_more(world: World) -> None:
    """410: the endpoint is switched off, what is due is given up, and its owner is told."""
    await small_world(world, clients=0)
    async with receiving() as receiver:
        opened = await hook(world, "Agency", url=receiver.url)
        receiver.then(503, 410)
        for _ in range(3):
            await try_hook(world, "Agency", opened.endpoint_id)
        await pauses_pass(world)
        await world.spend("Agency", 25)
        await world.settle()
    assert len(receiver.got) == 2
    assert {one["state"] for one in await deliveries(world)} == {"dead"}
    kinds = [one["kind"] for one in await world.notices("Agency")]
    assert kinds == ["webhook_disabled", "auto_billed"]
    because = await world.db.fetchval("select disabled_because from webhook_endpoint")
    assert because == "gone"


async def test_r42_the_platform_is_told_of_its_own_endpoint(world: World) -> None:
    """Once, whichever tenant's notice could not arrive; the tenant hears nothing of it."""
    await small_world(world, clients=0)
    await world.open("Other agency", sells=True)
    await world.card("Other agency")
    await world.auto_billing("Other agency")
    async with receiving() as receiver:
        await hook(world, None, url=receiver.url, subtree=True)
        receiver.then(410)
        for name in ("Agency", "Other agency"):
            await world.spend(name, 25)
            await world.settle()
    told = await world.db.fetch("select * from notice where kind = 'webhook_disabled'")
    assert [one["recipient"] for one in told] == ["owner@platform.example"]
    assert told[0]["account_id"] not in world.names.values()
    assert len(receiver.got) == 1
