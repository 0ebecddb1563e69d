"""A world with a bit of everything, made once, for whoever tampers with its books and undoes it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from brimful.db.transaction import Database, connect
from brimful.domain.reason import Refuse
from brimful.ledger import usage
from brimful.usecases.answers import Bought, SpendDone
from brimful.usecases.close_account import Closed, close_account
from tests.archive.past import put_away
from tests.builders.calendar import StandingClock
from tests.builders.holds import capture, held
from tests.builders.reversals import dispute, refund_elsewhere
from tests.builders.world import World, running_world, small_world
from tests.conftest import fresh_database


async def sign_up(world: World) -> None:
    """A card that is declined; a sign-up for which the agency buys credits and chatbots; then spends,
    holds, a cascade, a chatbot, and an amount too small to charge."""
    await small_world(world, clients=2)
    await _archived(world)
    await world.stock("Agency", credits=9_000, chatbots=2)
    await _gone(world)
    await world.card("Client 2", "tok_insufficient_funds")
    assert isinstance(await world.spend("Client 2", 5), Refuse)
    plan = await world.package(
        "Agency", 9_900, credits=10_000, chatbots=5, interval="month", name="Plan"
    )
    assert isinstance(await world.buy("Client 1", plan), Bought)
    assert isinstance(await world.spend("Client 1", 25), SpendDone)
    assert isinstance(await world.spend("Client 1", 12_000), SpendDone)
    await capture(world, "Client 1", await held(world, "Client 1", 20), 15)
    await held(world, "Client 1", 10, ttl_s=86_400)
    await world.create_chatbot("Client 1", "bot")
    small = await world.package("Agency", 30, credits=10, name="Small")
    assert isinstance(await world.buy("Client 1", small), Bought)
    await world.settle()
    await _reversed(world)
    await carry_all(world)


async def carry_all(world: World) -> None:
    """Carry what every account used into its sums."""
    for account_id in world.names.values():
        tenant_id = await world.db.fetchval(
            "select tenant_id from account where account_id = $1", account_id
        )
        await usage.carry_usage(world.db, tenant_id, account_id, world.engine.clock.moment())


async def _reversed(world: World) -> None:
    """A client that bought twice and used a part: the first charge was refunded, which left a debt,
    the second is disputed in part."""
    await world.open("Back", "Agency")
    await world.card("Back")
    await world.stock("Agency", credits=2_000)
    pack = await world.package("Agency", 2_000, credits=1_000, name="1,000 credits")
    for _ in range(2):
        assert isinstance(await world.buy("Back", pack), Bought)
        await world.settle()
    assert isinstance(await world.spend("Back", 400), SpendDone)
    rows = await world.db.fetch(
        "select payment_id from charge where account_id = $1 order by charge_id",
        world.names["Back"],
    )
    first, second = [row["payment_id"] for row in rows]
    await refund_elsewhere(world, first, 2_000)
    await dispute(world, second, 1_200)


async def _archived(world: World) -> None:
    """A client that was given credits and a chatbot and used some, so long ago that the month of all
    that happened so far is archived."""
    await world.open("Old", "Agency")
    await world.stock("Agency", credits=40, chatbots=1)
    await world.stock("Old", credits=40, chatbots=1)
    assert isinstance(await world.spend("Old", 10), SpendDone)
    await world.settle()
    in_years = StandingClock(world.engine.now().at + timedelta(days=800))
    report = await put_away(world.db, in_years)
    assert [month.became for month in report.months] == ["archived"]


async def _gone(world: World) -> None:
    """A client that was given credits and a chatbot, spent a few, and is closed."""
    gone = await world.open("Gone", "Agency")
    await world.stock("Gone", credits=50, chatbots=1)
    await world.stock("Agency", credits=10)
    assert isinstance(await world.spend("Gone", 10), SpendDone)
    closed = await close_account(
        world.engine.ctx,
        tenant_id=gone.tenant_id,
        account_id=gone.account_id,
        given_by="Its owner",
        moment=world.engine.clock.moment(),
    )
    assert isinstance(closed, Closed)
    world.engine.run(closed.effects)


@pytest.fixture(scope="session")
def signed_up(
    server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a database with such a world, at rest."""
    folder = tmp_path_factory.mktemp("mail")

    async def build(dsn: str) -> None:
        db = await connect(dsn)
        async with running_world(db, folder) as world:
            await sign_up(world)
        await db.close()

    with asyncio.Runner() as runner:
        database = fresh_database(server, template)
        dsn = runner.run(database.__aenter__())
        try:
            runner.run(build(dsn))
            yield dsn
        finally:
            runner.run(database.__aexit__(None, None, None))


@pytest.fixture
async def books(signed_up: str) -> AsyncIterator[Database]:
    """The database of that world; whoever tampers with it undoes it."""
    db = await connect(signed_up, size_max=1)
    yield db
    await db.close()
