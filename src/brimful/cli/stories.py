"""The stories that the demo tells, each with the explanation that brimful keeps."""

from brimful.cli.month import tell_month
from brimful.cli.sandbox import Sandbox
from brimful.cli.teller import Teller, amount_of
from brimful.domain.money import format_money
from brimful.domain.reason import Reason, Refuse
from brimful.ledger.audit import audit
from brimful_testbank.app import Desk


async def tell_all(world: Sandbox, desk: Desk) -> None:
    """Tell every story, in order, and prove the books at the end. Raises AssertionError when a
    figure is not what it has to be."""
    teller = Teller(world, desk)
    for story in (_sign_up, _query, _declined, _replaced, _cap, tell_month):
        await story(teller)
    teller.head("The books")
    findings = await audit(world.db)
    assert not findings, findings
    teller.say("brimful audit: the books are right.")


async def _sign_up(teller: Teller) -> None:
    world = teller.world
    teller.head("A customer signs up; the agency's pool is short (R14)")
    await teller.pools("Northwind")
    teller.say("Anna buys the plan with 10,000 credits.")
    answer = await world.buy("Anna of Northwind", await world.plan_of("Northwind"))
    await world.settle()
    teller.answer("Anna", answer)
    pool = (await teller.explain("Northwind")).explanation["balances"]
    [charge] = [e for e in teller.charges() if e["merchant"] == "platform"]
    before, granted, after = pool["before"], pool["granted"], pool["after"]
    received = (await world.credits("Anna of Northwind")).free
    teller.say(
        f"Northwind's card was charged {amount_of(charge)}. "
        f"Pool: {before:,} → {granted:,} → {after:,}."
    )
    teller.say(f"Anna has {received:,} credits.")
    await teller.pools("Northwind", "Anna of Northwind")
    notices = await teller.notices("Northwind")
    assert (charge["amount"], charge["currency"]) == (1_000, "USD"), charge
    assert (before, granted, after) == (9_000, 11_000, 1_000), pool
    assert (await world.credits("Northwind")).free == 1_000
    assert received == 10_000, received
    assert [notice["kind"] for notice in notices] == ["auto_billed"], notices


async def _query(teller: Teller) -> None:
    world = teller.world
    teller.head("A client's chatbot is queried at balance zero: both cards, one answer (R17)")
    teller.say("A GPT-4 reply costs 25 credits; Boris of Bluebird has 0, and so has Bluebird.")
    answer = await world.spend("Boris of Bluebird", 25)
    await world.settle()
    teller.answer("Boris's chatbot", answer)
    await teller.explain("Boris of Bluebird")
    await teller.explain("Bluebird")
    taken = teller.charges()
    await teller.pools("Bluebird", "Boris of Bluebird")
    await teller.notices("Boris of Bluebird")
    await teller.notices("Bluebird")
    assert [charge["amount"] for charge in taken] == [2_000, 2_500], taken
    assert (await world.credits("Boris of Bluebird")).free == 2_975


async def _declined(teller: Teller) -> None:
    world = teller.world
    teller.head("The agency's card is declined: its client hears and pays nothing (R18)")
    await world.card("Cedar", "tok_lost_card")
    answer = await world.spend("Carla of Cedar", 25)
    await world.settle()
    teller.answer("Carla's chatbot", answer)
    assert isinstance(answer, Refuse) and answer.reason is Reason.temporarily_unavailable
    await teller.explain("Carla of Cedar")
    await teller.explain("Cedar")
    assert teller.charges() == []
    assert await teller.notices("Cedar")
    teller.say("The next query is refused at once, with no hold.")
    again = await world.spend("Carla of Cedar", 25)
    await world.settle()
    teller.answer("Carla's chatbot", again)
    assert isinstance(again, Refuse)
    assert await teller.notices("Cedar")
    await teller.notices("Carla of Cedar")


async def _replaced(teller: Teller) -> None:
    world = teller.world
    teller.head("The agency replaces its card, and its client is served (R29)")
    await world.card("Cedar", "tok_success_2")
    answer = await world.spend("Carla of Cedar", 25)
    await world.settle()
    teller.answer("Carla's chatbot", answer)
    await teller.explain("Carla of Cedar")
    await teller.explain("Cedar")
    taken = teller.charges()
    assert [charge["amount"] for charge in taken] == [2_000, 2_500], taken


async def _cap(teller: Teller) -> None:
    world = teller.world
    teller.head("A cap holds (R28)")
    limit_minor, wanted = 2_500, 6_000
    await world.auto_billing("Bluebird", per_month_minor=limit_minor)
    [bought] = await teller.listed("Bluebird", "list_purchases")
    used = format_money(bought["amount_minor"], bought["currency"])
    short = wanted - (await world.credits("Bluebird")).free
    teller.say(f"Bluebird allows {format_money(limit_minor, 'USD')} a month; {used} of it is used.")
    teller.say(f"A query of its own needs {wanted:,} credits; {short:,} of them are missing.")
    answer = await world.spend("Bluebird", wanted)
    await world.settle()
    teller.answer("Bluebird", answer)
    assert isinstance(answer, Refuse) and answer.reason is Reason.cap_per_month
    assert teller.charges() == []
    [notice] = await teller.notices("Bluebird")
    assert notice["kind"] == "cap_reached", notice
