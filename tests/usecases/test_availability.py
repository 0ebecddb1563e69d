"""Who may switch auto-billing on, and what happens when that changes (R9, R10, R27)."""

import asyncio
from typing import Any

import pytest

from brimful.billing.cards import read_card
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought, Missing, SpendDone
from brimful.usecases.save_card import remove_card
from brimful.usecases.set_auto_billing import AutoBillingSet
from brimful.usecases.steps import Step, set_hook
from brimful.usecases.withdraw_package import withdraw_package
from tests.builders.http import acc, caller, serving_api
from tests.builders.world import World, small_world

NEUTRAL = {"available": False, "code": "auto_billing_unavailable"}


async def settings_of(world: World, *names: str) -> list[dict[str, Any]]:
    """The auto-billing settings of accounts as their own keys see them."""
    seen = []
    async with serving_api(world, with_worker=False) as url:
        for name in names:
            async with caller(world, url, name) as own:
                answer = await own.get(f"/v1/accounts/{acc(world, name)}/auto-billing")
                assert answer.status_code == 200
                seen.append(answer.json())
    return seen


async def withdraw(world: World, seller: str | None, package: Any) -> None:
    """Take a package of a seller, or of the platform (None), off its catalogue."""
    account = None if seller is None else await world.account(seller)
    done = await withdraw_package(
        world.engine.ctx,
        seller_ref=world.platform.platform_id if account is None else account.seller_ref,
        package_id=package,
        tenant_id=None if account is None else account.tenant_id,
        moment=world.engine.clock.moment(),
    )
    assert isinstance(done, tuple)
    world.engine.run(done)
    await world.settle()


async def kinds(world: World, name: str) -> list[str]:
    """The kinds of an account's notices, oldest first."""
    return [notice["kind"] for notice in await world.notices(name)]


async def test_r9_the_same_neutral_answer_whatever_the_reason(world: World) -> None:
    """A seller that is off, one without a credit package, one that is itself inactive."""
    for name in ("Off", "Empty", "Inactive"):
        await world.open(name, sells=True)
        await world.card(name)
    for name in ("Empty", "Inactive"):
        await world.auto_billing(name)
    await world.package("Off", 500, credits=100)
    package = await world.package("Inactive", 500, credits=100)
    await world.package("Empty", 500, kind="extra_chatbots", interval="month")
    await world.open("Branch", "Inactive", sells=True)
    await world.card("Branch")
    await world.package("Branch", 600, credits=100)
    assert isinstance(await world.auto_billing("Branch"), AutoBillingSet)
    await withdraw(world, "Inactive", package)
    clients = {"Off": "C1", "Empty": "C2", "Branch": "C3"}
    for seller, client in clients.items():
        await world.open(client, seller)
        await world.card(client)
        refused = await world.auto_billing(client)
        assert isinstance(refused, Refuse)
        assert refused.reason is Reason.auto_billing_unavailable
        assert refused.detail == {}
    assert await settings_of(world, *clients.values()) == [NEUTRAL] * 3


async def test_r9_a_paused_seller_still_counts(world: World) -> None:
    """Its card was declined for good: clients may see and switch on all the same."""
    await small_world(world)
    await world.auto_billing("Client 1", enabled=False)
    await world.card("Agency", "tok_lost_card")
    assert isinstance(await world.spend("Agency", 10), Refuse)
    [agency] = await settings_of(world, "Agency")
    assert agency["status"] == "auto_billing_paused"
    assert isinstance(await world.auto_billing("Client 1"), AutoBillingSet)
    [client] = await settings_of(world, "Client 1")
    assert (client["available"], client["status"]) == (True, "on")


async def test_r10_a_seller_that_switches_off_makes_its_clients_inactive_at_once(
    world: World,
) -> None:
    """Told once, in the seller's name; nothing is charged; the preference is remembered and holds
    again when the seller is back. So it is with the seller's last credit package."""
    await small_world(world)
    merchant = (await world.account("Agency")).merchant_ref
    await world.stock("Agency", credits=10_000)
    await world.auto_billing("Agency", enabled=False)
    await world.settle()
    refused = await world.spend("Client 1", 10)
    assert isinstance(refused, Refuse)
    assert refused.reason is Reason.insufficient_credits
    assert refused.detail == {"auto_billing": "auto_billing_inactive"}
    [seen] = await settings_of(world, "Client 1")
    assert (seen["available"], seen["enabled"], seen["status"]) == (
        False, True, "auto_billing_inactive",
    )  # fmt: skip
    [notice] = await world.notices("Client 1")
    assert notice["kind"] == "inactive"
    assert "Stellar" not in f"{notice['title']} {notice['body']}"
    await world.auto_billing("Agency")
    assert isinstance(await world.spend("Client 1", 10), SpendDone)
    assert world.taken(merchant) == [2_500]

    [package] = await world.db.fetch(
        "select package_id from package where seller_ref = $1", world.names["Agency"]
    )
    await withdraw(world, "Agency", package["package_id"])
    assert await kinds(world, "Client 1") == [
        "inactive", "resumed", "auto_billed", "inactive",
    ]  # fmt: skip
    refused = await world.spend("Client 1", 5_000)
    assert isinstance(refused, Refuse)
    again = await world.package("Agency", 2_500, credits=3_000)
    await world.settle()
    assert await kinds(world, "Client 1") == [
        "inactive", "resumed", "auto_billed", "inactive", "resumed",
    ]  # fmt: skip
    assert isinstance(await world.spend("Client 1", 5_000), SpendDone)
    assert world.taken(merchant) == [2_500, 2_500]
    await withdraw(world, "Agency", again)
    assert (await kinds(world, "Client 1"))[-2:] == ["auto_billed", "inactive"]


