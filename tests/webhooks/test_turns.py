"""R42: no tenant takes the places of all others, however many endpoints it has and whatever they do."""

import asyncio
from datetime import timedelta
from uuid import UUID

from brimful.domain.effect import WebhooksDue
from brimful.domain.reason import Reason, Refuse
from brimful.effects.send_webhooks import LEASE, OF_TENANT
from brimful.notices import webhooks
from brimful.notices.webhooks import Owner, Wanted
from brimful.usecases.set_webhook import TESTS_MAX, WebhookQueued, change_webhook, send_test
from tests.builders.held import SOON_S
from tests.builders.hooks import hook, owner_of, receiving
from tests.builders.world import World, small_world


async def ask_for_test(world: World, owner: Owner, endpoint_id: UUID) -> WebhookQueued | Refuse:
    """A test that is due, and not sent yet."""
    now = world.engine.now()
    asked = await send_test(world.engine.ctx, owner=owner, endpoint_id=endpoint_id, moment=now)
    assert isinstance(asked, WebhookQueued | Refuse)
    return asked


async def due_at(world: World, name: str, url: str) -> UUID:
    """A new endpoint at which a test is due."""
    opened = await hook(world, name, url=url)
    await ask_for_test(world, await owner_of(world, name), opened.endpoint_id)
    return opened.endpoint_id


async def claimed(world: World, limit: int, of_tenant: int, *sending: UUID | None) -> list[UUID]:
    """What a process takes that sends to endpoints of these tenants already."""
    ctx, now = world.engine.ctx, world.engine.now()
    found = await webhooks.claim_endpoints(
        ctx.db, now, LEASE, limit, sending=sending, of_tenant=of_tenant
    )
    return [one.endpoint_id for one in found]


async def free(world: World, *endpoints: UUID) -> None:
    """Let endpoints have waited for a minute, the first a little longer than the next."""
    since = world.engine.now().real_at - timedelta(minutes=1)
    for nth, endpoint_id in enumerate(endpoints):
        await world.db.execute(
            "update webhook_endpoint set busy_until = $2 where endpoint_id = $1",
            endpoint_id,
            since + timedelta(seconds=nth),
        )


async def test_r42_receivers_that_keep_us_waiting_leave_places_to_other_tenants(
    world: World,
) -> None:
    """Of a tenant with twelve that do not answer eight are sent to; another's is served at once."""
    await small_world(world, clients=0)
    await world.open("Other agency", sells=True)
    async with receiving() as silent, receiving() as receiver:
        silent.then(*[None] * 12)
        for nth in range(12):
            await due_at(world, "Agency", f"{silent.url}/{nth}")
        world.engine.run((WebhooksDue(),))
        async with asyncio.timeout(SOON_S):
            while len(silent.got) < OF_TENANT:
                await asyncio.sleep(0.01)
        await due_at(world, "Other agency", receiver.url)
        world.engine.run((WebhooksDue(),))
        await asyncio.wait_for(receiver.arrived.wait(), SOON_S)
        assert len(silent.got) == OF_TENANT == 8
        silent.released.set()
        await world.settle()


async def test_r42_tenants_are_served_in_turns(world: World) -> None:
    """Who has more endpoints, or is being sent to, comes after who has fewer; those that have waited
    longest come first, and the platform is a tenant like others."""
    await small_world(world)
    await world.open("Other agency", sells=True)
    url = "http://127.0.0.1:9"
    first, second = [await due_at(world, "Agency", f"{url}/{nth}") for nth in range(2)]
    third = await due_at(world, "Client 1", f"{url}/3")
    other = await due_at(world, "Other agency", url)
    platform = (await hook(world, None, url=url)).endpoint_id
    await ask_for_test(world, await owner_of(world, None), platform)
    tenant_id = (await world.account("Agency")).tenant_id
    every = (second, first, third, other, platform)
    await free(world, *every)
    assert set(await claimed(world, 3, 8)) == {second, other, platform}
    assert set(await claimed(world, 3, 8)) == {first, third}
    await free(world, *every)
    assert set(await claimed(world, 2, 8, tenant_id)) == {other, platform}
    await free(world, *every)
    assert set(await claimed(world, 9, 2, tenant_id, None)) == {second, other, platform}
    await free(world, *every)
    assert set(await claimed(world, 9, 2, tenant_id, None, None, tenant_id)) == {other}


async def test_r42_a_new_endpoint_does_not_push_in(world: World) -> None:
    """Nor one that is switched on again: each waits from then on."""
    await small_world(world, clients=0)
    url = "http://127.0.0.1:9"
    waiting = await due_at(world, "Agency", url)
    await free(world, waiting)
    new = await due_at(world, "Agency", f"{url}/new")
    assert await claimed(world, 1, 8) == [waiting]
    await free(world, waiting)
    owner = await owner_of(world, "Agency")
    for enabled in (False, True):
        await change_webhook(
            world.engine.ctx,
            owner=owner,
            endpoint_id=new,
            wanted=Wanted(url=f"{url}/new", kinds=None, subtree=False),
            enabled=enabled,
            moment=world.engine.now(),
        )
    await ask_for_test(world, owner, new)
    assert await claimed(world, 1, 8) == [waiting]
    assert await claimed(world, 1, 8) == [new]


async def test_r42_tests_of_an_endpoint_do_not_pile_up(world: World) -> None:
    """Ten may be due; another may be asked for when one was sent."""
    await small_world(world, clients=0)
    async with receiving() as receiver:
        opened = await hook(world, "Agency", url=receiver.url)
        owner = await owner_of(world, "Agency")
        asked = [await ask_for_test(world, owner, opened.endpoint_id) for _ in range(TESTS_MAX + 1)]
        assert all(isinstance(one, WebhookQueued) for one in asked[:TESTS_MAX])
        refused = asked[TESTS_MAX]
        assert isinstance(refused, Refuse) and refused.reason is Reason.too_many_webhook_tests
        world.engine.run((WebhooksDue(),))
        await world.settle()
        assert len(receiver.got) == TESTS_MAX
        assert isinstance(await ask_for_test(world, owner, opened.endpoint_id), WebhookQueued)
        world.engine.run((WebhooksDue(),))
        await world.settle()
