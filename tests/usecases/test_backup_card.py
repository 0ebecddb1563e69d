"""R29: a backup card is tried once per shortage after a decline of the primary."""

from typing import Any

from brimful.billing import accounts, cards
from brimful.domain.payment import SavedMethod
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought, Missing, SpendDone
from brimful.usecases.save_card import promote_card, record_card, remove_card
from tests.builders.calendar import HOUR, Calendar, subscribers
from tests.builders.cards import LOST, POOR, behave, declines
from tests.builders.world import World, small_world


async def backup(world: World, name: str, token: str = "tok_success_2") -> Any:
    """Save a backup card."""
    account = await world.account(name)
    assert account.parent_id is not None
    seller = await accounts.read_account(world.db, account.tenant_id, account.parent_id)
    assert seller is not None
    saved = await world.engine.gateway.save_method(
        account_ref=seller.merchant_ref, customer_id=None, token=f"{token}#{name}-2"
    )
    assert isinstance(saved, SavedMethod)
    recorded = await record_card(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        gateway_account=seller.merchant_ref,
        saved=saved,
        role="backup",
        moment=world.engine.clock.moment(),
    )
    world.engine.run(recorded.effects)
    return recorded.method_id


async def on_file(world: World, name: str) -> list[tuple[str, str]]:
    """The cards of an account: their roles and last digits."""
    account = await world.account(name)
    found = await cards.list_cards(world.db, account.tenant_id, account.account_id)
    return [(card["role"], card["last4"]) for card in found]


async def charged(world: World) -> list[str]:
    """The cards of charges that were captured, oldest first."""
    rows = await world.db.fetch(
        "select card from charge where state = 'captured' order by charge_id"
    )
    return [row["card"][-4:] for row in rows]


async def test_r29_the_same_spend_is_paid_by_the_backup(calendar: Calendar) -> None:
    """The primary is lost; its owner is told at the first failure, and what was bought how."""
    world = calendar.world
    await small_world(world, clients=0)
    await backup(world, "Agency")
    behave(world, LOST, last4="4242")
    assert isinstance(await world.spend("Agency", 10), SpendDone)
    await world.settle()
    assert (await charged(world), declines(world)) == (["4444"], 1)
    notices = await world.notices("Agency")
    assert [n["kind"] for n in notices] == ["auto_billing_failed", "auto_billed"]
    assert "backup card" in notices[0]["body"] and "4444" in notices[0]["body"]
    explained = (await world.purchases("Agency"))[-1]["explanation"]
    assert explained["card"] == {"card": "mastercard ending 4444", "role": "backup"}
    assert isinstance(await world.spend("Agency", 2_500), SpendDone)
    assert (await charged(world), declines(world)) == (["4444", "4444"], 1)


async def test_r29_the_backup_is_tried_once_and_then_it_ends(calendar: Calendar) -> None:
    """Both decline: two attempts, one refusal, and the next shortage is refused at once."""
    world = calendar.world
    await small_world(world, clients=0)
    await backup(world, "Agency")
    behave(world, POOR)
    refused = await world.spend("Agency", 10)
    assert isinstance(refused, Refuse) and refused.reason is Reason.card_declined
    assert declines(world) == 2
    again = await world.spend("Agency", 10)
    assert isinstance(again, Refuse) and again.reason is Reason.retry_later
    assert declines(world) == 2
    calendar.clock.at += HOUR
    await world.spend("Agency", 10)
    assert declines(world) == 4
    assert world.taken() == []


async def test_r29_a_person_pays_with_the_primary(calendar: Calendar) -> None:
    """The purchase by hand that succeeds clears the primary, which is charged again."""
    world = calendar.world
    await small_world(world, clients=0)
    await backup(world, "Agency")
    behave(world, LOST, last4="4242")
    assert isinstance(await world.spend("Agency", 10), SpendDone)
    behave(world, None)
    pack = await world.db.fetchval("select package_id from package order by position limit 1")
    assert isinstance(await world.buy("Agency", pack), Bought)
    assert isinstance(await world.spend("Agency", 5_000), SpendDone)
    assert await charged(world) == ["4444", "4242", "4242"]


async def test_r29_a_renewal_is_paid_by_the_backup(calendar: Calendar) -> None:
    """At once after the decline of the primary."""
    world = calendar.world
    await subscribers(calendar, "One")
    await backup(world, "One")
    due_at = (await calendar.subscription("One"))["due_at"]
    [one] = [m for m in world.desk.bank.methods.values() if m["merchant"] != "platform"][:1]
    world.desk.bank.overrides[one["fingerprint"]] = POOR
    await calendar.go_to(due_at)
    plan = await calendar.subscription("One")
    assert (plan["state"], plan["months_done"]) == ("active", 2)
    assert declines(world) == 1
    assert (await charged(world))[-1] == "4444" or "4444" in await charged(world)


async def test_r29_cards_are_listed_promoted_and_removed(calendar: Calendar) -> None:
    """Without a primary the backup takes its place; a new card takes the place of its role alone."""
    world = calendar.world
    await small_world(world, clients=0)
    second = await backup(world, "Agency")
    assert await on_file(world, "Agency") == [("primary", "4242"), ("backup", "4444")]
    account = await world.account("Agency")
    of = {"tenant_id": account.tenant_id, "account_id": account.account_id}
    moment = world.engine.clock.moment()
    await promote_card(world.engine.ctx, **of, method_id=second, moment=moment)
    assert await on_file(world, "Agency") == [("primary", "4444"), ("backup", "4242")]
    await remove_card(world.engine.ctx, **of, method_id=second, moment=moment)
    assert await on_file(world, "Agency") == [("primary", "4242")]
    gone = await promote_card(world.engine.ctx, **of, method_id=second, moment=moment)
    assert gone == Missing(what="payment_method")
    await backup(world, "Agency", "tok_insufficient_funds")
    await world.card("Agency", "tok_success_2")
    assert await on_file(world, "Agency") == [("primary", "4444"), ("backup", "9995")]


async def test_r29_a_backup_alone_is_the_primary(calendar: Calendar) -> None:
    """Nothing else could be charged."""
    world = calendar.world
    await world.open("Agency", sells=True)
    await backup(world, "Agency")
    assert await on_file(world, "Agency") == [("primary", "4444")]
