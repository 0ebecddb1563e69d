"""A preview runs the same planner, changes nothing, and tells what then happens (R32)."""

from typing import Any
from uuid import UUID

import pytest

from brimful.domain.reason import Refuse
from brimful.usecases.answers import Bought, Pending, SpendDone
from brimful.usecases.close_account import close_account
from brimful.usecases.preview import preview_purchase
from tests.api.dump import digest
from tests.builders.http import Caller, acc, caller, serving_api
from tests.builders.world import World, small_world


async def preview(world: World, one: Caller, name: str, what: str, body: Any) -> dict[str, Any]:
    """Ask twice: the same answer, and the database as it was."""
    # What was set up is done with: nothing but the preview is left that could change anything.
    await world.settle()
    before = await digest(world.db)
    path = f"/v1/accounts/{acc(world, name)}/previews/{what}"
    first, second = [(await one.post(path, body)).json() for _ in range(2)]
    for told in (first, second):
        (told["explanation"] or {}).pop("at", None)
        (told["explanation"] or {}).pop("planned_at", None)
    assert first == second
    assert await digest(world.db) == before
    assert world.held_open() == []
    shown: dict[str, Any] = first
    return shown


async def taken_by(world: World, name: str) -> int:
    """What an account's card was charged in all, by the bank's books."""
    account = await world.account(name)
    assert account.parent_id is not None
    merchant = await world.db.fetchval(
        "select merchant_ref from account where account_id = $1", account.parent_id
    )
    return sum(world.taken(merchant))


@pytest.mark.parametrize("credits", [1, 2_000, 5_000, 9_000, 13_000, 36_000, 100_001])
async def test_r32_a_previewed_spend_is_charged_as_previewed(world: World, credits: int) -> None:
    """By the agency itself, beside some stock: what the price list of R15 asks for."""
    await small_world(world)
    await world.stock("Agency", credits=24)
    async with serving_api(world, with_worker=False) as url, caller(world, url, "Agency") as one:
        told = await preview(world, one, "Agency", "spend", {"credits": credits})
        assert told["possible"] is True
        assert isinstance(await world.spend("Agency", credits), SpendDone)
        assert told["charge_minor"] == await taken_by(world, "Agency")
    if told["charge_minor"]:
        [bought] = await world.purchases("Agency")
        for part in ("need", "available", "shortage", "covers"):
            assert told["explanation"].get(part) == bought["explanation"].get(part), part


async def test_r32_a_previewed_cascade_names_only_ones_own_charge(world: World) -> None:
    """The client sees its price; what its seller pays above stays hidden."""
    await small_world(world)
    async with serving_api(world, with_worker=False) as url, caller(world, url, "Client 1") as one:
        told = await preview(world, one, "Client 1", "spend", {"credits": 4_000})
        assert (told["possible"], told["charge_minor"]) == (True, 5_000)
        assert isinstance(await world.spend("Client 1", 4_000), SpendDone)
        assert await taken_by(world, "Client 1") == 5_000
    assert world.taken("platform") == [3_000]
    wholesale = await world.db.fetch(
        "select package_id from package where seller_ref = $1", world.platform.platform_id
    )
    assert not any(str(row["package_id"]) in str(told) for row in wholesale)
    assert "2,000 credits" not in str(told)


async def test_r32_a_sale_tells_the_seller_what_its_card_pays(world: World) -> None:
    """ "If this client buys this plan, your card will be charged $10.00": the example of R14."""
    await small_world(world)
    await world.stock("Agency", credits=9_000, chatbots=1)
    plan = await world.package("Agency", 9_900, credits=10_000, chatbots=3, interval="month")
    async with serving_api(world, with_worker=False) as url, caller(world, url, "Agency") as one:
        told = await preview(world, one, "Agency", "sale", {"credits": 10_000, "chatbots": 3})
        assert (told["possible"], told["charge_minor"], told["currency"]) == (True, 2_000, "USD")
        price = await preview(world, one, "Client 1", "purchase", {"package_id": f"pkg_{plan.hex}"})
        assert (price["possible"], price["charge_minor"]) == (True, 9_900)
        assert isinstance(await world.buy("Client 1", plan), Bought)
    await world.settle()
    assert world.taken("platform") == [2_000]
    assert await taken_by(world, "Client 1") == 9_900


