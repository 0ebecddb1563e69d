"""What an account is shown to have free is what it can spend, whether or not a job has run (R36, R39)."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from brimful.billing.upcoming import find_short_sellers
from brimful.ledger import balances, usage
from brimful.usecases.answers import Bought, SpendDone
from tests.api.behind import connected, question
from tests.builders.http import acc, key_for, serving_api
from tests.builders.world import World, small_world
from tests.conftest import FROZEN_AT

SPENT_AT = FROZEN_AT + timedelta(days=14)
ENDED_AT = FROZEN_AT + timedelta(days=40)


async def half_used(world: World) -> None:
    """A client with 30 additional credits and 100 of a plan's month, of which 40 are spent and taken from
    no lot yet; its agency has sold all that it had. The month is over, and nothing has been done since."""
    await small_world(world)
    await world.stock("Agency", credits=130)
    plan = await world.package("Agency", 900, credits=100, interval="month", name="Plan")
    assert isinstance(await world.buy("Client 1", plan), Bought)
    await world.settle()
    await world.stock("Client 1", credits=30)
    await stand_at(world, SPENT_AT)
    await world.engine.follow_clock()
    assert isinstance(await world.spend("Client 1", 40), SpendDone)


async def stand_at(world: World, at: datetime) -> None:
    """Business time stands there, for whoever looks, and no job has run."""
    await world.db.execute("update test_clock set frozen_at = $1", at)


async def asked(world: World, more: list[tuple[bytes, bytes]]) -> str:
    """The balance of the client, by the short way or, with a header too many, by the long one."""
    secret = (await key_for(world, "Client 1")).encode()
    headers = [(b"authorization", b"Bearer %s" % secret), *more]
    path = f"/v1/accounts/{acc(world, 'Client 1')}/balance"
    async with (
        serving_api(world, with_worker=False) as url,
        connected(url) as (reader, writer),
    ):
        writer.write(question(path, headers))
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        assert length is not None and head.startswith(b"HTTP/1.1 200")
        return (await reader.readexactly(int(length[1]))).decode()


async def test_r36_r39_what_has_ended_is_shown_as_free_by_neither_way(frozen_world: World) -> None:
    """Of 90 free credits 60 ended with their month, and the renewal is still due; neither reading them
    nor anything else has let them lapse."""
    world = frozen_world
    await half_used(world)
    ways: list[list[tuple[bytes, bytes]]] = [[], [(b"x-request-id", b"1")]]
    for at, free in ((SPENT_AT, 90), (ENDED_AT, 30)):
        await stand_at(world, at)
        told = [await asked(world, more) for more in ways]
        assert told[0] == told[1]
        assert f'"credits":{{"free":{free},"reserved":0,"held":0,"used":40,' in told[0]
    assert await world.db.fetchval("select sum(lapsed) from balance") == 0


async def test_r36_what_is_shown_is_what_settling_would_leave(frozen_world: World) -> None:
    """What ended is lapsed, not lost: every place, before it is settled and after."""
    world = frozen_world
    await half_used(world)
    client, moment = await world.account("Client 1"), replace(world.engine.now(), at=ENDED_AT)
    ids = client.tenant_id, client.account_id
    shown = await balances.read_stock_at(world.db, *ids, ENDED_AT)
    async with world.db.transaction() as tx:
        settled = await balances.settle(tx, *ids, moment)
    assert (shown[0].free, shown[0].lapsed) == (30, 60)
    now = {"unsettled": 0, "next_expiry_at": None}
    assert (replace(shown[0], **now), shown[1]) == settled
    assert await balances.read_stock_at(world.db, *ids, ENDED_AT) == settled


async def test_r36_r42_nobody_is_left_unwarned_for_what_has_ended(frozen_world: World) -> None:
    """The client used 40 in four weeks and has 30 that it can use; its seller's 500 have ended, and the
    client's renewal, by then due, needs 100."""
    world = frozen_world
    await half_used(world)
    await world.stock("Agency", credits=500)
    client, agency = [await world.account(name) for name in ("Client 1", "Agency")]
    moment = replace(world.engine.now(), at=ENDED_AT)
    await usage.carry_usage(world.db, client.tenant_id, client.account_id, moment)

    async def told() -> tuple[list[Any], list[Any]]:
        low = await usage.find_running_low(world.db, ENDED_AT, (UUID(int=0), UUID(int=0)), 9)
        return low, await find_short_sellers(world.db, ENDED_AT, ENDED_AT + timedelta(days=1))

    low, short = await told()
    assert (low, short) == ([(client.tenant_id, client.account_id)], [])
    for table, end in (("lot", "expires_at"), ("balance", "next_expiry_at")):
        await world.db.execute(
            f"update {table} set {end} = $2 where account_id = $1 and free > 0",
            agency.account_id,
            ENDED_AT,
        )
    _, [short] = await told()
    assert (short["seller_id"], short["credits"]) == (agency.account_id, 100)
