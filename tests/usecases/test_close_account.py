"""R46: closing an account ends what would charge it, and what it has left goes back."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from brimful.billing.keys import authenticate
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought, ChatbotCreated, SpendDone
from brimful.usecases.close_account import Closed, close_account, empty_closed
from brimful.usecases.steps import Step, set_hook
from tests.builders.held import SOON_S
from tests.builders.http import key_for
from tests.builders.year import Year, held_up

MAY = datetime(2027, 5, 1, 9, tzinfo=UTC)


async def client_with_everything(year: Year) -> None:
    """A client with a plan, credits bought beside it, a gift, chatbots, a card and auto-billing."""
    await year.open("Agency", sells=True)
    await year.card("Agency")
    await year.auto_billing("Agency")
    await year.stock("Agency", credits=20_000, chatbots=9)
    credits = await year.package("Agency", 2_500, credits=3_000)
    plan = await year.package("Agency", 3_000, credits=1_000, chatbots=2, interval="month")
    await year.open("Client", "Agency")
    await year.card("Client")
    await year.auto_billing("Client")
    assert isinstance(await year.buy("Client", plan), Bought)
    assert isinstance(await year.buy("Client", credits), Bought)
    await year.stock("Client", credits=500, chatbots=1)
    assert isinstance(await year.create_chatbot("Client", "bot"), ChatbotCreated)
    await year.settle()


async def test_r46_what_is_left_goes_back_and_nothing_is_charged_any_more(year: Year) -> None:
    """Of the plan's 1,000 credits 400 are spent and 600 lapse; 3,000 bought and 500 given go back,
    as do 3 chatbots. Keys, card, auto-billing and subscription end, and the owner is told."""
    await client_with_everything(year)
    assert isinstance(await year.spend("Client", 400), SpendDone)
    key = await key_for(year, "Client")
    assert isinstance(await year.close("Client"), Closed)
    credits, seats = await year.credits("Client"), await year.chatbots("Client")
    assert (credits.free, credits.used, credits.lapsed, credits.received) == (0, 400, 600, 1_000)
    assert (seats.free, seats.used, seats.received) == (0, 0, 0)
    agency = await year.credits("Agency")
    assert (agency.free, agency.sold) == (19_000, 1_000)
    assert ((await year.chatbots("Agency")).free, (await year.chatbots("Agency")).sold) == (9, 0)
    assert await authenticate(year.db, key) is None
    assert (await year.subscription("Client"))["state"] == "ended"
    assert (
        await year.db.fetchval(
            "select enabled from auto_billing_setting where account_id = $1", year.names["Client"]
        )
        is False
    )
    [notice] = [n for n in await year.notices("Client") if n["kind"] == "account_closed"]
    assert notice["recipient"] == "client@example.com"
    before = year.taken()
    refused = await year.spend("Client", 10)
    assert isinstance(refused, Refuse) and refused.reason is Reason.insufficient_credits
    plan = await year.plan_of("Agency")
    answer = await year.buy("Client", plan)
    assert isinstance(answer, Refuse) and answer.reason is Reason.account_closed
    await year.until(MAY)
    assert year.taken() == before


async def test_r46_closed_again_nothing_happens(year: Year) -> None:
    """It answers when it was closed, and tells nobody twice."""
    await client_with_everything(year)
    first = await year.close("Client")
    entries = await year.db.fetchval("select count(*) from entry")
    again = await year.close("Client")
    assert isinstance(first, Closed) and isinstance(again, Closed)
    assert again.at == first.at
    assert await year.db.fetchval("select count(*) from entry") == entries


async def test_r46_credits_go_back_with_the_expiries_that_they_came_with(year: Year) -> None:
    """The agency had 1,000 that end in April and 2,000 that never end; a client bought 2,500 of them
    and spent 600. What comes back is first what never ends; and what has ended lapses."""
    await year.open("Agency", sells=True)
    await year.card("Agency")
    await year.stock("Agency", credits=2_000)
    plan = await year.package(None, 1_000, credits=1_000, interval="month")
    assert isinstance(await year.buy("Agency", plan), Bought)
    pack = await year.package("Agency", 900, credits=2_500)
    await year.open("Client", "Agency")
    await year.card("Client")
    assert isinstance(await year.buy("Client", pack), Bought)
    assert isinstance(await year.spend("Client", 600), SpendDone)
    await year.cancel("Agency")
    await year.close("Client")
    lots = await year.db.fetch(
        "select terms, free from lot where account_id = $1 order by terms", year.names["Agency"]
    )
    assert [tuple(lot) for lot in lots] == [("additional", 2_000), ("plan", 400)]
    await year.until(MAY)
    assert isinstance(await year.spend("Agency", 1), SpendDone)
    agency = await year.credits("Agency")
    assert (agency.free, agency.lapsed) == (1_999, 400)


async def test_r46_r35_what_comes_back_serves_a_renewal_that_could_not_be_furnished(
    year: Year,
) -> None:
    """The agency lacks 1,000 credits for a client's month; another client closes and returns them."""
    await client_with_everything(year)
    await year.open("Other", "Agency")
    await year.card("Other")
    stock = await year.credits("Agency")
    rest = await year.package("Agency", 900, credits=stock.free)
    assert isinstance(await year.buy("Other", rest), Bought)
    await year.auto_billing("Agency", enabled=False)
    await year.until(MAY)
    assert (await year.credits("Client")).free == 3_500
    assert isinstance(await year.close("Other"), Closed)
    assert (await year.credits("Client")).free == 4_500