async def test_r32_r37_a_previewed_purchase_is_prorated_as_it_will_be(world: World) -> None:
    """Chatbots bought within the buyer's period: the preview's price is the charge."""
    await small_world(world)
    await world.stock("Agency", credits=1_000, chatbots=10)
    plan = await world.package("Agency", 1_000, credits=100, interval="month")
    seat = await world.package("Agency", 90_000, kind="extra_chatbots", interval="month")
    await world.buy("Client 1", plan)
    await world.settle()
    paid = await taken_by(world, "Client 1")
    async with serving_api(world, with_worker=False) as url, caller(world, url, "Client 1") as one:
        body = {"package_id": f"pkg_{seat.hex}", "quantity": 2}
        told = await preview(world, one, "Client 1", "purchase", body)
        assert isinstance(await world.buy("Client 1", seat, 2), Bought)
    await world.settle()
    assert 0 < told["charge_minor"] <= 180_000
    assert await taken_by(world, "Client 1") - paid == told["charge_minor"]


async def test_r32_a_second_plan_is_previewed_as_it_is_answered(world: World) -> None:
    """The account has one already: not possible, for the reason that whoever buys it hears."""
    await small_world(world)
    await world.stock("Agency", credits=1_000)
    plan = await world.package("Agency", 1_000, credits=100, interval="month")
    await world.buy("Client 1", plan)
    async with serving_api(world, with_worker=False) as url, caller(world, url, "Client 1") as one:
        told = await preview(
            world, one, "Client 1", "purchase", {"package_id": f"pkg_{plan.hex}", "quantity": 1}
        )
    refused = await world.buy("Client 1", plan)
    assert isinstance(refused, Refuse)
    assert (told["possible"], told["charge_minor"], told["reason"]) == (False, 0, refused.reason)


async def told_and_done(world: World, package: UUID) -> tuple[Any, Any]:
    """What a preview says of the client's purchase of a package, and what its purchase answers."""
    client = await world.account("Client 1")
    told = await preview_purchase(
        world.engine.ctx,
        tenant_id=client.tenant_id,
        account_id=client.account_id,
        package_id=package,
        quantity=1,
        moment=world.engine.clock.moment(),
    )
    return told, await world.buy("Client 1", package, wait_ms=0)


async def pack(world: World) -> UUID:
    """2,000 credits of the agency."""
    return await world.package("Agency", 900, credits=2_000)


async def pack_without_card(world: World) -> UUID:
    """The client's card is gone."""
    await lacking_card(world)
    return await pack(world)


async def pack_without_card_or_stock(world: World) -> UUID:
    """Nor could its seller furnish it: the client hears of what it can mend itself."""
    await switched_off(world)
    return await pack_without_card(world)


async def pack_of_a_short_seller(world: World) -> UUID:
    """The agency has nothing and buys nothing."""
    await switched_off(world)
    return await pack(world)


async def pack_of_a_closed_gateway_account(world: World) -> UUID:
    """The agency cannot charge, and a query has found out."""
    await world.stock("Agency", credits=10_000)
    await world.disconnect("Agency")
    await world.spend("Client 1", 25)
    await world.settle()
    return await pack(world)


async def seat_free_at_first(world: World) -> UUID:
    """Six cents a year, in the client's month that has begun: nothing now, a cent from the next on."""
    await world.stock("Agency", credits=1_000, chatbots=5)
    await world.buy("Client 1", await world.package("Agency", 900, credits=9, interval="month"))
    await world.settle()
    return await world.package("Agency", 6, kind="extra_chatbots", interval="year")


async def seat_free_at_first_without_card(world: World) -> UUID:
    """The same, but nothing can be charged then."""
    seat = await seat_free_at_first(world)
    await lacking_card(world)
    return seat


