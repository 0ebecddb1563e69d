"""Whether a key may spend is found out by the call that settles the spend (R40, R39)."""

import asyncio

from brimful.billing import keys
from brimful.ledger.spends import UNKNOWN_TENANT, NewSpend
from tests.builders.http import key_for
from tests.builders.spends import new_spend
from tests.builders.world import World, small_world


async def family(world: World) -> None:
    """An agency and two clients, all with credits; and another agency."""
    await small_world(world)
    await world.open("Client 2", "Agency")
    await world.open("Other", sells=True)
    for name, credits in (("Agency", 300), ("Client 1", 100), ("Client 2", 100), ("Other", 100)):
        await world.stock(name, credits=credits)


def asked(
    world: World, name: str, secret: str, credits: int = 1, key: str | None = None
) -> NewSpend:
    """A spend that whoever has a secret asks for; in no tenant, until it is known which."""
    new = new_spend(UNKNOWN_TENANT, world.names[name], credits, key=key)
    return new._replace(secret_hash=keys.hash_of(secret))


async def used(world: World) -> dict[str, int]:
    """What everybody has spent."""
    names = ("Agency", "Client 1", "Client 2", "Other")
    return {name: (await world.credits(name)).used for name in names}


async def test_r40_a_key_spends_what_its_account_and_those_below_have(world: World) -> None:
    """All in one call: what is not allowed is barred, and nothing of it is done; the rest is."""
    await family(world)
    agency, client, other = [await key_for(world, n) for n in ("Agency", "Client 1", "Other")]
    revoked, reading = await key_for(world, "Agency"), await key_for(world, "Agency")
    await world.db.execute(
        "update api_key set revoked_at = now() where secret_hash = $1", keys.hash_of(revoked)
    )
    await world.db.execute(
        "update api_key set read_only = true where secret_hash = $1", keys.hash_of(reading)
    )
    wanted = [
        (agency, "Agency", "done"),
        (agency, "Client 1", "done"),
        (client, "Client 1", "done"),
        (client, "Client 2", "barred"),
        (client, "Agency", "barred"),
        (other, "Client 1", "barred"),
        (revoked, "Agency", "barred"),
        (reading, "Agency", "barred"),
        (keys.make_secret(), "Agency", "barred"),
        (agency, "Other", "barred"),
        (other, "Other", "done"),
    ]
    gatherer, moment = world.engine.gatherer, world.engine.now()
    told = await gatherer.spend_all([asked(world, n, s) for s, n, _ in wanted], moment)
    assert [one.outcome for one in told] == [outcome for _, _, outcome in wanted]
    assert await used(world) == {"Agency": 1, "Client 1": 2, "Client 2": 0, "Other": 1}


async def test_r40_nobody_spends_for_an_account_that_is_closed(world: World) -> None:
    """Nor for the supply, nor for an account that is not there."""
    await family(world)
    secret = await key_for(world, "Agency")
    await world.db.execute(
        "update account set state = 'closed' where account_id = $1", world.names["Client 2"]
    )
    nowhere = asked(world, "Client 1", secret)._replace(account_id=UNKNOWN_TENANT)
    supply = asked(world, "Client 1", secret)._replace(account_id=world.platform.platform_id)
    news = [asked(world, "Client 2", secret), nowhere, supply, asked(world, "Client 1", secret)]
    told = await world.engine.gatherer.spend_all(news, world.engine.now())
    assert [one.outcome for one in told] == ["barred"] * 3 + ["done"]


async def test_r39_r40_the_same_spend_with_a_key_that_may_not(world: World) -> None:
    """Asked at once, under one idempotency key, by two API keys: only one of them is answered."""
    await family(world)
    mine, theirs = await key_for(world, "Client 1"), await key_for(world, "Other")
    news = [asked(world, "Client 1", secret, 7, "k") for secret in (theirs, mine, theirs, mine)]
    told = await world.engine.gatherer.spend_all(news, world.engine.now())
    assert [one.outcome for one in told] == ["barred", "done", "barred", "done"]
    assert (await used(world))["Client 1"] == 7


async def test_r40_what_is_barred_keeps_nobody_waiting(world: World) -> None:
    """An account that others hold is waited for by who may spend for it, and by nobody else."""
    await family(world)
    mine, theirs = await key_for(world, "Client 1"), await key_for(world, "Other")
    gatherer, moment = world.engine.gatherer, world.engine.now()
    async with world.db.transaction() as tx:
        await tx.execute(
            "select 1 from balance where account_id = $1 for update", world.names["Client 1"]
        )
        waiting = asyncio.create_task(gatherer.spend(asked(world, "Client 1", mine), moment))
        barred = await gatherer.spend(asked(world, "Client 1", theirs), moment)
        assert barred.outcome == "barred" and not waiting.done()
    assert (await waiting).outcome == "done"


async def test_r40_what_needs_more_than_an_answer_has_its_tenant(world: World) -> None:
    """Short, waiting, or done long ago: the rest of the way goes by the account's tenant."""
    await family(world)
    secret = await key_for(world, "Agency")
    gatherer, moment = world.engine.gatherer, world.engine.now()
    tenant_id = world.names["Agency"]
    for credits, outcome, tenant in ((60, "done", None), (60, "done", tenant_id)):
        tried = await gatherer.spend(asked(world, "Client 1", secret, credits, "k"), moment)
        assert (tried.outcome, tried.tenant_id) == (outcome, tenant)
    short = await gatherer.spend(asked(world, "Client 1", secret, 60), moment)
    assert (short.outcome, short.tenant_id) == ("short", tenant_id)
