"""R31: subscriptions that end with their period, and chatbots that go back to the seller."""

import asyncio
from datetime import datetime, timedelta

from brimful.domain.reason import Refuse
from brimful.ledger import balances, transfers
from brimful.ledger.transfers import Route
from brimful.usecases.answers import Bought, ChatbotCreated, TooMuch
from brimful.usecases.steps import Step
from tests.builders.held import SOON_S
from tests.builders.year import Year, held_up

HOUR = timedelta(hours=1)
MAY = datetime.fromisoformat("2027-05-01T09:00:00+00:00")
JUNE = datetime.fromisoformat("2027-06-01T09:00:00+00:00")


async def client_with_plan(year: Year, *, bots: int = 0, stock: int = 5) -> None:
    """An agency with credits, and chatbots for one plan of 5 and ``stock`` - 5 more; a client on it."""
    await year.open("Agency", sells=True)
    await year.card("Agency")
    await year.stock("Agency", credits=50_000, chatbots=stock)
    await year.open("Client", "Agency")
    await year.card("Client")
    plan = await year.package("Agency", 9_900, credits=1_000, chatbots=5, interval="month")
    assert isinstance(await year.buy("Client", plan), Bought)
    for number in range(bots):
        assert isinstance(await year.create_chatbot("Client", f"bot {number}"), ChatbotCreated)
    await year.settle()


async def test_r31_a_cancelled_plan_lasts_to_the_end_of_its_period_and_its_chatbots_go_back(
    year: Year,
) -> None:
    """The newest pause first for want of a seat, nothing is deleted, and nothing more is charged."""
    await client_with_plan(year, bots=3)
    await year.stock("Client", chatbots=0, credits=700)
    await year.cancel("Client")
    await year.until(MAY - HOUR)
    assert (await year.chatbots("Client")).used == 3
    assert (await year.subscription("Client"))["state"] == "active"
    await year.until(MAY)
    held = await year.subscription("Client")
    assert (held["state"], held["ended_at"] is not None) == ("ended", True)
    assert set((await year.bots("Client")).values()) == {"paused"}
    seats = await year.chatbots("Client")
    assert (seats.received, seats.free, seats.used) == (0, 0, 0)
    stock = await year.chatbots("Agency")
    assert (stock.free, stock.sold) == (5, 0)
    # Plan credits lapse as ever; the gift stays. The card was charged once, for April.
    await year.spend("Client", 1)
    assert (await year.credits("Client")).free == 699
    account = await year.account("Agency")
    assert year.taken(account.merchant_ref) == [9_900]
    [notice] = [n for n in await year.notices("Client") if n["kind"] == "subscription_ended"]
    assert "bot 2, bot 1, bot 0" in notice["body"]
    await year.until(JUNE)
    assert year.taken(account.merchant_ref) == [9_900]


async def test_r31_a_cancellation_is_dropped_before_the_end(year: Year) -> None:
    """Then it renews as if nothing had been."""
    await client_with_plan(year, bots=1)
    await year.cancel("Client")
    await year.resume("Client")
    await year.until(MAY)
    held = await year.subscription("Client")
    assert (held["state"], held["period_ends_at"], held["chatbots"]) == ("active", JUNE, 5)
    assert await year.bots("Client") == {"bot 0": "active"}


async def test_r31_r20_what_goes_back_is_offered_to_who_waits_at_the_seller(year: Year) -> None:
    """The next client's card is held while the agency buys chatbots for it, which takes long. The
    first one's plan ends meanwhile, and the next is served out of what came back."""
    await client_with_plan(year)
    await year.auto_billing("Agency")
    await year.open("Next", "Agency")
    await year.card("Next")
    plan = await year.plan_of("Agency")
    await year.cancel("Client")
    await year.until(MAY - HOUR)
    async with held_up(year, Step.before_confirm, "Agency") as reached:
        buying = asyncio.create_task(year.buy("Next", plan))
        await asyncio.wait_for(reached.wait(), SOON_S)
        moving = asyncio.create_task(year.until(MAY))
        assert isinstance(await asyncio.wait_for(buying, 30), Bought)
        assert year.taken("platform") == []
        assert (await year.chatbots("Agency")).sold == 5
    await moving
    await year.settle()
    assert (await year.chatbots("Agency")).free == 5
    assert year.taken("platform") == [2_500]