async def test_r46_an_agency_with_clients_is_refused(year: Year) -> None:
    """With how many; once they are closed it closes, and the platform has issued so much less."""
    await client_with_everything(year)
    answer = await year.close("Agency")
    assert isinstance(answer, Refuse) and answer.reason is Reason.has_clients
    assert answer.detail == {"clients": 1}
    await year.close("Client")
    assert isinstance(await year.close("Agency"), Closed)
    rows = await year.db.fetch(
        "select resource, sum(issued) as issued from balance group by 1 order by 1"
    )
    assert [tuple(row) for row in rows] == [("chatbots", 0), ("credits", 1_000)]


async def test_r46_what_is_at_the_gateway_completes_or_is_cancelled_and_is_emptied_after(
    year: Year,
) -> None:
    """A card is being charged when the account is closed: that was cancelled, or else it was taken and
    what it brought goes back as well; either way nothing is left open."""
    await client_with_everything(year)
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def hold(step: Step, _: object) -> None:
        if step is Step.before_confirm:
            reached.set()
            await go_on.wait()

    set_hook(hold)
    try:
        pack = await year.db.fetchval(
            "select package_id from package where seller_ref = $1 and kind = 'additional_credits'",
            year.names["Agency"],
        )
        buying = asyncio.create_task(year.buy("Client", pack))
        await asyncio.wait_for(reached.wait(), SOON_S)
        assert isinstance(await asyncio.wait_for(_close(year), SOON_S), Closed)
        emptied = "select emptied_at is not null from account where account_id = $1"
        assert await year.db.fetchval(emptied, year.names["Client"]) is False
        go_on.set()
        await buying
    finally:
        set_hook(None)
    await year.settle()
    year.engine.run(await empty_closed(year.engine.ctx, moment=year.engine.clock.moment()))
    await year.settle()
    assert await year.db.fetchval(emptied, year.names["Client"]) is True
    credits = await year.credits("Client")
    assert (credits.free, credits.reserved) == (0, 0)
    assert not year.held_open()


async def _close(year: Year, *, follow: bool = True) -> object:
    """Close without waiting for what is held up; or die right after the commit."""
    account = await year.account("Client")
    closed = await close_account(
        year.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        given_by="Its owner",
        moment=year.engine.clock.moment(),
    )
    assert isinstance(closed, Closed)
    if follow:
        year.engine.run(closed.effects)
    return closed


async def test_r46_a_renewal_that_waits_ends_with_the_account(year: Year) -> None:
    """Past due when it is closed: no retry charges it."""
    await client_with_everything(year)
    await year.card("Client", "tok_insufficient_funds")
    await year.until(MAY)
    await year.card("Client")
    before = year.taken()
    await year.close("Client")
    await year.until(MAY + timedelta(days=30))
    assert year.taken() == before
    assert (await year.subscription("Client"))["state"] == "ended"


