"""R26, R35: what no card can be charged is refused with its reason before anything is written."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought
from brimful.usecases.preview import Preview, preview_purchase
from tests.builders.world import World
from tests.builders.year import Year

LARGE = 60_000_000
MAY = datetime(2027, 5, 1, 9, tzinfo=UTC)


async def shop(world: World, currency: str = "USD") -> str:
    """A seller with stock and a client with a card; the seller's account at the gateway."""
    seller = await world.open("Shop", sells=True, currency=currency)
    await world.card("Shop")
    await world.stock("Shop", credits=100_000, chatbots=50)
    await world.open("Client", "Shop", currency=currency)
    await world.card("Client")
    return seller.merchant_ref


async def previewed(world: World, package: UUID, quantity: int) -> Preview:
    """What the client would be told of a purchase."""
    client = await world.account("Client")
    shown = await preview_purchase(
        world.engine.ctx,
        tenant_id=client.tenant_id,
        account_id=client.account_id,
        package_id=package,
        quantity=quantity,
        moment=world.engine.now(),
    )
    assert isinstance(shown, Preview), shown
    return shown


async def nothing_began(world: World) -> bool:
    """No purchase, no call, no outage."""
    begun = await world.db.fetchval("select count(*) from purchase")
    outages = await world.db.fetchval("select count(*) from gateway_outage")
    return (begun, outages) == (0, 0) and world.desk.journal.effects() == []


async def test_r26_a_price_above_what_a_charge_can_be_is_not_published(world: World) -> None:
    """One minor unit less than that is."""
    await shop(world)
    with pytest.raises(ValueError, match=r"one charge is at most \$999,999\.99"):
        await world.package("Shop", 100_000_000, credits=100)
    assert await world.package("Shop", 99_999_999, credits=100)


async def test_r26_a_purchase_above_what_a_charge_can_be_is_refused(world: World) -> None:
    """Two are too much for one charge, one is charged; the preview says the same."""
    merchant = await shop(world)
    package = await world.package("Shop", LARGE, credits=100)
    refused = await world.buy("Client", package, 2)
    assert isinstance(refused, Refuse) and refused.reason is Reason.charge_too_large
    assert refused.detail == {"most_minor": 99_999_999}
    shown = await previewed(world, package, 2)
    assert (shown.possible, shown.reason) == (False, Reason.charge_too_large)
    assert await nothing_began(world)
    assert isinstance(await world.buy("Client", package), Bought)
    await world.settle()
    assert world.taken(merchant) == [LARGE]


async def test_r26_a_shortage_above_what_a_charge_can_be_is_refused(world: World) -> None:
    """Its owner learns why; the next shortage is served."""
    merchant = await shop(world)
    await world.auto_billing("Shop")
    await world.package("Shop", LARGE, credits=100)
    await world.auto_billing("Client")
    refused = await world.spend("Client", 101)
    await world.settle()
    assert isinstance(refused, Refuse)
    assert refused.reason is Reason.charge_too_large
    [told] = [n for n in await world.notices("Client") if n["kind"] == "auto_billing_failed"]
    assert "Buy less at a time" in told["body"]
    assert await nothing_began(world)
    assert not isinstance(await world.spend("Client", 100), Refuse)
    assert world.taken(merchant) == [LARGE]


async def old_price(world: World, package: UUID, price_minor: int) -> None:
    """A price that was published before its currency's step was known."""
    await world.db.execute(
        "update package_version set price_minor = $2, credits_price_minor = $2 "
        "where package_id = $1",
        package,
        price_minor,
    )


async def test_r26_an_old_price_between_the_steps_is_refused_when_it_is_bought(
    world: World,
) -> None:
    """KWD 1.255: by hand, in a preview, and when auto-billing would buy it."""
    await shop(world, "KWD")
    package = await world.package("Shop", 1_250, credits=100)
    await old_price(world, package, 1_255)
    refused = await world.buy("Client", package)
    assert isinstance(refused, Refuse) and refused.reason is Reason.amount_between_steps
    assert refused.detail == {"step_minor": 10}
    shown = await previewed(world, package, 1)
    assert (shown.possible, shown.reason) == (False, Reason.amount_between_steps)
    await world.auto_billing("Shop")
    await world.auto_billing("Client")
    short = await world.spend("Client", 5)
    assert isinstance(short, Refuse)
    assert short.reason is Reason.amount_between_steps
    await world.settle()
    assert await nothing_began(world)
    assert isinstance(await world.buy("Client", package, 2), Bought), "KWD 2.510 can be charged"


async def test_r26_no_change_to_a_plan_that_could_not_be_renewed(year: Year) -> None:
    """Upward or downward, the price of the other plan is looked at."""
    await shop(year, "KWD")
    plan = await year.package("Shop", 5_000, credits=100, interval="month")
    assert isinstance(await year.buy("Client", plan), Bought)
    for price in (9_995, 1_005):
        other = await year.package("Shop", 1_000, credits=50, interval="month")
        await old_price(year, other, price)
        refused = await year.change("Client", other)
        assert isinstance(refused, Refuse) and refused.reason is Reason.amount_between_steps


async def plan_and_chatbots(year: Year) -> str:
    """A client with a plan and chatbots, each as large as a charge can hardly be."""
    merchant = await shop(year)
    plan = await year.package("Shop", LARGE, credits=100, interval="month")
    seats = await year.package("Shop", LARGE, kind="extra_chatbots", interval="month")
    for package in (plan, seats):
        assert isinstance(await year.buy("Client", package), Bought)
        await year.settle()
    return merchant


async def test_r26_r35_renewals_that_are_too_much_together_are_charged_one_by_one(
    year: Year,
) -> None:
    """The plan first, then its chatbots, in the same hour; nothing is late or lost."""
    merchant = await plan_and_chatbots(year)
    await year.until(MAY)
    assert year.taken(merchant)[2:] == [LARGE, LARGE]
    for kind in ("subscription", "extra_chatbots"):
        held = await year.subscription("Client", kind)
        assert (held["state"], held["months_done"]) == ("active", 2)
    assert await year.db.fetchval("select count(*) from gateway_outage") == 0


async def test_r26_r35_a_renewal_that_no_card_can_be_charged_stays_due(year: Year) -> None:
    """An old price between the steps: nothing is put to the gateway, which is not out of order."""
    merchant = await shop(year, "KWD")
    plan = await year.package("Shop", 5_000, credits=100, interval="month")
    assert isinstance(await year.buy("Client", plan), Bought)
    await year.settle()
    await year.db.execute("update subscription set recurring_minor = 5005")
    await year.until(MAY)
    held: dict[str, Any] = await year.subscription("Client")
    assert (held["state"], held["reason"]) == ("active", "amount_between_steps")
    assert year.taken(merchant) == [5_000]
    assert await year.db.fetchval("select count(*) from gateway_outage") == 0