async def second_small_pack(world: World) -> UUID:
    """The first, as small, waits for the agency's stock: both together could be charged."""
    tiny = await world.package("Agency", 40, credits=100)
    world.desk.faults.close_gate("create")
    await world.buy("Client 1", tiny, wait_ms=0)
    return tiny


async def pack_for_a_closed_account(world: World) -> UUID:
    """The client has closed its account."""
    client = await world.account("Client 1")
    await close_account(
        world.engine.ctx,
        tenant_id=client.tenant_id,
        account_id=client.account_id,
        given_by="Client 1",
        moment=world.engine.clock.moment(),
    )
    return await pack(world)


@pytest.mark.parametrize(
    ("arrange", "reason"),
    [
        (pack, None),
        (seat_free_at_first, None),
        (pack_without_card, "no_payment_method"),
        (pack_without_card_or_stock, "no_payment_method"),
        (seat_free_at_first_without_card, "no_payment_method"),
        (pack_of_a_short_seller, "temporarily_unavailable"),
        (pack_of_a_closed_gateway_account, "temporarily_unavailable"),
        (second_small_pack, "purchase_under_way"),
        (pack_for_a_closed_account, "account_closed"),
    ],
)
async def test_r32_a_preview_of_a_purchase_says_what_the_purchase_does(
    world: World, arrange: Any, reason: str | None
) -> None:
    """The same reason in the same case, or possible and bought at that price."""
    await small_world(world)
    package = await arrange(world)
    told, done = await told_and_done(world, package)
    bought = await world.db.fetchval(
        "select amount_minor from purchase where buyer_id = $1 order by purchase_id desc limit 1",
        world.names["Client 1"],
    )
    world.desk.faults.open_gate("create")
    await world.settle()
    assert told.reason == reason
    if reason is None:
        assert told.possible and isinstance(done, Bought | Pending)
        assert told.charge_minor == bought
    else:
        assert isinstance(done, Refuse) and done.reason == reason
        assert isinstance(told, Refuse) or not told.possible


async def lacking_card(world: World) -> None:
    """The account's own card is gone."""
    await world.db.execute("update payment_method set removed_at = now()")


async def capped(world: World) -> None:
    """The month's cap is below the least charge."""
    await world.auto_billing("Agency", per_month_minor=900)


async def switched_off(world: World) -> None:
    """The switch is off."""
    await world.auto_billing("Agency", enabled=False)


async def without_packages(world: World) -> None:
    """The platform offers no credits any more."""
    await world.db.execute(
        "update package set withdrawn_at = now() where kind = 'additional_credits'"
    )


@pytest.mark.parametrize("trouble", [lacking_card, capped, switched_off, without_packages])
async def test_r32_a_preview_says_no_where_the_engine_would(world: World, trouble: Any) -> None:
    """Not possible, no charge, and nothing is charged when it is tried."""
    await small_world(world)
    await trouble(world)
    async with serving_api(world, with_worker=False) as url, caller(world, url, "Agency") as one:
        told = await preview(world, one, "Agency", "spend", {"credits": 5})
    refused = await world.spend("Agency", 5)
    assert isinstance(refused, Refuse)
    assert (told["possible"], told["charge_minor"]) == (False, 0)
    assert told["reason"] in (refused.reason, refused.detail.get("auto_billing"))
    assert world.taken() == []


async def test_r32_a_withdrawn_or_foreign_package_has_no_preview(world: World) -> None:
    """As its purchase would be refused, and nothing is changed."""
    await small_world(world)
    package = await world.package("Agency", 700, credits=5)
    await world.db.execute("update package set withdrawn_at = now() where package_id = $1", package)
    async with serving_api(world, with_worker=False) as url, caller(world, url, "Client 1") as one:
        path = f"/v1/accounts/{acc(world, 'Client 1')}"
        for given, status, code in (
            (package, 409, "package_withdrawn"), (UUID(int=1), 404, "unknown_package"),
        ):  # fmt: skip
            body = {"package_id": f"pkg_{given.hex}"}
            for place in ("previews/purchase", "purchases"):
                answer = await one.post(f"{path}/{place}", body, "key")
                assert (answer.status_code, answer.json()["code"]) == (status, code)
