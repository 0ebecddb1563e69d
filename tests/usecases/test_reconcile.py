"""The gateway's payments against our charges: what is mended, and what is left to a person (R24)."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from brimful.domain.payment import Captured, Created, Held, SavedMethod
from brimful.domain.reconciling import Repair, Trouble
from brimful.effects.read_records import PAUSES_S, Rest
from brimful.effects.reconcile import NoRecords, Report, reconcile
from brimful.gateways.port import REFERENCE, CaptureMode
from brimful.usecases.answers import SpendDone
from brimful_testbank.faults import Rule
from tests.builders.world import World, small_world

ANY_TIMES = 1_000


async def reconciled(world: World, *, days: int = 1, rest: Rest = asyncio.sleep) -> Report:
    """Reconcile what was made until now, and begin what follows."""
    engine = world.engine
    assert engine.records is not None
    now = engine.now().at + timedelta(minutes=1)
    report = await reconcile(
        engine.driver,
        engine.records,
        since=now - timedelta(days=days),
        before=now,
        seen=lambda account, count: None,
        rest=rest,
    )
    engine.run(report.effects)
    return report


async def compared(world: World, *, days: int = 1, rest: Rest = asyncio.sleep) -> Report:
    """Reconcile what was made until now, and see to what follows."""
    report = await reconciled(world, days=days, rest=rest)
    await world.settle()
    return report


def told(report: Report) -> list[tuple[str, Trouble | None]]:
    return [(finding.outcome, finding.trouble) for finding in report.findings]


async def at_the_bank(
    world: World, *, reference: str, capture: CaptureMode = "automatic", confirmed: bool = True
) -> str:
    """A payment that somebody made at the platform's account, with a reference that looks like ours."""
    gateway = world.engine.gateway
    saved = await gateway.save_method(
        account_ref="platform", customer_id=None, token=f"tok_success#{uuid4()}"
    )
    assert isinstance(saved, SavedMethod)
    made = await gateway.create(
        account_ref="platform",
        customer_id=saved.customer_id,
        method_id=saved.method_id,
        amount_minor=1_000,
        currency="USD",
        capture=capture,
        idempotency_key=str(uuid4()),
        description="",
        metadata={REFERENCE: reference},
    )
    assert isinstance(made, Created)
    if confirmed:
        done = await gateway.confirm(
            account_ref="platform",
            payment_id=made.payment_id,
            idempotency_key=str(uuid4()),
            off_session=True,
        )
        assert isinstance(done, Captured | Held)
    return made.payment_id


async def paid_unheard(world: World) -> None:
    """The agency buys 2,000 credits by hand; the money is taken, and no answer comes back."""
    await small_world(world)
    await buys_unheard(world)
    assert (world.taken(), (await world.credits("Agency")).received) == ([1_000], 0)


async def buys_unheard(world: World) -> None:
    """The agency buys by hand, as above, in a world that is there."""
    pack = await world.package(None, 1_000, credits=2_000, name="By hand")
    world.desk.faults.rules += [
        Rule("lost_after", verb="confirm", times=ANY_TIMES),
        Rule("lost_before", verb="look_up", times=ANY_TIMES),
    ]
    await world.buy("Agency", pack, wait_ms=0)
    await world.settle()


async def bought(world: World) -> str:
    """The agency buys for a query of its own; the reference of that charge."""
    await small_world(world)
    await world.spend("Agency", 25)
    await world.settle()
    [charge] = await world.db.fetch("select charge_id from charge")
    return str(charge["charge_id"])


async def test_r24_books_that_agree_have_no_difference(world: World) -> None:
    await small_world(world)
    await world.spend("Client 1", 25)
    await world.settle()
    report = await compared(world)
    assert (report.accounts, report.charges, report.payments) == (2, 2, 2)
    assert report.findings == [] and not report.needs_person


async def test_r24_a_payment_whose_reply_was_lost_is_recorded(world: World) -> None:
    """The money was taken, and nobody has learnt of it: its credits are granted now, once."""
    await paid_unheard(world)
    world.desk.faults.rules.clear()
    report = await compared(world)
    assert [finding.difference.verdict for finding in report.findings] == [Repair.record]
    assert told(report) == [("recorded", None)] and not report.needs_person
    assert (await world.credits("Agency")).received == 2_000
    assert (await compared(world)).findings == []
    assert world.taken() == [1_000]


async def test_r24_without_an_answer_nothing_is_decided(world: World) -> None:
    await paid_unheard(world)
    report = await compared(world)
    assert told(report) == [("no_answer", None)] and report.needs_person
    assert (await world.credits("Agency")).received == 0
    world.desk.faults.rules.clear()
    assert told(await compared(world)) == [("recorded", None)]


async def test_r24_a_second_payment_that_nobody_waits_for_is_cancelled(world: World) -> None:
    reference = await bought(world)
    for capture, confirmed in (("automatic", False), ("manual", True)):
        await at_the_bank(world, reference=reference, capture=capture, confirmed=confirmed)  # type: ignore[arg-type]
    report = await compared(world)
    assert told(report) == [("canceled", None)] * 2 and not report.needs_person
    assert world.held_open() == [] and world.taken() == [1_000]
    assert (await compared(world)).findings == []


async def test_r24_money_taken_twice_is_for_a_person_and_left_alone(world: World) -> None:
    reference = await bought(world)
    second = await at_the_bank(world, reference=reference)
    for _ in range(2):
        report = await compared(world)
        assert told(report) == [("person", Trouble.captured_twice)] and report.needs_person
        assert report.findings[0].difference.payment_id == second
    assert world.taken() == [1_000, 1_000]
    assert (await world.credits("Agency")).received == 2_000


