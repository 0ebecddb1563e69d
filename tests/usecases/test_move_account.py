"""R46: an account moves to another seller of its tenant at period end, with what it has."""

from datetime import UTC, datetime

from brimful.billing import cards
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought, SpendDone
from brimful.usecases.set_move import MoveSet, undo_move
from tests.builders.moving import (
    HOUR,
    JUNE,
    MAY,
    client_of_north,
    merchant,
    move,
    seller_of,
    told,
    two_sellers,
)
from tests.builders.world import World
from tests.builders.year import Year


async def test_r46_at_period_end_credits_stay_and_chatbots_go_back(year: Year) -> None:
    """Until then nothing changes. Then the plan's month lapses like any, 3,500 bought and given stay,
    3 chatbots are North's again, the chatbot pauses, and the renewal of May is not charged."""
    await client_of_north(year)
    answer = await move(year, "Client", "South")
    assert isinstance(answer, MoveSet) and (answer.at, answer.moved) == (MAY, False)
    await year.until(MAY - HOUR)
    assert await seller_of(year, "Client") == "North"
    assert (await year.bots("Client"))["bot"] == "active"
    before = year.taken()
    await year.until(MAY)
    assert year.taken() == before
    account, south = await year.account("Client"), await year.account("South")
    assert account.parent_id == south.account_id
    assert account.ancestors == [*south.ancestors, account.account_id]
    assert (account.moves_to, account.moves_at) == (None, None)
    assert (await year.subscription("Client"))["state"] == "ended"
    assert isinstance(await year.spend("Client", 100), SpendDone)
    assert (await year.credits("Client")).free == 3_400
    seats = await year.chatbots("Client")
    assert (seats.received, seats.free, seats.used) == (0, 0, 0)
    assert await year.bots("Client") == {"bot": "paused"}
    assert ((await year.chatbots("North")).free, (await year.chatbots("North")).sold) == (9, 0)
    assert (await year.chatbots("South")).free == 9


async def test_r46_everybody_is_told_and_no_seller_hears_of_the_other(year: Year) -> None:
    """When it is planned, and when it is done: the owner, the old seller, the new one."""
    await client_of_north(year)
    await move(year, "Client", "South")
    await year.until(MAY)
    assert await told(year, "Client") == ["move_planned", "move_done"]
    assert await told(year, "North") == ["client_leaving_planned", "client_leaving_done"]
    assert await told(year, "South") == ["client_coming_planned", "client_coming_done"]
    for one, other in (("North", "South"), ("South", "North")):
        assert not any(other in n["title"] + n["body"] for n in await year.notices(one))
    planned, done = [n for n in await year.notices("Client") if n["kind"].startswith("move_")]
    assert planned["title"] == "Client moves to South on 1 May 2027"
    assert "These chatbots are paused: bot." in done["body"]
    assert "Auto-billing is off" in done["body"]
    # The second is in the new seller's brand.
    assert (planned["brand_id"], done["brand_id"]) == (year.names["North"], year.names["South"])


async def test_r46_r27_it_buys_of_the_new_seller_once_its_owner_agrees(year: Year) -> None:
    """The card was saved at North's gateway account and the consent was to North's prices: neither
    serves for South. With a new card the plan of South is bought, and the chatbot comes back."""
    await client_of_north(year)
    await move(year, "Client", "South")
    await year.until(MAY)
    plan = await year.plan_of("South")
    refused = await year.buy("Client", plan)
    assert isinstance(refused, Refuse) and refused.reason is Reason.no_payment_method
    account = await year.account("Client")
    assert await cards.read_customer(year.db, account.tenant_id, account.account_id) is None
    row = await year.db.fetchrow(
        "select s.enabled, s.per_month_minor, c.enabled as agreed, c.given_by, c.terms "
        "from auto_billing_setting s join consent c using (account_id) where s.account_id = $1 "
        "order by consent_id desc limit 1",
        account.account_id,
    )
    assert (row["enabled"], row["agreed"], row["given_by"]) == (False, False, "Head of sales")
    short = await year.spend("Client", 9_000)
    assert isinstance(short, Refuse) and short.detail == {"auto_billing": "auto_billing_off"}
    await year.card("Client")
    assert isinstance(await year.buy("Client", plan), Bought)
    await year.settle()
    assert await year.bots("Client") == {"bot": "active"}
    await year.auto_billing("Client")
    assert isinstance(await year.spend("Client", 5_000), SpendDone)
    assert year.taken(await merchant(year, "South")) == [3_000, 2_500]
    await year.until(JUNE)
    assert year.taken(await merchant(year, "South")) == [3_000, 2_500, 3_000]


async def test_r46_without_a_subscription_it_moves_at_once(year: Year) -> None:
    """Nothing that runs is paid for; moved back, it is told of both moves."""
    await two_sellers(year)
    await year.open("Client", "North")
    answer = await move(year, "Client", "South")
    assert isinstance(answer, MoveSet) and answer.moved
    assert await seller_of(year, "Client") == "South"
    await year.until(year.now + HOUR)
    assert isinstance(await move(year, "Client", "North"), MoveSet)
    assert await seller_of(year, "Client") == "North"
    assert await told(year, "Client") == ["move_done", "move_done"]


