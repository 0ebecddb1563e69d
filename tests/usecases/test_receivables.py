"""Amounts below the gateway's minimum: delivered, owed, and collected with the next charge (R26)."""

from typing import Any

from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought, SpendDone
from tests.builders.world import World, small_world

MINIMUM = 50


async def owed(world: World, name: str) -> list[tuple[int, bool]]:
    """What an account owes or owed: the amount, and whether it was collected."""
    rows = await world.db.fetch(
        "select amount_minor, collected_by from receivable where account_id = $1 "
        "order by receivable_id",
        world.names[name],
    )
    return [(row["amount_minor"], row["collected_by"] is not None) for row in rows]


async def shop(world: World, *prices: int) -> list[Any]:
    """A stocked agency with packages of 10 credits at these prices; its first client has a card."""
    await small_world(world)
    await world.stock("Agency", credits=10_000)
    return [await world.package("Agency", price, credits=10) for price in prices]


async def taken(world: World) -> list[int]:
    """What the agency's clients paid, by the bank's books."""
    return world.taken((await world.account("Agency")).merchant_ref)


async def test_r26_a_small_purchase_is_delivered_and_owed(world: World) -> None:
    """No charge; the credits are there at once."""
    [small] = await shop(world, MINIMUM - 1)
    assert isinstance(await world.buy("Client 1", small), Bought)
    assert (await world.credits("Client 1")).free == 10
    assert await owed(world, "Client 1") == [(49, False)]
    assert world.desk.journal.effects() == []


async def test_r26_what_is_owed_is_collected_with_the_next_charge(world: World) -> None:
    """One charge for both, with a line for what was owed; in total it never reaches the minimum."""
    small, large = await shop(world, 30, 700)
    await world.buy("Client 1", small)
    await world.buy("Client 1", large)
    await world.settle()
    assert await taken(world) == [730]
    assert await owed(world, "Client 1") == [(30, True)]
    lines = await world.db.fetch(
        "select l.kind, l.amount_minor from purchase_line l join charge c using (tenant_id, purchase_id) "
        "order by l.line"
    )
    assert [tuple(line) for line in lines] == [("additional_credits", 700), ("receivable", 30)]
    await world.buy("Client 1", large)
    await world.settle()
    assert await taken(world) == [730, 700]


async def test_r26_what_was_collected_is_not_owed_again_when_a_later_charge_fails(
    world: World,
) -> None:
    """It belongs to the charge that collected it, and to no other."""
    small, large = await shop(world, 30, 700)
    await world.buy("Client 1", small)
    await world.buy("Client 1", large)
    await world.buy("Client 1", small)
    await world.card("Client 1", "tok_declined")
    assert isinstance(await world.buy("Client 1", large), Refuse)
    await world.settle()
    assert await taken(world) == [730]
    assert await owed(world, "Client 1") == [(30, True), (30, False)]


async def test_r26_two_small_ones_that_reach_the_minimum_are_charged(world: World) -> None:
    """30 owed and 30 more are 60: charged together."""
    [small] = await shop(world, 30)
    for _ in range(5):
        assert isinstance(await world.buy("Client 1", small), Bought)
        await world.settle()
    assert await taken(world) == [60, 60]
    assert [amount for amount, collected in await owed(world, "Client 1") if not collected] == [30]
    assert (await world.credits("Client 1")).free == 50


async def test_r26_r29_a_declined_collection_is_owed_still(world: World) -> None:
    """The charge that would have collected it fails: what was delivered before stays owed."""
    small, large = await shop(world, 30, 700)
    await world.buy("Client 1", small)
    await world.card("Client 1", "tok_insufficient_funds")
    declined = await world.buy("Client 1", large)
    assert isinstance(declined, Refuse)
    assert declined.reason is Reason.card_declined
    await world.settle()
    assert await owed(world, "Client 1") == [(30, False)]
    await world.card("Client 1", "tok_success_2")
    assert isinstance(await world.buy("Client 1", large), Bought)
    await world.settle()
    assert await taken(world) == [730]
    assert await owed(world, "Client 1") == [(30, True)]


async def test_r26_r28_an_automatic_one_counts_in_the_caps(world: World) -> None:
    """Auto-billing at 20 cents under a cap of 50 a month: two are served, the third is refused."""
    await shop(world, 20)
    await world.db.execute(
        "update package set withdrawn_at = now() where seller_ref = $1 and position = "
        "(select min(position) from package where seller_ref = $1)",
        world.names["Agency"],
    )
    await world.auto_billing("Client 1", per_month_minor=50)
    answers = [await world.spend("Client 1", 10) for _ in range(3)]
    await world.settle()
    assert [type(answer) for answer in answers] == [SpendDone, SpendDone, Refuse]
    assert await taken(world) == []
    assert await owed(world, "Client 1") == [(20, False), (20, False)]
    [one, two] = await world.purchases("Client 1")
    assert {one["amount_minor"], two["amount_minor"]} == {20}
    assert one["automatic"] and two["automatic"]


async def test_r26_each_currency_has_its_own_minimum(world: World) -> None:
    """49 yen are owed, 50 are charged; three decimals: 490 fils are owed, 500 are charged."""
    for currency, least, step in (("JPY", 50, 1), ("KWD", 500, 10)):
        name = f"Agency {currency}"
        await world.open(name, sells=True, currency=currency)
        await world.stock(name, credits=100)
        await world.open(currency, name)
        await world.card(currency)
        for price in (least - step, least):
            package = await world.package(name, price, credits=10)
            assert isinstance(await world.buy(currency, package), Bought)
            await world.settle()
        merchant = (await world.account(name)).merchant_ref
        assert world.taken(merchant) == [2 * least - step]
