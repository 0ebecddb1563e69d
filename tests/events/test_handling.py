"""Stored, then handled: once, whoever dies, whatever goes wrong, whatever has ended (R24, R45)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from brimful.billing import events
from brimful.domain.effect import HandleEvent
from brimful.domain.event import Verdict
from brimful.domain.payment import Captured, Event, PaymentOutcome, Refused
from brimful.effects import handle_event as handling
from brimful.usecases.receive_event import receive_event
from brimful.usecases.record_payment import record_payment
from brimful_testbank.faults import Rule
from tests.api.dump import digest
from tests.builders.held import SOON_S
from tests.builders.post import Post

LOST = Rule(fault="lost_before", verb="confirm", times=9)


async def open_payment(post: Post) -> str:
    """The agency is charged, and nobody has heard of it."""
    await post.unheard(fault="lost_after", buys=[("Agency", post.platform_package)])
    [payment] = post.payments("platform")
    return payment


async def state(post: Post, name: str = "Agency") -> str:
    """What became of an account's last purchase."""
    return str((await post.world.purchases(name))[-1]["state"])


async def row(post: Post, event: dict[str, Any]) -> dict[str, Any]:
    """An event as it is stored."""
    found = await post.world.db.fetchrow(
        "select * from gateway_event where event_id = $1", event["id"]
    )
    return dict(found)


async def test_r45_an_event_is_stored_when_it_is_answered(inside: Post) -> None:
    """The process dies before it handles it: the rows say that it is due, and a worker does it."""
    payment = await open_payment(inside)
    inside.world.engine.runner.run = lambda effects: None  # type: ignore[method-assign]
    event = inside.event(payment, "payment.captured")
    assert (await inside.signed(event)).status_code == 200
    assert await state(inside) == "created"
    del inside.world.engine.runner.run
    assert await inside.verdicts() == {event["id"]: "due"}

    await inside.world.engine.take_up_due_work()
    await inside.world.settle()

    assert await inside.verdicts() == {event["id"]: "recorded"}
    assert await state(inside) == "delivered"


async def test_r45_one_who_dies_with_an_event_leaves_it_due(inside: Post) -> None:
    """Taken and not settled: due again after the lease; a late one no longer says what became of it."""
    payment = await open_payment(inside)
    engine, event = inside.world.engine, inside.event(payment, "payment.captured")
    inside.world.desk.faults.close_gate("look_up")
    assert (await inside.signed(event)).is_success
    await inside.world.desk.faults.wait_for("look_up", 1)
    await engine.runner.stop()
    inside.world.desk.faults.open_gate("look_up")
    assert (await row(inside, event))["tries"] == 1

    engine.run([HandleEvent(event["id"])])
    await inside.world.settle()
    assert await inside.verdicts() == {event["id"]: "due"}
    assert (await row(inside, event))["tries"] == 1
    await inside.later(engine.settings.lease_s + 1)

    assert await inside.verdicts() == {event["id"]: "recorded"}
    assert (await row(inside, event))["tries"] == 2
    assert await state(inside) == "delivered"


async def test_r24_a_late_holder_of_an_event_is_not_heard(inside: Post) -> None:
    """Its token is of before: whatever it says changes nothing."""
    payment = await open_payment(inside)
    db, moment = inside.world.db, inside.world.engine.now()
    inside.world.engine.runner.run = lambda effects: None  # type: ignore[method-assign]
    event = inside.event(payment, "payment.captured")
    assert (await inside.signed(event)).is_success
    del inside.world.engine.runner.run
    at, lease = moment.real_at + timedelta(seconds=5), timedelta(seconds=1)
    first = await events.take(db, "testbank", event["id"], real_at=at, until=at + lease)
    second = await events.take(
        db, "testbank", event["id"], real_at=at + lease, until=at + 9 * lease
    )
    assert first is not None and second is not None
    before = await row(inside, event)
    await events.settle(db, first, Verdict.other_mode, moment)
    await events.put_off(db, first, at)
    await events.note_failure(db, first, error="late", until=at, failures_max=1)
    assert await row(inside, event) == before
    await events.settle(db, second, Verdict.recorded, moment)
    assert await inside.verdicts() == {event["id"]: "recorded"}


async def test_r23_the_same_event_again_changes_nothing(inside: Post) -> None:
    """Answered 200 each time; with other words under its id as well."""
    payment = await open_payment(inside)
    event = inside.event(payment, "payment.captured")
    assert (await inside.signed(event)).is_success
    await inside.world.settle()
    before = await digest(inside.world.db)
    again = [event, {**event, "amount": 1}, {**event, "payment": "another"}, event]
    answers = await asyncio.gather(*(inside.signed(one) for one in again))
    assert [answer.status_code for answer in answers] == [200] * 4
    await inside.scan()
    assert await digest(inside.world.db) == before


async def test_r45_without_an_answer_an_event_stays_due(inside: Post) -> None:
    """The gateway is silent for many tries: nothing is recorded, nothing is given up."""
    payment = await open_payment(inside)
    inside.world.desk.faults.rules.append(Rule(fault="lost_after", verb="look_up", times=12))
    event = inside.event(payment, "payment.captured")
    assert (await inside.signed(event)).is_success
    await inside.world.settle()
    for _ in range(11):
        assert await inside.verdicts() == {event["id"]: "due"}
        await inside.later(handling.READ_PAUSE_S_MAX)
    assert await state(inside) == "created"
    await inside.later(handling.READ_PAUSE_S_MAX)
    assert await inside.verdicts() == {event["id"]: "recorded"}
    assert await state(inside) == "delivered"
    assert (await row(inside, event))["failures"] == 0


