"""Comparing a gateway's payments with our charges (R24)."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any, get_args
from uuid import UUID

import pytest

from brimful.domain.payment_record import PaymentRecord, RecordState
from brimful.domain.reconciling import (
    Difference,
    OurCharge,
    Repair,
    Trouble,
    compare,
)

AT = datetime(2027, 1, 31, 9, tzinfo=UTC)
CHARGE, OTHER = UUID("0190abcd-0000-7000-8000-00000000000a"), UUID(int=8)


def charge(
    state: str = "captured",
    *,
    ended: bool = True,
    payment_id: str | None = "pay_1",
    refunded_minor: int = 0,
    disputes: tuple[str, ...] = (),
) -> OurCharge:
    return OurCharge(
        tenant_id=UUID(int=1),
        purchase_id=UUID(int=2),
        charge_id=CHARGE,
        payment_id=payment_id,
        amount_minor=1_000,
        refunded_minor=refunded_minor,
        currency="USD",
        state=state,
        ended=ended,
        created_at=AT,
        disputes=disputes,
    )


def record(
    state: RecordState | None = "captured",
    *,
    payment_id: str = "pay_1",
    reference: str | None = str(CHARGE),
    captured_minor: int | None = None,
    refunded_minor: int = 0,
    currency: str = "USD",
) -> PaymentRecord:
    taken = 1_000 if state == "captured" else 0
    return PaymentRecord(
        payment_id=payment_id,
        reference=reference,
        metadata={},
        created_at=AT,
        amount_minor=1_000,
        currency=currency,
        state=state,
        captured_minor=taken if captured_minor is None else captured_minor,
        refunded_minor=refunded_minor,
    )


def found(ours: list[OurCharge], theirs: list[PaymentRecord]) -> list[Difference]:
    return list(compare(ours, theirs, expected=frozenset(one.charge_id for one in ours)))


def verdicts(ours: list[OurCharge], theirs: list[PaymentRecord]) -> list[Repair | Trouble]:
    return [difference.verdict for difference in found(ours, theirs)]


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        # What agrees.
        (charge(), record(), None),
        (charge("refunded", refunded_minor=1_000), record(refunded_minor=1_000), None),
        (charge("canceled"), record("canceled"), None),
        (charge("canceled"), record(refunded_minor=1_000), None),
        # What is under way is left to whoever drives it.
        (charge("open", ended=False), record("created"), None),
        (charge("held", ended=False), record("held"), None),
        (charge(), record(None, captured_minor=0), None),
        # What ended at the gateway is recorded; what nobody waits for is cancelled.
        (charge("open", ended=False), record(), Repair.record),
        (charge("open", ended=False), record("declined"), Repair.record),
        (charge("held", ended=False), record("canceled"), Repair.record),
        (charge(), record(refunded_minor=300), Repair.record),
        (charge("canceled"), record("created"), Repair.cancel),
        (charge("canceled"), record("held"), Repair.cancel),
        (charge("canceled"), record("declined"), Repair.cancel),
        (charge("canceled"), record("needs_authentication"), Repair.cancel),
        # Money that bought nothing, and the reverse.
        (charge("canceled"), record(), Trouble.captured_without_grant),
        (charge("canceled"), record(refunded_minor=999), Trouble.captured_without_grant),
        (charge(), record("held"), Trouble.not_captured),
        (charge(), record("canceled"), Trouble.not_captured),
        (charge(), record(captured_minor=999), Trouble.amount_differs),
        (charge(), record(currency="EUR"), Trouble.amount_differs),
        (charge("held"), record(captured_minor=999), Trouble.amount_differs),
        # Its seller captured a part of a hold, or edited it: it is given back, and then nothing is left.
        (charge("held", ended=False), record(captured_minor=1), Repair.record),
        (charge("open", ended=False), record(captured_minor=1_001), Repair.record),
        (charge("open", ended=False), record(currency="EUR"), Repair.record),
        (
            charge("refunded", refunded_minor=1_000),
            record(captured_minor=1, refunded_minor=1),
            None,
        ),
        (
            charge("refunded", refunded_minor=1_000),
            record(captured_minor=2, refunded_minor=1),
            Trouble.amount_differs,
        ),
    ],
)
def test_r24_each_difference_has_its_verdict(
    ours: OurCharge, theirs: PaymentRecord, verdict: Repair | Trouble | None
) -> None:
    """Which names the charge, the payment and what the gateway has of it."""
    differs = Difference(verdict=verdict, charge=ours, payment_id="pay_1", theirs=theirs)  # type: ignore[arg-type]
    assert found([ours], [theirs]) == ([] if verdict is None else [differs])


def test_r24_a_second_payment_of_one_charge_is_cancelled_or_told() -> None:
    second: dict[str, Any] = {"payment_id": "pay_2"}
    assert verdicts([charge()], [record(), record("created", **second)]) == [Repair.cancel]
    assert verdicts([charge()], [record(), record("held", **second)]) == [Repair.cancel]
    assert verdicts([charge()], [record(), record(**second)]) == [Trouble.captured_twice]
    [difference] = found([charge()], [record(), record(**second)])
    assert (difference.charge, difference.payment_id) == (charge(), "pay_2")
    assert difference.theirs == record(**second)
    given_back = record(**second, refunded_minor=1_000)
    assert verdicts([charge()], [record(), given_back]) == []


def test_r24_a_payment_whose_id_we_may_still_learn_is_left_alone() -> None:
    under_way = charge("open", ended=False, payment_id=None)
    assert verdicts([under_way], [record("created")]) == []
    failed = charge("canceled", payment_id=None)
    assert verdicts([failed], [record("created")]) == [Repair.cancel]


def test_r24_payments_of_a_charge_that_we_do_not_know_are_for_a_person() -> None:
    assert verdicts([], [record()]) == [Trouble.captured_unknown]
    assert verdicts([], [record("held")]) == [Trouble.open_unknown]
    assert verdicts([], [record(refunded_minor=1_000)]) == []
    assert verdicts([], [record("canceled"), record("created"), record("declined")]) == []
    [difference] = found([], [record()])
    assert (difference.charge, difference.payment_id) == (None, "pay_1")
    assert difference.theirs == record()


def test_r24_every_payment_of_a_list_is_looked_at() -> None:
    """Whatever those before it are: another's, one of a charge we do not know, or one that agrees."""
    strange = [record(reference=None), record(reference=str(OTHER), payment_id="pay_3")]
    unknown = record(reference=str(UUID(int=9)), payment_id="pay_4")
    told = verdicts([charge()], [*strange, unknown, record("canceled")])
    assert told == [Trouble.captured_unknown, Trouble.captured_unknown, Trouble.not_captured]


