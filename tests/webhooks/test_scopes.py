"""R18, R40, R42: who hears of what by webhook, and that nothing of it holds up money."""

import pytest

from brimful.notices.webhooks import Wanted
from brimful.usecases.answers import SpendDone
from brimful.usecases.set_webhook import change_webhook, delete_webhook, open_webhook
from tests.builders.hooks import Receiver, deliveries, hook, owner_of, receiving, try_hook
from tests.builders.world import World, small_world


async def test_r40_r42_each_endpoint_hears_of_its_scope(world: World) -> None:
    """A client of itself; an agency of itself, or of all below it too; the platform of everybody
    when it asked; none of another tenant."""
    await small_world(world, clients=2)
    await world.open("Other agency", sells=True)
    await world.card("Other agency")
    await world.auto_billing("Other agency")
    asked = {
        "client": ("Client 1", False), "agency": ("Agency", False), "below": ("Agency", True),
        "platform": (None, True), "platform alone": (None, False), "other": ("Other agency", True),
    }  # fmt: skip
    async with receiving() as receiver:
        for what, (name, subtree) in asked.items():
            await hook(world, name, url=f"{receiver.url}/{what[:9]}{len(what)}", subtree=subtree)
        for name in ("Client 1", "Client 2", "Agency", "Other agency"):
            assert isinstance(await world.spend(name, 2_900), SpendDone)
        await world.settle()
        heard = {what: _accounts(world, receiver, f"/hook/{what[:9]}{len(what)}") for what in asked}
    assert heard["client"] == {"Client 1"}
    assert heard["agency"] == {"Agency"}
    assert heard["below"] == {"Agency", "Client 1", "Client 2"}
    assert heard["platform"] == {"Agency", "Client 1", "Client 2", "Other agency"}
    assert heard["platform alone"] == set()
    assert heard["other"] == {"Other agency"}


def _accounts(world: World, receiver: Receiver, path: str) -> set[str]:
    names = {f"acc_{of.hex}": name for name, of in world.names.items()}
    got = [one for one in receiver.got if one.path == path]
    return {names[one.event["data"]["account_id"]] for one in got}


async def test_r18_a_client_hears_nothing_of_its_agency_by_webhook(world: World) -> None:
    """When the agency's card is declined: its own endpoint learns why, the client's nothing."""
    await small_world(world)
    await world.card("Agency", "tok_lost_card")
    async with receiving() as agency, receiving() as client:
        await hook(world, "Agency", url=agency.url, subtree=True)
        await hook(world, "Client 1", url=client.url)
        await world.spend("Client 1", 25)
        await world.settle()
    assert "auto_billing_failed" in agency.kinds
    told = b"".join(one.body for one in client.got).decode()
    assert '"reason":"temporarily_unavailable"' in told
    assert not any(word in told for word in ("decline", "lost", "10.00", "1000", "Agency"))
    assert f"pur_{(await world.purchases('Client 1'))[0]['purchase_id'].hex}" in told


async def test_r42_only_the_kinds_asked_for_are_sent(world: World) -> None:
    """The others are not even promised."""
    await small_world(world, clients=0)
    async with receiving() as receiver:
        await hook(world, "Agency", url=receiver.url, kinds=["paused", "cap_80", "cap_100"])
        await world.auto_billing("Agency", per_month_minor=1_200)
        await world.spend("Agency", 25)
        await world.settle()
    assert receiver.kinds == ["cap_80"]
    assert [one["kind"] for one in await deliveries(world)] == ["cap_80"]


@pytest.mark.parametrize("how", ["switched off", "deleted"])
async def test_r42_an_endpoint_that_is_off_gets_nothing(world: World, how: str) -> None:
    """What was due is given up, and nothing more is promised."""
    await small_world(world, clients=0)
    ctx, moment = world.engine.ctx, world.engine.now()
    async with receiving() as receiver:
        opened = await hook(world, "Agency", url=receiver.url)
        owner = await owner_of(world, "Agency")
        receiver.then(500)
        await try_hook(world, "Agency", opened.endpoint_id)
        if how == "deleted":
            await delete_webhook(ctx, owner=owner, endpoint_id=opened.endpoint_id, moment=moment)
        else:
            await change_webhook(
                ctx,
                owner=owner,
                endpoint_id=opened.endpoint_id,
                wanted=Wanted(url=receiver.url, kinds=None, subtree=False),
                enabled=False,
                moment=moment,
            )
        await world.spend("Agency", 25)
        await world.settle()
        [delivery] = await deliveries(world)
        assert (delivery["state"], delivery["last_error"]) == ("dead", "endpoint_disabled")
        assert len(receiver.got) == 1
        if how == "deleted":
            kept = await world.db.fetchval("select e::text from webhook_endpoint e")
            assert "whsec_" not in kept
            await hook(world, "Agency", url=receiver.url)  # The same URL is free again.


async def test_r42_switched_on_again_it_hears_no_old_news(world: World) -> None:
    """What was promised by a transaction that had read it as on, and committed once it was off."""
    await small_world(world, clients=0)
    owner, moment = await owner_of(world, "Agency"), world.engine.now()
    async with receiving() as receiver:
        opened = await hook(world, "Agency", url=receiver.url)

        async def switch(enabled: bool) -> None:
            await change_webhook(
                world.engine.ctx,
                owner=owner,
                endpoint_id=opened.endpoint_id,
                wanted=Wanted(url=receiver.url, kinds=None, subtree=False),
                enabled=enabled,
                moment=moment,
            )

        receiver.then(500)
        await try_hook(world, "Agency", opened.endpoint_id)
        await switch(False)
        await world.db.execute("update webhook_delivery set state = 'due', due_real_at = now()")
        await switch(True)
        await world.engine.take_up_due_work()
        await world.settle()
        assert [one["state"] for one in await deliveries(world)] == ["dead"]
        assert len(receiver.got) == 1
        await try_hook(world, "Agency", opened.endpoint_id)
        assert len(receiver.got) == 2, "what is told from now on arrives"


async def test_r42_a_webhook_that_cannot_be_promised_undoes_nothing_else(world: World) -> None:
    """Deleted by another while a notice is promised: no foreign key fails the payment."""
    await small_world(world, clients=0)
    async with receiving() as receiver:
        opened = await hook(world, "Agency", url=receiver.url)
        await world.db.execute("delete from webhook_endpoint")
        assert isinstance(await world.spend("Agency", 25), SpendDone)
        await world.settle()
    assert receiver.got == []
    assert opened.secret.startswith("whsec_")


async def test_r39_an_account_has_one_endpoint_for_a_url_and_at_most_sixteen(
    world: World,
) -> None:
    """Asked twice, also at once, there is one; another account's do not count."""
    await small_world(world, clients=0)
    for number in range(15):
        await hook(world, "Agency", url=f"https://example.com/{number}")
    await hook(world, None, url="https://example.com/0")
    owner, moment = await owner_of(world, "Agency"), world.engine.now()
    told = []
    for path in ("0", "a", "b"):
        wanted = Wanted(url=f"https://example.com/{path}", kinds=None, subtree=False)
        answer = await open_webhook(world.engine.ctx, owner=owner, wanted=wanted, moment=moment)
        told.append(str(getattr(answer, "reason", "opened")))
    assert told == ["webhook_endpoint_exists", "opened", "too_many_webhook_endpoints"]
