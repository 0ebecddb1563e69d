"""Whether a key may spend is found out by the call that settles the spend (R40, R39)."""

import asyncio
import contextvars

import pytest

from brimful.billing import keys
from brimful.ledger.spends import UNKNOWN_TENANT, NewSpend, spend_many, wait_for_spend
from brimful.usecases.answers import SpendDone
from brimful.usecases.set_overdraft import set_overdraft
from tests.builders.held import blocked, until
from tests.builders.http import key_for
from tests.builders.spends import new_spend, spend_with_key
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
    """Of one call on an account that others hold, what is barred is answered and what may be done waits."""
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


async def test_r40_who_waits_for_an_account_may_be_barred(world: World) -> None:
    """The call that waits for the account of its first spend does so for nobody who may not spend."""
    await family(world)
    mine, theirs = await key_for(world, "Client 1"), await key_for(world, "Other")
    barred, good = (asked(world, "Client 1", secret) for secret in (theirs, mine))
    moment = world.engine.now()
    [alone] = await spend_many(world.db, [barred], moment, wait=True)
    both = await spend_many(world.db, [barred, good], moment, wait=True)
    assert [one.outcome for one in (alone, *both)] == ["barred", "barred", "done"]
    assert (await used(world))["Client 1"] == 1


async def test_r40_a_key_that_is_revoked_while_its_spend_waits_spends_nothing(
    world: World,
) -> None:
    """Others hold the account; by the time that they let it go the key is of no use."""
    await family(world)
    secret = await key_for(world, "Client 1")
    new, moment = asked(world, "Client 1", secret), world.engine.now()
    outside = contextvars.copy_context()
    async with world.db.transaction() as tx:
        await tx.execute("select 1 from balance where account_id = $1 for update", new.account_id)
        waiting = spend_many(world.db, [new], moment, wait=True)
        trying = asyncio.create_task(waiting, context=outside)
        await until(lambda: blocked(tx, 1))
        await tx.execute(
            "update api_key set revoked_at = now() where secret_hash = $1", new.secret_hash
        )
    assert [one.outcome for one in await trying] == ["barred"]
    assert (await used(world))["Client 1"] == 0


async def test_r39_r40_two_keys_that_may_spend_under_one_idempotency_key(world: World) -> None:
    """The second is answered as the first was; with another amount it is a conflict."""
    await family(world)
    client, agency = await key_for(world, "Client 1"), await key_for(world, "Agency")
    news = [asked(world, "Client 1", one, 7, "k") for one in (client, agency)]
    news.append(asked(world, "Client 1", agency, 8, "k"))
    told = await world.engine.gatherer.spend_all(news, world.engine.now())
    assert [(one.outcome, one.balance_after) for one in told] == [
        ("done", 93),
        ("done", 93),
        ("conflict", None),
    ]
    assert {one.tenant_id for one in told} == {world.names["Agency"]}
    assert (await used(world))["Client 1"] == 7


async def test_r40_what_needs_more_than_an_answer_has_its_tenant(world: World) -> None:
    """Short, waiting, overdrawn, or done long ago: the rest of the way goes by the account's tenant."""
    await family(world)
    secret = await key_for(world, "Agency")
    moment, tenant_id = world.engine.now(), world.names["Agency"]

    async def of(credits: int, key: str | None = None) -> tuple[str, object]:
        new = asked(world, "Client 1", secret, credits, key)
        [tried] = await spend_many(world.db, [new], moment, wait=True)
        return tried.outcome, tried.tenant_id

    assert await of(60, "k") == ("done", None)
    assert await of(60, "k") == ("done", tenant_id)
    assert await of(50) == ("short", tenant_id)
    waits = asked(world, "Client 1", secret, 50, "w")._replace(tenant_id=tenant_id)
    async with world.db.transaction() as tx:
        assert await wait_for_spend(tx, waits, moment.real_at, moment) == "waiting"
    assert await of(50, "w") == ("waiting", tenant_id)


async def test_r33_r40_what_is_overdrawn_with_a_key_is_bought_behind_the_answer(
    world: World,
) -> None:
    """As without one: the account is looked at, and buys what it owes."""
    await family(world)
    await set_overdraft(
        world.engine.ctx,
        tenant_id=world.names["Agency"],
        account_id=world.names["Client 1"],
        limit_credits=30,
        moment=world.engine.now(),
    )
    told = await spend_with_key(world, "Client 1", 120)
    assert isinstance(told, SpendDone) and told.balance_after == -20
    await world.settle()
    [bought] = await world.purchases("Client 1")
    assert bought["trigger_kind"] == "overdraft"


@pytest.mark.parametrize("credits", [1, 1_000])
async def test_r40_who_may_not_spend_is_told_nothing(world: World, credits: int) -> None:
    """Whether or not the account has so many."""
    await family(world)
    assert await spend_with_key(world, "Client 1", credits, by="Other") is None
    assert (await used(world))["Client 1"] == 0
