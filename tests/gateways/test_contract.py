"""The contract of the gateway port: what the engine relies on, held by every gateway (R21 to R23)."""

import asyncio

import pytest

from brimful.db.transaction import Database, NetworkInTransaction
from brimful.domain.payment import (
    Canceled,
    Captured,
    Created,
    Declined,
    Held,
    MethodRefused,
    NeedsAuthentication,
    NotFound,
    Refunded,
    Refused,
    Removed,
    SavedMethod,
    Unknown,
    Unreachable,
)
from tests.builders.held import SOON_S
from tests.gateways.rigs import Card, Rig, When, key


async def test_r22_a_payment_is_made_before_money_moves(rig: Rig) -> None:
    """Create moves nothing; confirm captures the whole amount once."""
    payment = await rig.payment(capture="automatic")
    assert await rig.look_up(payment) == Created(payment_id=payment)
    assert rig.moved(payment) == []
    done = Captured(payment_id=payment, amount_minor=1_000, currency=rig.currency)
    assert await rig.confirm(payment) == done
    assert await rig.look_up(payment) == done
    assert rig.moved(payment) == [1_000]


async def test_r17_a_hold_takes_nothing_until_it_is_captured(rig: Rig) -> None:
    """Held with the time until when; captured; and captured again it is one movement (R23)."""
    payment = await rig.payment()
    held = await rig.confirm(payment)
    assert isinstance(held, Held)
    assert held.capture_before is not None and held.capture_before.tzinfo is not None
    assert await rig.look_up(payment) == held
    assert rig.moved(payment) == []
    done = Captured(payment_id=payment, amount_minor=1_000, currency=rig.currency)
    assert await rig.capture(payment) == done
    assert await rig.capture(payment) == done
    assert rig.moved(payment) == [1_000]


async def test_r23_captures_at_once_are_one_movement(rig: Rig) -> None:
    """Ten takers of one hold, each with its own key or all with one."""
    for shared in (None, key()):
        payment = await rig.payment()
        await rig.confirm(payment)
        answers = await asyncio.gather(*(rig.capture(payment, 1_000, shared) for _ in range(10)))
        told = [answer for answer in answers if not isinstance(answer, Unknown)]
        assert told and {type(answer) for answer in told} == {Captured}
        assert rig.moved(payment) == [1_000]


async def test_r17_part_of_a_hold_may_be_taken_and_never_more(rig: Rig) -> None:
    """The rest is released; too much, or nothing, is refused and moves nothing."""
    payment = await rig.payment()
    await rig.confirm(payment)
    for amount in (1_001, 0):
        assert isinstance(await rig.capture(payment, amount), Refused)
    assert isinstance(await rig.look_up(payment), Held)
    taken = await rig.capture(payment, 400)
    assert isinstance(taken, Captured) and taken.amount_minor == 400
    assert isinstance(again := await rig.capture(payment, 600), Captured)
    assert again.amount_minor == 400
    assert rig.moved(payment) == [400]


async def test_r22_what_is_not_held_cannot_be_captured(rig: Rig) -> None:
    """A payment that is not confirmed is refused, and still there to confirm."""
    payment = await rig.payment()
    assert isinstance(await rig.capture(payment), Refused)
    assert isinstance(await rig.confirm(payment), Held)
    assert rig.moved(payment) == []


async def test_r22_a_cancel_is_a_fence(rig: Rig) -> None:
    """Cancelled before its confirm or while held: nothing can take money on it any more."""
    fresh, held = await rig.payment(), await rig.payment()
    await rig.confirm(held)
    for payment in (fresh, held):
        for _ in range(2):
            assert await rig.cancel(payment) == Canceled(payment_id=payment)
        assert await rig.confirm(payment) == Canceled(payment_id=payment)
        assert await rig.capture(payment) == Canceled(payment_id=payment)
        assert await rig.look_up(payment) == Canceled(payment_id=payment)
        assert rig.moved(payment) == []


async def test_r22_a_cancel_after_the_capture_tells_of_the_capture(rig: Rig) -> None:
    """It cannot undo: the answer is the money taken, whichever way it was taken."""
    for capture in ("automatic", "manual"):
        payment = await rig.payment(capture=capture)
        await rig.confirm(payment)
        await rig.capture(payment)
        assert isinstance(await rig.cancel(payment), Captured)
        assert isinstance(await rig.look_up(payment), Captured)
        assert rig.moved(payment) == [1_000]


