"""R27, R29, R45: networks replace saved cards; an event is a hint, and a fresh reading is recorded."""

import itertools
from typing import Any

import pytest

from brimful.billing.card_readings import StoredCard, find_stored_card
from brimful.domain.payment import SavedMethod
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import SpendDone
from brimful.usecases.record_method import record_method
from brimful.usecases.save_card import remove_card
from brimful_testbank.faults import Rule
from tests.api.dump import digest
from tests.builders.cards import LOST, behave
from tests.builders.networks import card_of, said
from tests.builders.post import Post

LOOKS = ("brand", "last4", "exp_month", "exp_year")


async def tell(post: Post, event: dict[str, Any]) -> str:
    """Post an event, signed; what became of it."""
    assert (await post.signed(event)).is_success
    await post.world.settle()
    return (await post.verdicts())[event["id"]]


def at_network(post: Post, card: dict[str, Any], token: str | None = "tok_success_2") -> None:
    """The network replaces a card, by another number or (None) only another expiry; nobody tells."""
    post.world.desk.bank.replace_method(card["gateway_method"], token, 7, 2040)


async def pause(post: Post, name: str = "Agency") -> None:
    """The account's card is declined for good, once."""
    behave(post.world, LOST)
    assert isinstance(await post.world.spend(name, 10), Refuse)
    behave(post.world, None)


async def kinds(post: Post, name: str = "Agency") -> list[str]:
    """What an account's owner was told."""
    return [notice["kind"] for notice in await post.world.notices(name)]


async def test_r29_a_network_tells_by_itself_and_the_new_card_is_charged(post: Post) -> None:
    """Over the wire, twice: the card on file has its id, and the look of the new one; a pause of the
    old one is over, its owner is told once, and nothing is charged that nobody asks for."""
    world = post.world
    await pause(post)
    before = await card_of(world, "Agency")
    post.tell(copies=2)
    world.desk.replace(before["gateway_method"], token="tok_success_2", exp_month=7, exp_year=2040)
    await post.told()
    await post.scan()
    after = await card_of(world, "Agency")
    assert [after[name] for name in LOOKS] == ["mastercard", "4444", 7, 2040]
    kept = ("method_id", "gateway_method", "gateway_customer", "gateway_account", "role")
    assert [after[name] for name in kept] == [before[name] for name in kept]
    assert after["fingerprint"] != before["fingerprint"]
    assert set((await post.verdicts()).values()) == {"recorded"}
    assert await kinds(post) == ["auto_billing_failed", "resumed"]
    assert world.taken() == []
    assert isinstance(await world.spend("Agency", 2_000), SpendDone)
    assert world.taken() == [1_000]


async def test_r29_the_same_card_with_another_expiry_stays_paused(inside: Post) -> None:
    """The look is recorded, and nothing else: no pause ends, nobody is told."""
    world = inside.world
    await pause(inside)
    before, told = await card_of(world, "Agency"), await kinds(inside)
    at_network(inside, before, None)
    assert await tell(inside, said(before)) == "recorded"
    after = await card_of(world, "Agency")
    assert (after["exp_month"], after["exp_year"]) == (7, 2040)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"exp_month", "exp_year", "read_real_at"}
    refused = await world.spend("Agency", 10)
    assert isinstance(refused, Refuse) and refused.reason is Reason.auto_billing_paused
    assert await kinds(inside) == told and world.taken() == []


async def test_r29_each_card_that_ends_a_pause_is_told_of(inside: Post) -> None:
    """Replaced, declined for good, replaced again: the owner hears of both; of a late event, nothing."""
    card = await card_of(inside.world, "Agency")
    for token in ("tok_success_2#one", "tok_success_2#two"):
        await pause(inside)
        at_network(inside, card, token)
        for _ in range(2):
            assert await tell(inside, said(card)) == "recorded"
    assert (await kinds(inside)).count("resumed") == 2


@pytest.mark.parametrize("order", list(itertools.permutations(["charge", "card", "again"])))
async def test_r23_r29_in_any_order_with_the_events_of_a_charge(
    inside: Post, order: tuple[str, ...]
) -> None:
    """A charge whose reply was lost, and its card replaced meanwhile: granted once, and the card on
    file is the new one, whichever event comes first or twice."""
    world, card = inside.world, await card_of(inside.world, "Agency")
    await inside.unheard(fault="lost_after", buys=[("Agency", inside.platform_package)])
    [payment] = inside.payments("platform")
    at_network(inside, card)
    for step in order:
        event = inside.event(payment, "payment.captured") if step == "charge" else said(card)
        assert await tell(inside, event) == "recorded"
    assert (await card_of(world, "Agency"))["last4"] == "4444"
    assert [one["state"] for one in await world.purchases("Agency")] == ["delivered"]
    assert (await world.credits("Agency")).received == 1_000
    assert world.taken() == [1_000]