async def test_r24_a_restored_database_is_told_what_it_has_lost(world: World) -> None:
    """Charges of ours by their reference, of which there is no row."""
    await at_the_bank(world, reference=str(uuid4()))
    await at_the_bank(world, reference=str(uuid4()), capture="manual")
    await at_the_bank(world, reference=str(uuid4()), confirmed=False)
    await at_the_bank(world, reference="order 17")
    report = await compared(world)
    assert sorted(told(report)) == [
        ("person", Trouble.captured_unknown),
        ("person", Trouble.open_unknown),
    ]
    assert len(world.held_open()) == 1, "what is not known to be ours is not touched"


async def test_r24_a_grant_without_its_payment_is_for_a_person(world: World) -> None:
    """The gateway, or another one at its address, does not know the payment that we granted for."""
    await bought(world)
    world.desk.bank.payments.clear()
    world.desk.journal._db.execute("delete from effect")
    report = await compared(world)
    assert told(report) == [("person", Trouble.not_at_gateway)]
    assert (await world.credits("Agency")).received == 2_000


async def test_r10_r24_a_closed_account_is_told_of_and_the_others_are_compared(
    world: World,
) -> None:
    """Its list is refused: its clients are inactive, unless they were; opened again, that is found
    out as well."""
    await small_world(world)
    assert isinstance(await world.spend("Client 1", 10), SpendDone)
    await world.settle()
    merchant = await world.disconnect("Agency")
    report = await compared(world)
    assert (report.closed, report.accounts, report.charges) == ([merchant], 2, 1)
    assert report.findings == [] and report.needs_person
    kinds = [notice["kind"] for notice in await world.notices("Client 1")]
    assert kinds[-1] == "inactive"
    assert (await compared(world)).closed == [merchant]
    world.desk.bank.connect(merchant)
    report = await compared(world)
    assert (report.closed, report.needs_person) == ([], False)
    kinds = [notice["kind"] for notice in await world.notices("Client 1")]
    assert kinds[-1] == "resumed"


class Pauses:
    """Waits for nothing, and knows how long it was told to wait."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        """So many seconds go by."""
        self.seconds.append(seconds)

    def taken(self) -> list[float]:
        """What was waited since this was asked last."""
        taken, self.seconds = self.seconds, []
        return taken


async def test_r24_an_account_that_is_not_listed_keeps_no_other_from_being_compared(
    world: World,
) -> None:
    """An agency's account is asked for again a few times and then left: what is mended at the
    platform's is told, and the agency's is for another time. A refusal is not asked about again."""
    await small_world(world)
    await world.spend("Client 1", 25)
    await world.settle()
    await buys_unheard(world)
    before = (await world.credits("Agency")).received
    merchant = (await world.account("Agency")).merchant_ref
    pauses, rules = Pauses(), world.desk.faults.rules
    rules[:] = [Rule("lost_before", "list", merchant=merchant, times=ANY_TIMES)]
    report = await compared(world, rest=pauses)
    assert list(report.unread) == [merchant] and report.unread[merchant].startswith("no answer: ")
    assert (report.accounts, told(report), report.needs_person) == (2, [("recorded", None)], True)
    assert (await world.credits("Agency")).received == before + 2_000
    assert pauses.taken() == list(PAUSES_S)
    rules[:] = [Rule("refuse", "list", merchant=merchant)]
    report = await compared(world, rest=pauses)
    assert (report.unread, report.needs_person) == ({merchant: "refused: refused"}, True)
    assert pauses.taken() == []
    rules.clear()
    report = await compared(world, rest=pauses)
    assert (report.unread, report.findings, report.needs_person) == ({}, [], False)


async def test_r24_a_page_without_an_answer_is_asked_for_again(world: World) -> None:
    """Twice it gets lost, then it is there. Where no account is listed at all nothing was compared,
    and the second is not waited for as long as the first."""
    await small_world(world)
    await world.spend("Client 1", 25)
    await world.settle()
    pauses, rules = Pauses(), world.desk.faults.rules
    rules[:] = [Rule("lost_before", "list", merchant="platform", times=2)]
    report = await compared(world, rest=pauses)
    assert (report.unread, report.payments, report.needs_person) == ({}, 2, False)
    assert pauses.taken() == list(PAUSES_S[:2])
    rules[:] = [Rule("lost_before", "list", times=ANY_TIMES)]
    with pytest.raises(NoRecords, match=r"did not list the payments of acct_.*, nor of 1 more"):
        await reconciled(world, rest=pauses)
    assert pauses.taken() == [*PAUSES_S, PAUSES_S[0]]


async def test_r24_r25_disputes_of_which_no_event_told_are_recorded(world: World) -> None:
    """The holder of the card disputes the charge, and wins, while no event arrives: both are found. As
    long as it stays open there is nothing to report."""
    await small_world(world)
    await world.spend("Agency", 25)
    await world.settle()
    charge = await world.db.fetchrow("select payment_id from charge")
    assert charge is not None
    payment_id = str(charge["payment_id"])
    after = world.desk.bank.dispute(payment_id, None)
    assert told(await compared(world)) == [("recorded", None)]
    assert await world.db.fetchval("select state from dispute") == "open"
    assert (await compared(world)).findings == []
    world.desk.bank.move_dispute(payment_id, str(after["disputes"][-1]["id"]), "lost")
    assert told(await compared(world)) == [("recorded", None)]
    assert await world.db.fetchval("select state from dispute") == "lost"
    assert (await compared(world)).findings == []