async def test_r22_a_cancel_races_a_confirm(rig: Rig) -> None:
    """Whoever comes first, both in the end are told the same, and the books agree with it."""
    for _ in range(10):
        payment = await rig.payment(capture="automatic")
        await asyncio.gather(rig.confirm(payment), rig.cancel(payment))
        end = await rig.look_up(payment)
        assert isinstance(end, Captured | Canceled)
        assert await rig.confirm(payment) == await rig.cancel(payment) == end
        assert rig.moved(payment) == ([1_000] if isinstance(end, Captured) else [])


async def test_r22_a_cancel_stops_a_confirm_that_is_under_way(rig: Rig) -> None:
    """The bank takes its time; what was cancelled meanwhile is not taken, or was taken before."""
    payment = await rig.payment("slow", capture="automatic")
    confirming = asyncio.create_task(rig.confirm(payment))
    await rig.look_up(payment)
    fence = await rig.cancel(payment)
    answer = await confirming
    assert isinstance(fence, Canceled | Captured)
    assert isinstance(answer, type(fence) | Unknown)
    assert await rig.look_up(payment) == fence
    assert rig.moved(payment) == ([] if isinstance(fence, Canceled) else [1_000])


@pytest.mark.parametrize(("card", "hard"), [("soft", False), ("hard", True), ("expired", True)])
async def test_r29_a_decline_is_a_value_soft_or_hard(rig: Rig, card: Card, hard: bool) -> None:
    """It takes nothing, may be confirmed again, and is closed by a cancel."""
    payment = await rig.payment(card, capture="automatic")
    declined = await rig.confirm(payment)
    assert isinstance(declined, Declined)
    assert declined.hard is hard and declined.code
    assert await rig.look_up(payment) == declined
    assert await rig.confirm(payment) == declined
    closed = Canceled(payment_id=payment, declined=declined)
    assert await rig.cancel(payment) == closed, "whoever heard no answer before hears it now"
    assert await rig.confirm(payment) == closed
    assert rig.moved(payment) == []


async def test_r29_authentication_is_asked_for_and_takes_nothing(rig: Rig) -> None:
    """The owner is not there: nothing is taken, and a cancel ends it."""
    payment = await rig.payment("authenticate", capture="automatic")
    assert await rig.confirm(payment) == NeedsAuthentication(payment_id=payment)
    assert await rig.look_up(payment) == NeedsAuthentication(payment_id=payment)
    assert await rig.cancel(payment) == Canceled(payment_id=payment)
    assert rig.moved(payment) == []


async def test_r17_a_hold_whose_capture_is_declined_takes_nothing(rig: Rig) -> None:
    """A hold is a promise that may be broken: that is a decline as well."""
    payment = await rig.payment("no_capture")
    assert isinstance(await rig.confirm(payment), Held)
    declined = await rig.capture(payment)
    assert isinstance(declined, Declined)
    assert await rig.cancel(payment) == Canceled(payment_id=payment, declined=declined)
    assert rig.moved(payment) == []


async def test_r17_an_expired_hold_is_cancelled(rig: Rig) -> None:
    """Its capture comes too late and takes nothing."""
    payment = await rig.payment()
    await rig.confirm(payment)
    rig.expire_holds()
    assert await rig.capture(payment) == Canceled(payment_id=payment)
    assert await rig.look_up(payment) == Canceled(payment_id=payment)
    assert rig.moved(payment) == []


async def test_r22_a_timeout_is_unknown_and_never_failed(rig: Rig) -> None:
    """The slow card outlasts the caller, who may ask again: Unknown; read back, the money is taken."""
    payment = await rig.payment("slow", capture="automatic")
    own, told = key(), set()
    async with asyncio.timeout(SOON_S):
        while isinstance(seen := await rig.look_up(payment), Created):
            told.add(type(await rig.confirm(payment, own, by=rig.impatient)))
    assert Unknown in told
    assert isinstance(seen, Captured)
    assert await rig.confirm(payment, own) == seen
    assert rig.moved(payment) == [1_000]


@pytest.mark.parametrize(("card", "taken"), [("lost_reply", [1_000]), ("lost_request", [])])
async def test_r22_a_lost_confirm_is_unknown_and_read_back(
    rig: Rig, card: Card, taken: list[int]
) -> None:
    """After its effect or before it: the caller cannot tell, the read-back can."""
    payment = await rig.payment(card, capture="automatic")
    assert isinstance(await rig.confirm(payment), Unknown)
    assert rig.moved(payment) == taken
    assert isinstance(await rig.look_up(payment), Captured if taken else Created)
    assert isinstance(await rig.cancel(payment), Captured if taken else Canceled)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("verb", ["capture", "cancel", "refund"])
