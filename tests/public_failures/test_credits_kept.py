"""Refunds and disputes, credits that vanish or come from nowhere, sellers that are not debited."""

import asyncio

from brimful.domain.reason import Refuse
from brimful.usecases.answers import SpendDone
from brimful.usecases.close_account import close_account
from tests.builders.calendar import Calendar, subscribers
from tests.builders.reversals import (
    bought,
    debts,
    dispute,
    move_dispute,
    refund_elsewhere,
)
from tests.builders.world import World, small_world


async def test_r25_a_refund_lets_no_credits_be_kept(world: World) -> None:
    """A refund or dispute left credits that could be spent.
    https://github.com/elizaOS/eliza/issues/10920"""
    charge = await bought(world)
    await world.auto_billing("Client 1", enabled=False)
    await refund_elsewhere(world, charge["payment_id"], 2_500)
    assert isinstance(await world.spend("Client 1", 1), Refuse)
    assert (await world.credits("Agency")).free == 3_000


async def test_r25_a_dispute_that_is_won_has_taken_nothing(world: World) -> None:
    """Clawing back when a dispute is opened takes too much if it is won.
    https://github.com/elizaOS/eliza/issues/10997"""
    charge = await bought(world, spent=1_000)
    opened = await dispute(world, charge["payment_id"])
    await move_dispute(world, charge["payment_id"], opened, "won")
    client = await world.credits("Client 1")
    assert (client.free, client.used, client.received) == (2_000, 1_000, 3_000)
    assert await debts(world, "Agency") == []


async def test_r25_a_lost_dispute_is_not_ignored(world: World) -> None:
    """A lost dispute only stamped the invoice, and the credits stayed: "they need to void credits
    manually" (`mark_as_failed_service.rb` of https://github.com/getlago/lago-api at 1b1c24a6a).

    Here what is left goes back, what was used is a debt, and the card is not charged by itself."""
    charge = await bought(world, spent=1_000)
    opened = await dispute(world, charge["payment_id"])
    await move_dispute(world, charge["payment_id"], opened, "lost")
    assert (await world.credits("Client 1")).free == 0
    assert await debts(world, "Agency") == [1_000]
    assert isinstance(await world.spend("Client 1", 1), Refuse)


async def test_r36_a_renewal_does_not_cut_what_was_bought(calendar: Calendar) -> None:
    """The monthly refill *set* the balance to the plan's figure and so cut it; bought credits were
    lost at the end of a cycle.
    https://github.com/recoupable/app/issues/1960
    https://github.com/anthropics/claude-code/issues/23674
    https://github.com/polarsource/polar/issues/10513"""
    world = calendar.world
    await subscribers(calendar, "Anna", stock=23_000)
    package = await world.db.fetchval(
        "select package_id from package_version where name = '3,000 credits'"
    )
    await world.buy("Anna", package)
    due = (await calendar.subscription("Anna"))["due_at"]
    await calendar.go_to(due)
    stock = await world.credits("Anna")
    assert (stock.free, stock.lapsed) == (13_000, 10_000)


async def test_r2_two_requests_for_one_credit_get_one_answer(world: World) -> None:
    """One credit, two requests, two answers, balance −1; and balances below zero for the minutes that
    they lagged behind.
    https://github.com/wasp-lang/open-saas/issues/727
    https://github.com/pollinations/pollinations/issues/5219"""
    await small_world(world)
    await world.auto_billing("Client 1", enabled=False)
    await world.stock("Agency", credits=1)
    await world.stock("Client 1", credits=1)
    answers = await asyncio.gather(*(world.spend("Client 1", 1) for _ in range(8)))
    assert sum(isinstance(answer, SpendDone) for answer in answers) == 1
    assert (await world.credits("Client 1")).free == 0


async def test_r3_selling_to_a_client_takes_from_the_seller(world: World) -> None:
    """Refilling a client raised the reseller's balance; a reseller of the second level was not debited
    at all. https://github.com/inextrix/ASTPP/issues/118 https://github.com/inextrix/ASTPP/issues/192"""
    await world.open("Agency", sells=True)
    await world.open("Reseller", "Agency", sells=True)
    await world.open("Client", "Reseller")
    await world.stock("Agency", credits=1_000)
    await world.stock("Reseller", credits=600)
    await world.stock("Client", credits=250)
    left = [(await world.credits(name)).free for name in ("Agency", "Reseller", "Client")]
    assert left == [400, 350, 250]


async def test_r3_nothing_is_sold_that_the_seller_does_not_have(world: World) -> None:
    """ "Overselling": a child may be given more than its reseller has.
    https://github.com/playsms/playsms/issues/410"""
    await world.open("Agency", sells=True)
    await world.open("Client", "Agency")
    await world.card("Client")
    await world.stock("Agency", credits=100)
    package = await world.package("Agency", 2_500, credits=101)
    assert isinstance(await world.buy("Client", package), Refuse)
    await world.settle()
    assert (await world.credits("Client")).received == 0
    assert world.taken() == []


async def test_r46_a_closed_account_is_not_charged(calendar: Calendar) -> None:
    """Deleting the account left its billing on. https://github.com/Cap-go/capgo.app/issues/642"""
    world = calendar.world
    await subscribers(calendar, "Anna", stock=20_000)
    due = (await calendar.subscription("Anna"))["due_at"]
    account = await world.account("Anna")
    await close_account(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        given_by="Its owner",
        moment=world.engine.clock.moment(),
    )
    before = world.taken()
    await calendar.go_to(due)
    assert world.taken() == before


async def test_r27_nothing_is_charged_after_switching_off(world: World) -> None:
    """Charges after auto-reload was switched off, on a card that could not be removed.
    https://github.com/anthropics/claude-code/issues/92883
    https://github.com/useautumn/autumn/pull/3339"""
    await small_world(world)
    assert isinstance(await world.spend("Agency", 25), SpendDone)
    await world.settle()
    await world.auto_billing("Agency", enabled=False)
    before = world.taken()
    assert isinstance(await world.spend("Agency", 50_000), Refuse)
    await world.engine.take_up_due_work()
    await world.settle()
    assert world.taken() == before
