"""Faulty designs, one fault each, that the model must find: without them "no violation" says nothing."""

from dataclasses import dataclass, fields, replace

from models.design import OURS, Design
from models.wrong import (
    BY_A_MOVE,
    DOUBLE,
    FOR_NOTHING,
    GRANTED_TWICE,
    NEVER_ENDS,
    NOT_RESERVED,
    SENT_TOO_LATE,
    SERVED_AFTER_PENDING,
    SPENT_CAP,
    TAKEN_AND_GIVEN_BACK,
    TWICE_FOR_ONE,
    TWO_OPEN,
    UNPAID,
    WAITS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """A faulty design: what it does, against which rule, the scene and the number of accidents that
    show it, and what is then wrong."""

    name: str
    about: str
    rule: str
    scene: str
    budget: int
    found_as: str

    @property
    def design(self) -> Design:
        """Ours but for this fault."""
        return replace(OURS, **{self.name: True})


SEEDED = (
    Seeded(
        name="capture_first",
        about="the client is charged before the agency's stock is secured",
        rule="R17",
        scene="pair",
        budget=1,
        found_as=BY_A_MOVE[TAKEN_AND_GIVEN_BACK],
    ),
    Seeded(
        name="no_cancel",
        about="failure is recorded without cancelling the payment",
        rule="R22",
        scene="one",
        budget=2,
        found_as=FOR_NOTHING,
    ),
    Seeded(
        name="same_key_after_a_day",
        about="one call creates and charges, sent again at any age",
        rule="R22",
        scene="alone",
        budget=2,
        found_as=DOUBLE,
    ),
    Seeded(
        name="no_23_hour_rule",
        about="a request for money is sent again however old it is",
        rule="R22",
        scene="one",
        budget=2,
        found_as=BY_A_MOVE[SENT_TOO_LATE],
    ),
    Seeded(
        name="id_not_stored",
        about="a payment is confirmed before its id is stored",
        rule="R22",
        scene="one",
        budget=1,
        found_as=FOR_NOTHING,
    ),
    Seeded(
        name="grant_per_event",
        about="a grant is known by its event, not by its payment",
        rule="R23",
        scene="one",
        budget=0,
        found_as=GRANTED_TWICE,
    ),
    Seeded(
        name="grant_without_reservation",
        about="the grant reserves in a later transaction",
        rule="R17",
        scene="cascade",
        budget=0,
        found_as=TWICE_FOR_ONE,
    ),
    Seeded(
        name="grant_at_hold",
        about="credits are granted when the card is held",
        rule="R17",
        scene="pair",
        budget=0,
        found_as=UNPAID,
    ),
    Seeded(
        name="timeout_is_failure",
        about="no answer is taken for a failure",
        rule="R22",
        scene="one",
        budget=1,
        found_as=FOR_NOTHING,
    ),
    Seeded(
        name="cap_outside",
        about="the cap is checked before the transaction of the intent",
        rule="R28",
        scene="capped",
        budget=0,
        found_as=SPENT_CAP,
    ),
    Seeded(
        name="no_single_flight",
        about="two auto-billings of an account may be open",
        rule="R19",
        scene="one",
        budget=0,
        found_as=TWO_OPEN,
    ),
    Seeded(
        name="no_compare_and_set",
        about="a caller hears pending, its spend is not marked",
        rule="R20",
        scene="one",
        budget=0,
        found_as=BY_A_MOVE[SERVED_AFTER_PENDING],
    ),
    Seeded(
        name="capture_not_committed",
        about="the capture is called before its beginning is committed",
        rule="R17",
        scene="pair",
        budget=0,
        found_as=BY_A_MOVE[TAKEN_AND_GIVEN_BACK],
    ),
    Seeded(
        name="returned_at_decline",
        about="a decline gives the reservation back, not the cancellation",
        rule="R17",
        scene="stocked",
        budget=2,
        found_as=BY_A_MOVE[NOT_RESERVED],
    ),
    Seeded(
        name="intent_reserves_nothing",
        about="a client is charged on stock that is only seen",
        rule="R21",
        scene="stocked",
        budget=0,
        found_as=BY_A_MOVE[NOT_RESERVED],
    ),
    Seeded(
        name="waits_for_webhook",
        about="after no answer nobody asks again, a webhook will tell",
        rule="R24",
        scene="one",
        budget=1,
        found_as=WAITS,
    ),
    Seeded(
        name="expiry_ignored",
        about="a hold that ran out is captured again and again",
        rule="R24",
        scene="held",
        budget=1,
        found_as=NEVER_ENDS,
    ),
    Seeded(
        name="refund_though_secured",
        about="what was taken while being cancelled is refunded, its stock there",
        rule="R17",
        scene="held",
        budget=2,
        found_as=BY_A_MOVE[TAKEN_AND_GIVEN_BACK],
    ),
)
assert {one.name for one in SEEDED} == {field.name for field in fields(Design)}