async def test_r22_a_lost_call_is_sent_again_under_its_key(rig: Rig, verb: str, when: When) -> None:
    """Unknown first; the same request with the same key then has one effect in all."""
    payment, own = await rig.payment(), key()
    await rig.confirm(payment)
    if verb == "refund":
        await rig.capture(payment)

    async def ask() -> object:
        if verb == "capture":
            return await rig.capture(payment, 1_000, own)
        return await (
            rig.cancel(payment, own) if verb == "cancel" else rig.refund(payment, 300, own)
        )

    rig.lose(verb, when)
    assert isinstance(await ask(), Unknown)
    assert isinstance(await ask(), Captured | Canceled | Refunded)
    expected = {"capture": [1_000], "cancel": [], "refund": [1_000, -300]}
    assert rig.moved(payment) == expected[verb]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_r22_a_lost_create_is_found_by_its_reference(rig: Rig, when: When) -> None:
    """The key finds the same payment again, and so does our reference."""
    own, reference = key(), key()
    await rig.method("good")
    rig.lose("create", when)
    lost = await rig.create(idempotency_key=own, reference=reference)
    assert isinstance(lost, Unknown)
    found = await rig.gateway.find(account_ref=rig.account_ref, reference=reference)
    assert isinstance(found, tuple) and len(found) == (when == "after")
    again = await rig.create(idempotency_key=own, reference=reference)
    assert isinstance(again, Created)
    assert await rig.gateway.find(account_ref=rig.account_ref, reference=reference) == (
        again.payment_id,
    )


async def test_r22_find_is_exact(rig: Rig) -> None:
    """Payments of one reference and one account, oldest first; none for another; any text."""
    for reference in (key(), f"{key()} &reference=x#%"):
        first = await rig.payment(reference=reference)
        second = await rig.payment(reference=reference)
        await rig.payment(reference=f"{reference}-other")
        await rig.payment(reference=reference, account_ref=rig.other_ref)
        found = await rig.gateway.find(account_ref=rig.account_ref, reference=reference)
        assert found == (first, second)
    assert await rig.gateway.find(account_ref=rig.account_ref, reference=key()) == ()


async def test_r22_one_key_has_one_effect(rig: Rig) -> None:
    """The same request again is answered as it was; with other values it is refused."""
    own, reference = key(), key()
    first = await rig.create(idempotency_key=own, reference=reference)
    assert await rig.create(idempotency_key=own, reference=reference) == first
    other = await rig.create(idempotency_key=own, reference=reference, amount_minor=1_100)
    assert isinstance(other, Refused)
    assert isinstance(first, Created)
    await rig.confirm(first.payment_id)
    own = key()
    taken = await rig.capture(first.payment_id, 900, own)
    assert await rig.capture(first.payment_id, 900, own) == taken
    assert isinstance(await rig.capture(first.payment_id, 800, own), Refused)
    own = key()
    back = await rig.refund(first.payment_id, 100, own)
    assert await rig.refund(first.payment_id, 100, own) == back
    assert isinstance(await rig.refund(first.payment_id, 200, own), Refused)
    assert rig.moved(first.payment_id) == [900, -100]


async def test_r22_a_key_belongs_to_one_payment_and_one_account(rig: Rig) -> None:
    """Not to be used for another payment; another account may use the same text."""
    one, two, own = await rig.payment(), await rig.payment(), key()
    assert isinstance(await rig.confirm(one, own), Held)
    assert isinstance(await rig.confirm(two, own), Refused)
    assert isinstance(await rig.look_up(two), Created)
    elsewhere = await rig.payment(idempotency_key=own, account_ref=rig.other_ref)
    assert elsewhere not in (one, two)


async def test_r25_refunds_never_pass_what_was_captured(rig: Rig) -> None:
    """In parts, with their total; too much, nothing, or before the capture: refused."""
    payment = await rig.payment()
    await rig.confirm(payment)
    assert isinstance(await rig.refund(payment, 100), Refused)
    await rig.capture(payment)
    for amount, total in ((300, 300), (700, 1_000)):
        back = await rig.refund(payment, amount)
        assert isinstance(back, Refunded)
        assert (back.amount_minor, back.total_minor) == (amount, total)
        for wrong in (1_001 - total, 0):
            assert isinstance(await rig.refund(payment, wrong), Refused)
    seen = await rig.look_up(payment)
    assert isinstance(seen, Captured)
    assert (seen.amount_minor, seen.refunded_minor) == (1_000, 1_000)
    assert rig.moved(payment) == [1_000, -300, -700]