async def test_r45_an_event_that_cannot_be_handled_is_parked_for_a_person(
    inside: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tried again later and later, so often; others go on meanwhile; a person may have it tried anew."""
    payment = await open_payment(inside)
    engine, db = inside.world.engine, inside.world.db
    real, poison = engine.gateway.look_up, {payment}

    async def look_up(*, account_ref: str, payment_id: str) -> PaymentOutcome:
        if payment_id in poison:
            return Refused(code="account_closed")
        return await real(account_ref=account_ref, payment_id=payment_id)

    monkeypatch.setattr(engine.gateway, "look_up", look_up)
    event = inside.event(payment, "payment.captured")
    assert (await inside.signed(event)).is_success
    await inside.world.settle()
    waits = [await wait_of(inside, event)]
    for _ in range(handling.FAILURES_MAX - 1):
        assert await inside.verdicts() == {event["id"]: "due"}
        await inside.later(3_600)
        waits.append(await wait_of(inside, event))
    assert await inside.verdicts() == {event["id"]: "parked"}
    assert 15 < waits[0] <= 30 < waits[1] <= 60 < waits[2] <= 120
    [parked] = await events.list_parked(db, 10)
    assert parked["event_id"] == event["id"] and "account_closed" in parked["last_error"]

    other = inside.event(payment, "payment.captured", payment="pay_nobody_knows")
    assert (await inside.signed(other)).is_success
    await inside.world.settle()
    await inside.later(3_600)
    assert await inside.verdicts() == {event["id"]: "parked", other["id"]: "unknown_payment"}

    poison.clear()
    assert await events.retry_parked(db, engine.now()) == 1
    await inside.scan()
    assert (await inside.verdicts())[event["id"]] == "recorded"
    assert await state(inside) == "delivered"


async def wait_of(post: Post, event: dict[str, Any]) -> float:
    """How many seconds an event waits from now on."""
    due = (await row(post, event))["due_real_at"] - post.world.engine.now().real_at
    seconds: float = due.total_seconds()
    return seconds


async def test_r25_r45_an_event_about_an_ended_purchase_leads_to_a_fresh_reading(
    inside: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refund or dispute comes when everything is over: what the gateway says now is recorded."""
    await inside.world.spend("Agency", 25)
    await inside.world.settle()
    [payment] = inside.payments("platform")
    inside.world.desk.bank.refund("platform", payment, 400)
    learnt: list[Any] = []

    async def recording(ctx: Any, **what: Any) -> Any:
        learnt.append(what["outcome"])
        return await record_payment(ctx, **what)

    monkeypatch.setattr(handling, "record_payment", recording)
    kinds = ["payment.refunded", "refund.updated", "charge.refunded", "dispute.created", "charge.x"]
    for kind in kinds:
        part = {} if kind in ("payment.refunded", "charge.x") else {"amount": 400}
        assert (await inside.signed(inside.event(payment, kind, **part))).is_success
    await inside.world.settle()
    assert set((await inside.verdicts()).values()) == {"recorded"}
    assert len(learnt) == len(kinds)
    assert all(isinstance(one, Captured) and one.refunded_minor == 400 for one in learnt)


async def test_r45_the_first_event_may_come_before_the_reply_that_names_the_payment(
    inside: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The payment is unknown for a moment only; then the event is handled as any."""
    monkeypatch.setattr(handling, "REPLY_COMES_WITHIN", timedelta(seconds=SOON_S))
    world = inside.world
    world.desk.faults.rules[:] = [Rule(fault="lost_after", verb="create"), LOST]
    await world.buy("Agency", inside.platform_package, wait_ms=0)
    await world.settle()
    [payment] = inside.payments("platform")
    event = inside.event(payment, "payment.created")
    assert (await inside.signed(event)).is_success
    await world.settle()
    assert await inside.verdicts() == {event["id"]: "due"}
    await world.db.execute("update purchase set wake_real_at = now()")
    await inside.scan()
    await inside.later(SOON_S + 1)
    assert await inside.verdicts() == {event["id"]: "recorded"}


async def test_r45_an_event_of_no_payment_is_kept_and_nothing_more(inside: Post) -> None:
    """It is no fault of anybody's."""
    db, moment = inside.world.db, inside.world.engine.now()
    about_nothing = Event(
        event_id="evt_of_an_account", kind="account.updated", mode="test", account_ref="platform",
        payment_id=None, amount_minor=None, currency=None, created_at=moment.real_at, metadata={},
    )  # fmt: skip
    effects = await receive_event(inside.world.engine.ctx, event=about_nothing, moment=moment)
    assert effects == (HandleEvent("evt_of_an_account"),)
    inside.world.engine.run(effects)
    await inside.world.settle()
    assert await inside.verdicts() == {"evt_of_an_account": "not_of_a_payment"}
    assert await db.fetchval("select state from gateway_event") == "handled"


async def test_r45_a_storm_of_events_is_stored_and_handled_in_time(inside: Post) -> None:
    """More than a process does at once: all are answered, what is left over is taken up by scans."""
    payment = await open_payment(inside)
    storm = [inside.event(payment, "payment.captured") for _ in range(300)]
    inside.world.desk.faults.close_gate("look_up")
    answers = await asyncio.gather(*(inside.signed(event) for event in storm))
    inside.world.desk.faults.open_gate("look_up")
    assert {answer.status_code for answer in answers} == {200}
    await inside.world.settle()
    stored = await inside.world.db.fetch("select tries from gateway_event")
    assert len(stored) == len(storm) and [row["tries"] for row in stored].count(0) > 100
    for _ in range(4):
        await inside.later(handling.READ_PAUSE_S_MAX)
    assert set((await inside.verdicts()).values()) == {"recorded"}
    assert inside.world.taken() == [1_000]
    assert (await inside.world.credits("Agency")).free == 1_000