async def lose_a_seat(year: Year) -> None:
    """The agency's own chatbot pauses, and its seat goes back to the platform."""
    agency = year.names["Agency"]
    async with year.db.transaction() as tx:
        own = await tx.fetchval("select chatbot_id from chatbot where account_id = $1", agency)
        account = await year.account("Agency")
        moment = year.engine.clock.moment()
        await balances.pause_chatbots(tx, account.tenant_id, agency, [own], moment)
        route = Route(
            tenant_id=account.tenant_id,
            seller_id=account.parent_id or agency,
            buyer_id=agency,
            operation_id=own,
        )
        await transfers.return_chatbots(tx, route=route, chatbots=1, moment=moment)


async def test_r31_a_seat_that_comes_back_goes_to_the_agencys_own_paused_chatbot(
    year: Year,
) -> None:
    """After whoever waits; what is still free can be sold again."""
    await client_with_plan(year, stock=6)
    assert isinstance(await year.create_chatbot("Agency", "own"), ChatbotCreated)
    await lose_a_seat(year)
    await year.cancel("Client")
    await year.until(MAY)
    assert await year.bots("Agency") == {"own": "active"}
    assert (await year.chatbots("Agency")).free == 4


async def test_r31_a_seat_bought_for_a_purchase_that_failed_goes_to_the_agencys_paused_chatbot(
    year: Year,
) -> None:
    """The client's card is held while the agency buys a chatbot for it, and gives nothing then."""
    await client_with_plan(year)
    await year.stock("Agency", chatbots=1)
    assert isinstance(await year.create_chatbot("Agency", "own"), ChatbotCreated)
    await lose_a_seat(year)
    await year.auto_billing("Agency")
    await year.open("Next", "Agency")
    await year.card("Next", "tok_decline_capture")
    small = await year.package("Agency", 900, credits=10, chatbots=1, interval="month")
    assert isinstance(await year.buy("Next", small), Refuse)
    await year.settle()
    assert year.taken("platform") == [500]
    assert await year.bots("Agency") == {"own": "active"}
    assert (await year.chatbots("Agency")).free == 0


async def test_r31_a_part_of_an_agencys_chatbots_is_released_at_period_end(year: Year) -> None:
    """5 subscribed automatically at $5.00, 2 with a client for good: of 4 to be released, 3 are not
    needed; 2 go on at $10.00. What the platform had issued it takes back."""
    await year.open("Agency", sells=True)
    await year.card("Agency")
    await year.auto_billing("Agency")
    await year.package("Agency", 100, credits=10)
    await year.stock("Agency", credits=50_000)
    await year.open("Client", "Agency")
    await year.card("Client")
    plan = await year.package("Agency", 9_900, credits=1_000, chatbots=5, interval="month")
    assert isinstance(await year.buy("Client", plan), Bought)
    await year.settle()
    held = await year.subscription("Agency", "extra_chatbots")
    assert (held["automatic"], held["chatbots"], held["recurring_minor"]) == (True, 5, 2_500)
    small = await year.package("Agency", 900, credits=10, chatbots=2, interval="month")
    await year.change("Client", small)
    assert isinstance(await year.release("Agency", 6), TooMuch)
    await year.release("Agency", 4)
    await year.until(MAY - HOUR)
    assert (await year.chatbots("Agency")).sold == 5
    # The client's plan and the agency's chatbots are due in the same hour; the agency renews first,
    # when its chatbots are still with its client.
    await year.until(MAY)
    held = await year.subscription("Agency", "extra_chatbots")
    assert (held["chatbots"], held["recurring_minor"], held["state"]) == (5, 2_500, "active")
    assert (await year.chatbots("Agency")).free == 3
    await year.release("Agency", 4)
    await year.until(JUNE)
    held = await year.subscription("Agency", "extra_chatbots")
    assert (held["chatbots"], held["recurring_minor"], held["release_chatbots"]) == (2, 1_000, 0)
    seats = await year.chatbots("Agency")
    assert (seats.received, seats.free, seats.sold) == (2, 0, 2)
    assert year.taken("platform") == [2_500, 2_500, 1_000]
    issued = await year.db.fetchval("select sum(issued) from balance where resource = 'chatbots'")
    assert issued == 2