async def test_r45_accounts_know_nothing_of_each_other(rig: Rig) -> None:
    """Another account's payment and card are not there, by any verb."""
    payment = await rig.payment(account_ref=rig.other_ref)
    for answer in (
        await rig.look_up(payment),
        await rig.confirm(payment),
        await rig.capture(payment),
        await rig.cancel(payment),
        await rig.refund(payment, 1),
    ):
        assert answer == NotFound()
    theirs = await rig.method("good", rig.other_ref)
    assert isinstance(await rig.create(method=theirs), Refused)
    gone = await rig.gateway.remove_method(account_ref=rig.account_ref, method_id=theirs.method_id)
    assert gone == NotFound()
    seen = await rig.gateway.look_up(account_ref=rig.other_ref, payment_id=payment)
    assert seen == Created(payment_id=payment)


async def test_r26_amounts_below_the_minimum_are_refused(rig: Rig) -> None:
    """The port says the minimum of each currency, and the gateway means it, decimals or none."""
    for currency in ("USD", "JPY", "KWD"):
        least = rig.gateway.minimum_minor(currency)
        assert least > 1
        small = await rig.create(currency=currency, amount_minor=least - 1)
        assert isinstance(small, Refused)
        payment = await rig.payment(currency=currency, amount_minor=least, capture="automatic")
        done = Captured(payment_id=payment, amount_minor=least, currency=currency)
        assert await rig.confirm(payment) == done


async def test_r27_cards_are_saved_once_recognised_and_removed(rig: Rig) -> None:
    """One card one fingerprint; a second card of the same customer; a removed one is dead."""
    first = await rig.method("good")
    assert first.last4.isdigit() and len(first.last4) == 4
    again = await rig.gateway.save_method(
        account_ref=rig.account_ref, customer_id=first.customer_id, token=rig.cards["good"]
    )
    assert isinstance(again, SavedMethod)
    assert again.customer_id == first.customer_id
    assert again.fingerprint == first.fingerprint
    assert (await rig.method("soft")).fingerprint != first.fingerprint
    bad = await rig.gateway.save_method(
        account_ref=rig.account_ref, customer_id=None, token="tok_nonsense"
    )
    assert isinstance(bad, MethodRefused)
    before = await rig.payment(method=again, capture="automatic")
    removed = await rig.gateway.remove_method(
        account_ref=rig.account_ref, method_id=again.method_id
    )
    assert removed == Removed(method_id=again.method_id)
    assert not isinstance(await rig.confirm(before), Captured | Held)
    assert isinstance(await rig.create(method=again), Refused)
    assert rig.moved(before) == []


async def test_r22_what_is_not_there_is_not_found(rig: Rig) -> None:
    """An id that was never given out, by any verb."""
    for answer in (
        await rig.look_up("pay_nothing"),
        await rig.confirm("pay_nothing"),
        await rig.capture("pay_nothing"),
        await rig.cancel("pay_nothing"),
        await rig.refund("pay_nothing", 1),
    ):
        assert answer == NotFound()


async def test_r22_nobody_there_is_an_outage_and_not_a_decline(rig: Rig) -> None:
    """No connection was made: provably nothing happened, said as a value."""
    method = await rig.method("good")
    assert isinstance(await rig.create(by=rig.nobody, method=method), Unreachable)
    assert isinstance(await rig.confirm("pay_nothing", by=rig.nobody), Unreachable)
    saved = await rig.nobody.save_method(
        account_ref=rig.account_ref, customer_id=None, token=rig.cards["good"]
    )
    assert isinstance(saved, Unreachable)


async def test_r21_no_call_leaves_while_a_transaction_is_open(rig: Rig, db: Database) -> None:
    """Every verb that goes out refuses before its first byte."""
    payment = await rig.payment()
    method = await rig.method("good")
    async with db.transaction():
        for call in (
            rig.create(method=method),
            rig.confirm(payment),
            rig.capture(payment),
            rig.cancel(payment),
            rig.refund(payment, 1),
            rig.look_up(payment),
            rig.gateway.find(account_ref=rig.account_ref, reference="x"),
            rig.gateway.save_method(account_ref="a", customer_id=None, token="t"),
            rig.gateway.remove_method(account_ref="a", method_id="m"),
        ):
            with pytest.raises(NetworkInTransaction):
                await call
    assert await rig.look_up(payment) == Created(payment_id=payment)
