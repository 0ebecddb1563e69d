"""R29: a bank that wants the owner present: cancelled first, then a link, then a charge of its own."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from brimful.billing import payments
from brimful.billing.purchases import Purchase
from brimful.db.transaction import Database
from brimful.domain.payment import NeedsAuthentication
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Missing, SpendDone
from brimful.usecases.record_payment import record_payment
from brimful.wiring import Authenticating
from brimful_testbank.faults import Rule
from tests.builders.calendar import DAY, HOUR, Calendar, subscribers
from tests.builders.world import World, small_world


async def token_of(world: World, name: str) -> str:
    """The token of the link that an account's owner was sent last."""
    asked = [n for n in await world.notices(name) if n["kind"] == "action_required"]
    link = str(asked[-1]["facts"]["link"])
    assert link in asked[-1]["body"]
    return link.rsplit("/", 1)[1]


async def at_bank(answer: Any, *, complete: bool) -> None:
    """The owner goes where the bank asks, and confirms or lets it be."""
    assert isinstance(answer, Authenticating) and answer.state == "action_required", answer
    async with httpx.AsyncClient(timeout=60) as browser:
        done = await browser.post(str(answer.action_url), json={"complete": complete})
    assert done.status_code == 200


def kinds_at_bank(world: World) -> list[str]:
    """What the bank did, in order."""
    return [effect["kind"] for effect in world.desk.journal.effects()]


async def test_r29_cancelled_first_then_paused_with_a_link(world: World) -> None:
    """Nothing is taken, the spend is refused, and the link's secret is kept as a hash only."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_authenticate")
    answer = await world.spend("Agency", 10)
    await world.settle()
    assert isinstance(answer, Refuse) and answer.reason is Reason.authentication_required
    assert kinds_at_bank(world) == ["created", "needs_authentication", "canceled"]
    again = await world.spend("Agency", 10)
    assert isinstance(again, Refuse) and again.reason is Reason.auto_billing_paused
    token = await token_of(world, "Agency")
    kept = await world.db.fetchval("select token_hash from authentication")
    assert token.encode() not in bytes(kept) and len(kept) == 32


async def test_r29_the_owner_confirms_and_the_pause_is_over(world: World) -> None:
    """One charge with the owner present; the link is used up; auto-billing runs on by itself."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_authenticate_once")
    assert isinstance(await world.spend("Agency", 10), Refuse)
    await world.settle()
    token = await token_of(world, "Agency")
    opened = await world.engine.authenticate(token)
    twice = await world.engine.authenticate(token)
    assert isinstance(opened, Authenticating) and isinstance(twice, Authenticating)
    assert twice.purchase_id == opened.purchase_id
    assert world.taken() == []
    await at_bank(opened, complete=True)
    done = await world.engine.authenticate(token)
    assert isinstance(done, Authenticating) and done.state == "delivered"
    await world.settle()
    assert world.taken() == [1_000]
    assert (await world.credits("Agency")).free == 2_000
    assert isinstance(await world.spend("Agency", 2_500), SpendDone)
    assert world.taken() == [1_000, 1_000]
    later = await world.engine.authenticate(token)
    assert isinstance(later, Authenticating) and later.state == "delivered"
    assert len(world.taken()) == 2


async def test_r29_an_owner_who_lets_it_be_may_open_the_link_again(world: World) -> None:
    """The pause stays, nothing is taken; at the second time it is confirmed."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_authenticate")
    assert isinstance(await world.spend("Agency", 10), Refuse)
    await world.settle()
    token = await token_of(world, "Agency")
    await at_bank(await world.engine.authenticate(token), complete=False)
    failed = await world.engine.authenticate(token)
    assert isinstance(failed, Authenticating) and failed.state == "failed"
    refused = await world.spend("Agency", 10)
    assert isinstance(refused, Refuse) and refused.reason is Reason.auto_billing_paused
    await at_bank(await world.engine.authenticate(token), complete=True)
    done = await world.engine.authenticate(token)
    assert isinstance(done, Authenticating) and done.state == "delivered"
    assert world.taken() == [1_000]


async def test_r20_an_owner_who_does_not_come_back_holds_nothing_for_ever(world: World) -> None:
    """After a quarter of an hour of real time the charge is cancelled."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_authenticate")
    assert isinstance(await world.spend("Agency", 10), Refuse)
    await world.settle()
    opened = await world.engine.authenticate(await token_of(world, "Agency"))
    assert isinstance(opened, Authenticating)
    await world.engine.take_up_due_work()
    await world.settle()
    [waits] = [p for p in await world.purchases("Agency") if p["present"]]
    left = waits["wake_real_at"] - waits["planned_real_at"]
    assert waits["state"] == "authenticating" and timedelta(minutes=14) < left
    await world.db.execute(
        "update purchase set wake_real_at = now() where state = 'authenticating'"
    )
    await world.engine.take_up_due_work()
    await world.settle()
    [gone] = [p for p in await world.purchases("Agency") if p["present"]]
    assert (gone["state"], gone["reason"]) == ("failed", "authentication_required")
    assert kinds_at_bank(world)[-1] == "canceled"