@pytest.mark.parametrize("reference", [None, "", "order 17", str(CHARGE).upper(), CHARGE.hex])
def test_r45_payments_of_others_are_none_of_our_business(reference: str | None) -> None:
    assert verdicts([], [record(reference=reference)]) == []


def test_r24_what_the_gateway_does_not_list_is_asked_for() -> None:
    missing = Difference(verdict=Repair.record, charge=charge(), payment_id="pay_1", theirs=None)
    assert found([charge()], []) == [missing]
    assert verdicts([charge("held", ended=False)], []) == [Repair.record]
    assert verdicts([charge("canceled")], []) == []
    assert verdicts([charge("open", ended=False, payment_id=None)], []) == []
    assert compare([charge()], [], expected=frozenset({OTHER})) == ()


def test_r24_no_pair_of_states_moves_money_on_a_guess() -> None:
    """Nothing is cancelled that we granted for; what was taken is never cancelled; and money that
    bought nothing is always told."""
    states = ("open", "held", "captured", "canceled", "refunded")
    cases = product(states, (True, False), get_args(RecordState))
    for state, ended, theirs in cases:
        if (ended and state in ("open", "held")) or (
            not ended and state in ("captured", "refunded")
        ):
            continue
        refunded_minor = 1_000 if state == "refunded" else 0
        [*told] = verdicts(
            [charge(state, ended=ended, refunded_minor=refunded_minor)], [record(theirs)]
        )
        if state in ("captured", "refunded") or theirs == "captured":
            assert Repair.cancel not in told, (state, ended, theirs)
        if theirs == "captured" and state == "canceled" and ended:
            assert told == [Trouble.captured_without_grant]
        if theirs != "captured" and state in ("captured", "refunded"):
            assert told == [Trouble.not_captured]


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [
        ((), Repair.record),
        (("inquiry",), Repair.look),
        (("open",), Repair.look),
        (("open", "won"), Repair.look),
        (("lost", "won"), Repair.look),
        (("won",), None),
    ],
)
def test_r24_r25_a_dispute_of_which_no_event_told_is_found(
    ours: tuple[str, ...], verdict: Repair | None
) -> None:
    """One never heard of is recorded, one that may move on is looked at again, one that was won is not."""
    disputed = replace(record(), disputed=True)
    found = compare([charge(disputes=ours)], [disputed], expected=frozenset({CHARGE}))
    assert [one.verdict for one in found] == ([] if verdict is None else [verdict])
    quiet = compare([charge(disputes=ours)], [record()], expected=frozenset({CHARGE}))
    open_yet = compare(
        [charge(disputes=ours, ended=False)], [disputed], expected=frozenset({CHARGE})
    )
    assert quiet == open_yet == ()


def test_r17_r24_what_came_back_by_a_dispute_is_only_looked_at() -> None:
    """Nothing was delivered for it and the payer won: the books are right, unless that is undone."""
    disputed = replace(record(), disputed=True)
    ours = charge("refunded", refunded_minor=1_000)
    [found] = compare([ours], [disputed], expected=frozenset({CHARGE}))
    assert found.verdict is Repair.look