async def test_r45_what_is_not_ours_or_not_signed_changes_nothing(inside: Post) -> None:
    """Another mode, another account, cards of other business, a forged signature, no name of a card;
    though the card itself was replaced, so that any reading would be recorded."""
    world, card = inside.world, await card_of(inside.world, "Agency")
    client = await card_of(world, "Client 1")
    other = world.desk.bank.save_method("platform", None, "tok_success")
    at_network(inside, card)
    at_network(inside, client)
    before = await digest(world.db, but="gateway_event")
    told = {
        "other_mode": said(card, mode="live"),
        "unknown_method": said(card, method=other["id"]),
        "other_account": said(card, account=client["gateway_account"]),
    }
    for verdict, event in told.items():
        assert await tell(inside, event) == verdict
    assert await tell(inside, said(client, account="acct_of_nobody")) == "other_account"
    stored = await inside.verdicts()
    assert (await inside.signed(said(card), secret="whsec_of_another")).status_code == 400
    assert (await inside.signed(said(card, method=7))).status_code == 400
    assert (await inside.signed(said(card, method="a\nb"))).status_code == 400
    assert await inside.verdicts() == stored
    assert await digest(world.db, but="gateway_event") == before


async def test_r45_a_card_with_another_customer_is_not_recorded(inside: Post) -> None:
    """The gateway shows the id that was asked for as somebody else's: not our card."""
    card = await card_of(inside.world, "Agency")
    bank = inside.world.desk.bank
    bank.methods[card["gateway_method"]] |= {"customer": "cus_of_another", "last4": "0000"}
    assert await tell(inside, said(card)) == "read_disagrees"
    assert await card_of(inside.world, "Agency") == card
    bank.methods[card["gateway_method"]] |= {"customer": card["gateway_customer"]}


async def test_r45_without_an_answer_the_event_stays_due(inside: Post) -> None:
    """Nothing is noted before the card is read; a later scan reads it."""
    card = await card_of(inside.world, "Agency")
    at_network(inside, card)
    inside.world.desk.faults.rules.append(Rule("lost_before", "read_method"))
    event = said(card)
    assert await tell(inside, event) == "due"
    assert await card_of(inside.world, "Agency") == card
    await inside.later(10)
    assert await inside.verdicts() == {event["id"]: "recorded"}
    assert (await card_of(inside.world, "Agency"))["last4"] == "4444"


async def test_r10_a_card_in_an_account_that_is_closed_to_us_waits(inside: Post) -> None:
    """It is not taken for gone, and read when the account is open again."""
    world, card = inside.world, await card_of(inside.world, "Client 1")
    at_network(inside, card)
    world.desk.bank.connect(card["gateway_account"], connected=False)
    event = said(card)
    assert await tell(inside, event) == "due"
    assert await card_of(world, "Client 1") == card
    world.desk.bank.connect(card["gateway_account"])
    await inside.later(10)
    assert await inside.verdicts() == {event["id"]: "recorded"}
    assert (await card_of(world, "Client 1"))["last4"] == "4444"


async def test_r29_an_answer_that_was_overtaken_changes_nothing(inside: Post) -> None:
    """Two readings, of which the older is recorded last: the card is what the newer one says."""
    world, card = inside.world, await card_of(inside.world, "Agency")
    read = world.engine.driver.connections
    assert read is not None
    named = {"account_ref": card["gateway_account"], "method_id": card["gateway_method"]}
    asked, older = world.engine.now().real_at, await read.read_method(**named)
    assert isinstance(older, SavedMethod)
    at_network(inside, card)
    assert await tell(inside, said(card)) == "recorded"
    newer = await card_of(world, "Agency")
    stored = await find(inside, card)
    late = await record_method(
        world.engine.ctx, card=stored, reading=older, asked_real_at=asked, moment=world.engine.now()
    )
    assert (late, await card_of(world, "Agency")) == ((), newer)


async def test_r27_a_card_that_was_removed_here_stays_removed(inside: Post) -> None:
    """The gateway tells of it all the same, before or after it is removed there; nothing follows."""
    world, card = inside.world, await card_of(inside.world, "Agency")
    account = await world.account("Agency")
    removed = await remove_card(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        method_id=card["method_id"],
        moment=world.engine.now(),
    )
    assert isinstance(removed, tuple)
    for _ in range(2):
        assert await tell(inside, said(card)) == "method_removed"
        world.engine.run(removed)
        await world.settle()
    assert await on_file(inside) == []
    assert "paused" not in await kinds(inside)


async def test_r27_a_card_that_somebody_detached_is_out_of_use(inside: Post) -> None:
    """As if it was removed here, once; its owner, who did not do it here, is told. Nothing is put to
    it any more, and a card that is saved after it is charged."""
    world, card = inside.world, await card_of(inside.world, "Agency")
    world.desk.bank.remove_method(card["gateway_account"], card["gateway_method"])
    assert await tell(inside, said(card)) == "recorded"
    assert await tell(inside, said(card)) == "method_removed"
    assert await on_file(inside) == []
    assert await kinds(inside) == ["paused"]
    assert "visa ending 4242" in (await world.notices("Agency"))[0]["body"]
    refused = await world.spend("Agency", 10)
    assert isinstance(refused, Refuse) and refused.reason is Reason.no_payment_method
    assert await world.purchases("Agency") == []
    await world.card("Agency")
    assert isinstance(await world.spend("Agency", 10), SpendDone)


async def on_file(post: Post, name: str = "Agency") -> list[str]:
    """The last digits of an account's cards in use."""
    rows = await post.world.db.fetch(
        "select last4 from payment_method where account_id = $1 and removed_at is null",
        post.world.names[name],
    )
    return [row["last4"] for row in rows]


async def find(post: Post, card: dict[str, Any]) -> StoredCard:
    """A card as the handler of an event finds it."""
    found = await find_stored_card(post.world.db, "testbank", card["gateway_method"])
    assert found is not None
    return found