async def short_agency(year: Year) -> UUID:
    """An agency that has 1,000 credits and buys more by itself; a client with a card. Its plan."""
    await year.open("Agency", sells=True)
    await year.card("Agency")
    await year.auto_billing("Agency")
    await year.stock("Agency", credits=1_000, chatbots=2)
    plan = await year.package("Agency", 3_000, credits=1_000, chatbots=2, interval="month")
    await year.open("Client", "Agency")
    await year.card("Client")
    return plan


async def test_r46_a_card_that_is_only_held_is_let_go(year: Year) -> None:
    """A purchase by hand waits, its card held, for what the agency is buying: the client is closed and
    not charged; what the agency has paid for stays with it, R17."""
    await short_agency(year)
    pack = await year.package("Agency", 2_500, credits=3_000)
    bank = (await year.account("Agency")).merchant_ref
    async with held_up(year, Step.before_confirm, "Agency") as reached:
        buying = asyncio.create_task(year.buy("Client", pack))
        await asyncio.wait_for(reached.wait(), SOON_S)
        assert isinstance(await asyncio.wait_for(_close(year), SOON_S), Closed)
    assert isinstance(await buying, Refuse)
    await year.settle()
    assert (year.taken(bank), year.taken("platform"), year.held_open()) == ([], [1_000], [])
    assert (await year.credits("Agency")).free == 3_000
    year.engine.run(await empty_closed(year.engine.ctx, moment=year.engine.clock.moment()))


async def test_r46_a_renewal_whose_capture_has_begun_completes_and_what_it_brings_goes_back(
    year: Year,
) -> None:
    """It does not bring the subscription back to life; what is left of it is given up like the rest."""
    plan = await short_agency(year)
    assert isinstance(await year.buy("Client", plan), Bought)
    async with held_up(year, Step.before_capture, "Client") as reached:
        renewing = asyncio.create_task(year.until(MAY))
        await asyncio.wait_for(reached.wait(), SOON_S)
        assert isinstance(await asyncio.wait_for(_close(year), SOON_S), Closed)
    await renewing
    await year.settle()
    assert (await year.subscription("Client"))["state"] == "ended"
    assert await year.db.fetchval("select count(*) from purchase where state <> 'delivered'") == 0
    year.engine.run(await empty_closed(year.engine.ctx, moment=year.engine.clock.moment()))
    await year.settle()
    assert ((await year.credits("Client")).free, (await year.chatbots("Client")).free) == (0, 0)
    assert (await year.chatbots("Agency")).free == 2
    await year.until(MAY + timedelta(days=31))
    assert (await year.subscription("Client"))["state"] == "ended"


async def test_r24_r46_what_follows_a_closing_is_found_by_whoever_looks_for_work(
    year: Year,
) -> None:
    """The process dies with the commit: from the rows, the held card is given back, its demand at the
    agency has ended, the account is emptied, the card is removed at the gateway, the mail goes out."""
    await short_agency(year)
    pack = await year.package("Agency", 2_500, credits=3_000)
    async with held_up(year, Step.before_confirm, "Agency") as reached:
        buying = asyncio.create_task(year.buy("Client", pack))
        await asyncio.wait_for(reached.wait(), SOON_S)
        await _close(year, follow=False)
        assert len(year.held_open()) == 1
        await year.engine.take_up_due_work()
        assert isinstance(await asyncio.wait_for(buying, SOON_S), Refuse)
    await year.settle()
    await year.engine.take_up_due_work()
    await year.settle()
    assert year.held_open() == []
    row = await year.db.fetchrow(
        "select emptied_at, detached_at, mail.state from account a "
        "join payment_method using (account_id) join notice using (account_id) "
        "join mail using (notice_id) where a.account_id = $1 and kind = 'account_closed'",
        year.names["Client"],
    )
    assert row["emptied_at"] and row["detached_at"] and row["state"] == "sent"