async def test_r31_a_setting_releases_what_nobody_needs(year: Year) -> None:
    """Without a request; all of it gone, the subscription ends."""
    await year.open("Agency", sells=True)
    await year.card("Agency")
    await year.auto_billing("Agency", release_chatbots=True)
    await year.package("Agency", 100, credits=10)
    await year.stock("Agency", credits=50_000)
    await year.open("Client", "Agency")
    await year.card("Client")
    plan = await year.package("Agency", 900, credits=10, chatbots=3, interval="month")
    assert isinstance(await year.buy("Client", plan), Bought)
    await year.settle()
    await year.cancel("Client")
    await year.until(MAY)
    assert (await year.subscription("Agency", "extra_chatbots"))["state"] == "active"
    assert (await year.chatbots("Agency")).free == 3
    await year.until(JUNE)
    assert (await year.subscription("Agency", "extra_chatbots"))["state"] == "ended"
    seats = await year.chatbots("Agency")
    assert (seats.received, seats.free) == (0, 0)
    assert "chatbots_released" in [n["kind"] for n in await year.notices("Agency")]


async def test_r31_chatbots_that_are_with_clients_are_not_taken_from_them(year: Year) -> None:
    """The agency's own 4 extra chatbots are cancelled while a client has 3: 1 goes back, 3 go on and
    are paid for, and the rest goes when the client gives them up."""
    await year.open("Agency", sells=True)
    await year.card("Agency")
    await year.stock("Agency", credits=5_000)
    shop = await year.db.fetchval("select package_id from package where kind = 'extra_chatbots'")
    assert isinstance(await year.buy("Agency", shop, 4), Bought)
    await year.open("Client", "Agency")
    await year.card("Client")
    plan = await year.package("Agency", 900, credits=10, chatbots=3, interval="month")
    assert isinstance(await year.buy("Client", plan), Bought)
    await year.cancel("Agency", "extra_chatbots")
    await year.until(MAY)
    held = await year.subscription("Agency", "extra_chatbots")
    assert (held["state"], held["chatbots"], held["recurring_minor"]) == ("active", 3, 1_500)
    [notice] = [n for n in await year.notices("Agency") if n["kind"] == "subscription_kept"]
    assert "3 chatbots" in notice["body"]
    await year.cancel("Client")
    await year.until(JUNE)
    await year.until(JUNE.replace(month=7))
    assert (await year.subscription("Agency", "extra_chatbots"))["state"] == "ended"
    assert (await year.chatbots("Agency")).received == 0


async def test_r31_a_plan_past_due_that_is_cancelled_ends_at_once(year: Year) -> None:
    """Its period is over, and nothing was paid for another."""
    await client_with_plan(year, bots=1)
    await year.card("Client", "tok_insufficient_funds")
    await year.until(MAY)
    await year.db.execute("update subscription set state = 'past_due', wake_at = null")
    await year.cancel("Client")
    await year.until(MAY + HOUR)
    assert (await year.subscription("Client"))["state"] == "ended"
    assert (await year.chatbots("Agency")).free == 5


async def test_r31_a_quarter_ends_with_its_third_month(year: Year) -> None:
    """Cancelled in April, it brings its credits in May and June, and ends in July."""
    await year.open("Agency", sells=True)
    await year.card("Agency")
    await year.stock("Agency", credits=50_000, chatbots=5)
    await year.open("Client", "Agency")
    await year.card("Client")
    plan = await year.package("Agency", 9_900, credits=1_000, chatbots=5, interval="quarter")
    assert isinstance(await year.buy("Client", plan), Bought)
    await year.cancel("Client")
    for at in (MAY, JUNE):
        await year.until(at)
        assert (await year.subscription("Client"))["state"] == "active"
        assert ((await year.credits("Client")).free, (await year.chatbots("Client")).free) == (
            1_000,
            5,
        )
    await year.until(JUNE.replace(month=7))
    assert (await year.subscription("Client"))["state"] == "ended"
    assert year.taken((await year.account("Agency")).merchant_ref) == [9_900]


async def test_r27_r31_what_is_cancelled_stays_so_whatever_is_to_be_released(year: Year) -> None:
    """All of the chatbots were to go, and then none, or two, are to be released: all go, at no charge."""
    for name, released in (("None", 0), ("Two", 2)):
        await year.open(name, sells=True)
        await year.card(name)
        seats = await year.package(None, 500, kind="extra_chatbots", interval="month")
        assert isinstance(await year.buy(name, seats, 5), Bought)
        await year.cancel(name, "extra_chatbots")
        await year.release(name, released)
    taken = year.taken("platform")
    await year.until(MAY)
    for name in ("None", "Two"):
        assert (await year.subscription(name, "extra_chatbots"))["state"] == "ended"
        assert (await year.chatbots(name)).received == 0
    assert year.taken("platform") == taken