async def test_r46_undone_before_the_end_it_renews_where_it_is(year: Year) -> None:
    """And everybody is told that it stays; undone again, nobody is told anything."""
    await client_of_north(year)
    await move(year, "Client", "South")
    account = await year.account("Client")
    for _ in range(2):
        await undo_move(
            year.engine.ctx,
            tenant_id=account.tenant_id,
            account_id=account.account_id,
            moment=year.engine.clock.moment(),
        )
    await year.until(MAY)
    assert await seller_of(year, "Client") == "North"
    assert year.taken(await merchant(year, "North")) == [3_000, 2_500, 3_000]
    assert await told(year, "Client") == ["move_planned", "move_dropped"]
    assert await told(year, "South") == ["client_coming_planned", "client_coming_dropped"]


async def test_r46_set_for_another_seller_it_takes_the_place_of_the_first(year: Year) -> None:
    """South is told that nobody comes; asked twice for the same, nobody is told again."""
    await client_of_north(year)
    await move(year, "Client", "South")
    await year.until(year.now + HOUR)
    for _ in range(2):
        assert isinstance(await move(year, "Client", "Agency"), MoveSet)
        await year.until(year.now + HOUR)
    assert await told(year, "South") == ["client_coming_planned", "client_coming_dropped"]
    assert await told(year, "Client") == ["move_planned", "move_dropped", "move_planned"]
    await year.until(MAY)
    assert await seller_of(year, "Client") == "Agency"


async def test_r46_where_it_may_not_move_to(year: Year) -> None:
    """Each refusal has its reason and changes nothing."""
    await client_of_north(year)
    await year.open("Other agency", sells=True)
    await year.open("East", "Agency", sells=True, currency="EUR")
    await year.open("Gone", "Agency", sells=True)
    await year.open("Plain", "Agency")
    await year.open("Below", "North", sells=True)
    await year.close("Gone")
    for name, to, reason in (
        ("Client", "Other agency", Reason.another_tenant),
        ("Client", "East", Reason.another_currency),
        ("Client", "Gone", Reason.account_closed),
        ("Client", "Plain", Reason.seller_cannot_sell),
        ("Client", "North", Reason.same_seller),
        ("North", "Below", Reason.below_itself),
        ("North", "North", Reason.below_itself),
        ("Agency", "Other agency", Reason.another_tenant),
        ("Gone", "South", Reason.account_closed),
    ):
        answer = await move(year, name, to)
        assert isinstance(answer, Refuse) and answer.reason is reason, (name, to, answer)
    await year.db.execute(
        "update account set external_id = 'the same' where account_id = any ($1)",
        [year.names["Client"], (await year.open("Twin", "South")).account_id],
    )
    answer = await move(year, "Client", "South")
    assert isinstance(answer, Refuse) and answer.reason is Reason.external_id_taken
    assert await year.db.fetchval("select count(*) from account where moves_to is not null") == 0


async def test_r46_an_agency_moves_with_its_clients_and_nothing_is_taken_from_them(
    year: Year,
) -> None:
    """North below South: its client keeps plan, chatbots and credits; the 3 chatbots that it holds
    come out of South's pool, the 6 that North had free go back. Its client's auto-billing is inactive
    while North's is off."""
    await client_of_north(year)
    answer = await move(year, "North", "South")
    assert isinstance(answer, MoveSet) and answer.moved
    client, south = await year.account("Client"), await year.account("South")
    assert client.ancestors == [*south.ancestors, year.names["North"], client.account_id]
    assert await year.bots("Client") == {"bot": "active"}
    assert (await year.subscription("Client"))["state"] == "active"
    north, agency = await year.chatbots("North"), await year.chatbots("Agency")
    assert (north.received, north.sold, north.free) == (3, 3, 0)
    assert (await year.chatbots("South")).free == 6
    assert agency.sold == 9
    assert [n["kind"] for n in await year.notices("Client")][-1] == "inactive"
    assert isinstance(await year.spend("Client", 10), SpendDone)
    await year.card("North")
    await year.auto_billing("North")
    assert [n["kind"] for n in await year.notices("Client")][-1] == "resumed"
    await year.until(MAY)
    assert year.taken(await merchant(year, "North")) == [3_000, 2_500, 3_000]


async def test_r46_r38_the_worker_moves_it_where_the_clock_passes_the_period_end(
    frozen_world: World,
) -> None:
    """Two months pass at once: North is paid for the first alone, South for nothing."""
    world = frozen_world
    await client_of_north(world)
    assert isinstance(await move(world, "Client", "South"), MoveSet)
    await world.advance(days=60)
    await world.settle()
    assert await seller_of(world, "Client") == "South"
    assert world.taken(await merchant(world, "North")) == [3_000, 2_500]
    assert world.taken(await merchant(world, "South")) == []
    moved = await world.db.fetchval("select created_at from notice where kind = 'move_done'")
    assert moved == datetime(2027, 2, 28, 23, tzinfo=UTC)