async def test_r10_a_mere_hold_is_given_back_when_the_seller_switches_off(world: World) -> None:
    """The client's card is held while the agency is about to buy; the agency switches off."""
    await small_world(world)
    arrived, go = asyncio.Event(), asyncio.Event()

    async def wait_at(step: Step, subject: Any) -> None:
        if step is Step.before_create and subject.buyer_id == world.names["Agency"]:
            arrived.set()
            await go.wait()

    set_hook(wait_at)
    try:
        spending = asyncio.create_task(world.spend("Client 1", 10))
        await arrived.wait()
        assert len(world.held_open()) == 1
        await world.auto_billing("Agency", enabled=False)
        answer = await spending
        assert world.taken() == []
    finally:
        set_hook(None)
        go.set()
    await world.settle()
    assert isinstance(answer, Refuse)
    assert world.held_open() == []
    assert world.taken((await world.account("Agency")).merchant_ref) == []
    assert (await world.credits("Client 1")).free == 0
    assert "inactive" in await kinds(world, "Client 1")


async def test_r27_off_by_default_and_a_manual_purchase_leaves_it_off(world: World) -> None:
    """A card and a purchase are no consent."""
    await world.open("Agency", sells=True)
    await world.card("Agency")
    [pack] = await world.db.fetch(
        "select package_id from package_version where credits = 2000 and version = 1"
    )
    assert isinstance(await world.buy("Agency", pack["package_id"]), Bought)
    refused = await world.spend("Agency", 2_001)
    assert isinstance(refused, Refuse)
    assert world.taken() == [1_000]
    [seen] = await settings_of(world, "Agency")
    assert (seen["available"], seen["enabled"], seen["status"]) == (True, False, "off")
    assert await world.db.fetchval("select count(*) from consent") == 0


async def test_r27_each_consent_is_kept_with_who_when_and_the_terms(world: World) -> None:
    """On, changed, off: a row each, never rewritten."""
    await world.open("Agency", sells=True)
    await world.card("Agency")
    await world.auto_billing("Agency", per_month_minor=5_000)
    await world.auto_billing("Agency")
    await world.auto_billing("Agency", enabled=False)
    rows = await world.db.fetch("select * from consent order by consent_id")
    assert [(row["enabled"], row["monthly_limit"]) for row in rows] == [
        (True, "5000"), (True, "none"), (False, "none"),
    ]  # fmt: skip
    assert {row["given_by"] for row in rows} == {"Owner of Agency"}
    assert {row["terms"] for row in rows} == {"Charge my card for what is missing."}
    assert len({row["at"] for row in rows}) == 3


async def test_r27_off_and_a_removed_card_are_immediate(world: World) -> None:
    """The very next shortage is refused, and nothing is sent to the gateway."""
    await small_world(world, clients=0)
    assert isinstance(await world.spend("Agency", 10), SpendDone)
    effects = len(world.desk.journal.effects())
    await world.auto_billing("Agency", enabled=False)
    assert isinstance(await world.spend("Agency", 5_000), Refuse)
    await world.auto_billing("Agency")
    account = await world.account("Agency")
    card = await read_card(world.db, account.tenant_id, account.account_id)
    assert card is not None
    removed = await remove_card(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        method_id=card["method_id"],
        moment=world.engine.clock.moment(),
    )
    assert not isinstance(removed, Missing)
    world.engine.run(removed)
    await world.settle()
    refused = await world.spend("Agency", 5_000)
    assert isinstance(refused, Refuse)
    assert refused.reason is Reason.no_payment_method
    assert len(world.desk.journal.effects()) == effects


async def test_r27_r29_a_queued_retry_is_off_too(world: World) -> None:
    """After a soft decline the account switches off: no later try charges anything."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_insufficient_funds")
    assert isinstance(await world.spend("Agency", 10), Refuse)
    await world.auto_billing("Agency", enabled=False)
    effects = len(world.desk.journal.effects())
    await world.db.execute("update breaker set retry_at = now() - interval '1 day'")
    await world.engine.take_up_due_work()
    await world.settle()
    assert isinstance(await world.spend("Agency", 10), Refuse)
    assert len(world.desk.journal.effects()) == effects


@pytest.mark.parametrize("only_one_allowed", [False, True])
async def test_r29_r42_an_owner_hears_that_nothing_is_on_offer(
    world: World, only_one_allowed: bool
) -> None:
    """The platform sells no credits any more, or not those that the owner allows: at the first shortage,
    and once that day."""
    await small_world(world, clients=0)
    packs = await world.db.fetch(
        "select package_id from package where seller_ref = $1 and kind = 'additional_credits'",
        world.platform.platform_id,
    )
    if only_one_allowed:
        packs = packs[:1]
        await world.auto_billing("Agency", allowed_packages=[packs[0]["package_id"]])
    for pack in packs:
        await withdraw(world, None, pack["package_id"])
    for _ in range(2):
        refused = await world.spend("Agency", 10)
        assert isinstance(refused, Refuse) and refused.reason is Reason.no_credit_package
    [notice] = await world.notices("Agency")
    assert notice["kind"] == "auto_billing_failed"
    assert "Your own chatbots needed 10 credits" in notice["body"]