async def test_r20_r29_a_lost_reply_takes_no_time_from_the_owner_at_the_bank(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The confirm's reply is lost, and before that is noted an event tells that the bank asks the owner,
    who has a quarter of an hour then: the try without an answer puts off nothing of it."""
    note_try = payments.note_try

    async def told_before(
        db: Database, tried: Purchase, next_real_at: datetime, *, counts: bool = True
    ) -> int:
        await record_payment(
            world.engine.ctx,
            tenant_id=tried.tenant_id,
            purchase_id=tried.purchase_id,
            outcome=NeedsAuthentication(payment_id=tried.payment_id or "", action_url="https://b"),
            moment=world.engine.now(),
        )
        return await note_try(db, tried, next_real_at, counts=counts)

    await small_world(world, clients=0)
    await world.card("Agency", "tok_authenticate")
    assert isinstance(await world.spend("Agency", 10), Refuse)
    await world.settle()
    monkeypatch.setattr(payments, "note_try", told_before)
    world.desk.faults.rules.append(Rule("lost_after", verb="confirm", times=1))
    opened = await world.engine.authenticate(await token_of(world, "Agency"))
    assert isinstance(opened, Authenticating) and opened.state == "action_required"
    [waits] = [p for p in await world.purchases("Agency") if p["present"]]
    assert waits["state"] == "authenticating"
    assert waits["wake_real_at"] - waits["planned_real_at"] > timedelta(minutes=14)


async def test_r29_a_lost_look_does_not_shorten_the_owners_time(world: World) -> None:
    """The bank does not answer when it is asked how it stands; the owner confirms all the same."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_authenticate")
    assert isinstance(await world.spend("Agency", 10), Refuse)
    await world.settle()
    token = await token_of(world, "Agency")
    opened = await world.engine.authenticate(token)
    world.desk.faults.rules.append(Rule("lost_before", verb="look_up", times=2))
    for _ in range(4):
        again = await world.engine.authenticate(token)
        assert isinstance(again, Authenticating) and again.state == "action_required"
        await asyncio.sleep(0.3)
    await world.engine.take_up_due_work()
    await world.settle()
    await at_bank(opened, complete=True)
    done = await world.engine.authenticate(token)
    assert isinstance(done, Authenticating) and done.state == "delivered"


async def test_r29_a_renewal_is_finished_by_its_subscriber(calendar: Calendar) -> None:
    """It is past due with a link; confirmed, its month is granted and the next renews by itself."""
    world = calendar.world
    await subscribers(calendar, "One")
    await world.card("One", "tok_authenticate_once")
    due_at = (await calendar.subscription("One"))["due_at"]
    await calendar.go_to(due_at + HOUR)
    assert (await calendar.subscription("One"))["state"] == "past_due"
    taken = len(world.taken(None))
    token = await token_of(world, "One")
    await at_bank(await world.engine.authenticate(token), complete=True)
    done = await world.engine.authenticate(token)
    await calendar.work()
    assert isinstance(done, Authenticating)
    plan = await calendar.subscription("One")
    assert (plan["state"], plan["months_done"]) == ("active", 2)
    # Its own charge, and the agency's for the credits.
    assert len(world.taken()) == taken + 2
    assert await world.engine.authenticate(token) is not None
    await calendar.go_to(plan["due_at"] + HOUR)
    assert (await calendar.subscription("One"))["months_done"] == 3


async def test_r29_links_that_open_nothing(calendar: Calendar) -> None:
    """Void, garbled, of another tenant, too old: all the same answer."""
    world = calendar.world
    await small_world(world, clients=0)
    await world.card("Agency", "tok_authenticate")
    assert isinstance(await world.spend("Agency", 10), Refuse)
    await world.settle()
    token = await token_of(world, "Agency")
    wrong = ["", "x", "bra_", token[:-1], token + "x", f"bra_{'0' * 32}{token[36:]}", "bra_\u00e9"]
    for text in wrong:
        assert await world.engine.authenticate(text) == Missing(what="authentication")
    calendar.clock.at += 8 * DAY
    assert await world.engine.authenticate(token) == Missing(what="authentication")
    assert world.taken() == []


async def test_r29_one_who_opens_a_link_many_times_at_once_pays_once(world: World) -> None:
    """Ten clicks, one charge."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_authenticate")
    assert isinstance(await world.spend("Agency", 10), Refuse)
    await world.settle()
    token = await token_of(world, "Agency")
    await asyncio.gather(*(world.engine.authenticate(token) for _ in range(10)))
    await world.settle()
    opened = await world.engine.authenticate(token)
    await at_bank(opened, complete=True)
    await asyncio.gather(*(world.engine.authenticate(token) for _ in range(10)))
    await world.settle()
    assert world.taken() == [1_000]


async def test_r20_r29_a_bank_that_wants_its_owner_again_has_declined(world: World) -> None:
    """The owner was at the bank, and the issuer wants it all the same: there is nowhere to go any more, so the
    charge is declined and cancelled at once, counts, and the link may be opened once more."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_authenticate")
    assert isinstance(await world.spend("Agency", 10), Refuse)
    await world.settle()
    token = await token_of(world, "Agency")
    opened = await world.engine.authenticate(token)
    assert isinstance(opened, Authenticating) and opened.state == "action_required"
    [waits] = [p for p in await world.purchases("Agency") if p["present"]]
    payment_id = await world.db.fetchval(
        "select payment_id from charge where purchase_id = $1", waits["purchase_id"]
    )
    effects = await record_payment(
        world.engine.ctx,
        tenant_id=waits["tenant_id"],
        purchase_id=waits["purchase_id"],
        outcome=NeedsAuthentication(payment_id=payment_id),
        moment=world.engine.now(),
    )
    world.engine.run(effects)
    await world.settle()
    [gone] = [p for p in await world.purchases("Agency") if p["present"]]
    assert (gone["state"], gone["reason"]) == ("failed", "card_declined")
    declined = await world.db.fetchval(
        "select count(*) from charge where decline_code = 'authentication_declined'"
    )
    assert declined == 1 and kinds_at_bank(world)[-1] == "canceled"
    again = await world.engine.authenticate(token)
    assert isinstance(again, Authenticating) and again.state == "action_required"
    assert again.purchase_id != opened.purchase_id
