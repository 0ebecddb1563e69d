"""R26, R37: the engine at Stripe in currencies that Stripe writes or charges in its own way."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from brimful.db.transaction import Database
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought
from brimful.usecases.refund_charge import RefundBegun
from tests.builders.reversals import charge_of, refund
from tests.builders.stripe_world import StripeWorld, running_stripe_world
from tests.stripe_server.money import MINIMUM


@pytest.fixture
async def at_stripe(db: Database, tmp_path: Path) -> AsyncIterator[StripeWorld]:
    """The platform alone."""
    async with running_stripe_world(db, tmp_path / "mail") as made:
        yield made


async def shop(world: StripeWorld, currency: str) -> None:
    """A seller in a currency, with stock, and a client with a card."""
    await world.open("Shop", sells=True, currency=currency)
    await world.stock("Shop", credits=100_000, chatbots=50)
    await world.open("Client", "Shop", currency=currency)
    await world.card("Client")


async def bought(world: StripeWorld, package: UUID, quantity: int = 1) -> Any:
    """The client buys, and it is delivered."""
    assert isinstance(await world.buy("Client", package, quantity), Bought)
    await world.settle()
    return (await world.purchases("Client"))[-1]


async def test_r26_prices_that_no_card_can_pay_are_not_published(at_stripe: StripeWorld) -> None:
    """KWD 1.255 is refused with what to do; KWD 1.250 is sold."""
    world = at_stripe
    await shop(world, "KWD")
    with pytest.raises(ValueError, match=r"steps of KWD 0\.010; give a multiple of 10"):
        await world.package("Shop", 1_255, credits=100)
    await bought(world, await world.package("Shop", 1_250, credits=100))
    assert world.taken((await world.account("Shop")).merchant_ref) == [1_250]


async def test_r26_an_amount_that_the_gateway_does_not_charge_is_no_outage(
    at_stripe: StripeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It wants more than we know of, by hand and by auto-billing: the payer hears why, and all else
    goes on."""
    world = at_stripe
    await shop(world, "USD")
    await world.card("Shop")
    await world.auto_billing("Shop")
    small = await world.package("Shop", 500, credits=100)
    await world.auto_billing("Client")
    with monkeypatch.context() as stricter:
        stricter.setitem(MINIMUM, "usd", 1_000)
        for refused in (await world.buy("Client", small), await world.spend("Client", 10)):
            assert isinstance(refused, Refuse) and refused.reason is Reason.charge_too_small
        await world.settle()
        assert await world.db.fetch("select * from gateway_outage") == []
        assert isinstance(await world.buy("Client", small, 2), Bought)
    assert [one["state"] for one in await world.purchases("Client")] == [
        "failed", "failed", "delivered",
    ]  # fmt: skip
    assert world.taken((await world.account("Shop")).merchant_ref) == [1_000]


async def test_r37_chatbots_in_mid_period_are_charged_in_steps(at_stripe: StripeWorld) -> None:
    """A twelfth of KWD 99.990 for three, and of that what is left of the month: Stripe takes it."""
    world = at_stripe
    await shop(world, "KWD")
    plan = await world.package("Shop", 10_330, credits=999, chatbots=1, interval="month")
    seat = await world.package("Shop", 99_990, kind="extra_chatbots", interval="year")
    await bought(world, plan)
    joined = await bought(world, seat, 3)
    assert joined["state"] == "delivered" and 0 < joined["amount_minor"] <= 25_000
    taken = world.taken((await world.account("Shop")).merchant_ref)
    assert taken == [10_330, joined["amount_minor"]] and joined["amount_minor"] % 10 == 0
    recurs = await world.db.fetchval(
        "select recurring_minor from subscription where kind = 'extra_chatbots'"
    )
    assert recurs == 25_000  # 24,997.5 in steps of ten


async def test_r25_refunds_are_given_in_steps(at_stripe: StripeWorld) -> None:
    """Five fils cannot be given back; all that is left of a part can, in whole steps."""
    world = at_stripe
    await shop(world, "KWD")
    await bought(world, await world.package("Shop", 7_120, credits=1_000))
    charge = await charge_of(world, "Client")
    refused = await refund(world, "Client", charge["charge_id"], 5)
    assert isinstance(refused, Refuse) and refused.reason is Reason.amount_between_steps
    assert refused.detail == {"step_minor": 10}
    await world.spend("Client", 1)
    most = await refund(world, "Client", charge["charge_id"], None)
    assert isinstance(most, RefundBegun)
    await world.settle()
    [given] = await world.db.fetch("select amount_minor, state from refund")
    # 7,120 × 999 ÷ 1,000 is 7,112.88.
    assert (given["amount_minor"], given["state"]) == (7_110, "succeeded")


@pytest.mark.parametrize(
    ("currency", "price", "at_its_books"),
    [("ISK", 1_500, 150_000), ("UGX", 9_000, 900_000), ("MGA", 900_000, 9_000)],
)
async def test_r26_what_a_card_pays_is_the_price(
    at_stripe: StripeWorld, currency: str, price: int, at_its_books: int
) -> None:
    """ISK 1,500 are charged as 1,500 krónur, not as fifteen; a refund gives as much back."""
    world = at_stripe
    await shop(world, currency)
    made = await bought(world, await world.package("Shop", price, credits=100))
    assert (made["state"], made["amount_minor"]) == ("delivered", price)
    merchant = (await world.account("Shop")).merchant_ref
    assert world.taken(merchant) == [at_its_books]
    charge = await charge_of(world, "Client")
    assert isinstance(await refund(world, "Client", charge["charge_id"], price), RefundBegun)
    await world.settle()
    lines = [line for line in world.server.state.journal.lines if line.account == merchant]
    assert [line.amount_minor for line in lines if line.movement == "refund"] == [-at_its_books]
    assert (await world.credits("Client")).free == 0
