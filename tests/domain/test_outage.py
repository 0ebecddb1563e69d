"""R29: how an outage of a gateway is noticed, asked after, and told as one."""

from datetime import timedelta

from brimful.domain.outage import PAUSES, SAME_WITHIN, Outage, episode, without_answer
from tests.domain.makers import AT

SECOND = timedelta(seconds=1)


def test_r29_each_purchase_without_an_answer_makes_the_pause_longer() -> None:
    """The first leads to no pause at all; from the sixth on it is five minutes."""
    outage, at, pauses = None, AT, []
    for _ in range(8):
        outage = without_answer(outage, at, at + SECOND)
        pauses.append(outage.until_at - outage.noted_at)
        at = outage.until_at + SECOND
    assert pauses == [*PAUSES, PAUSES[-1], PAUSES[-1]]
    assert pauses[0] == timedelta(0) and pauses[-1] == timedelta(minutes=5)
    assert outage is not None and outage.since_at == AT + SECOND


def test_r29_purchases_under_way_together_find_out_the_same() -> None:
    """Planned before the first of them was known: nothing changes."""
    first = without_answer(None, AT, AT + SECOND)
    assert without_answer(first, AT, AT + 2 * SECOND) == first
    assert without_answer(first, AT + SECOND, AT + 2 * SECOND) == first
    assert without_answer(first, AT + 2 * SECOND, AT + 3 * SECOND).tries == 2


def test_r42_an_outage_with_a_short_break_is_one_to_its_owners() -> None:
    """Within an hour of its end it is the same, later another."""
    over = Outage(since_at=AT, tries=4, noted_at=AT, until_at=AT, ended_at=AT + SECOND)
    soon, late = AT + SAME_WITHIN, AT + SAME_WITHIN + 2 * SECOND
    again, other = without_answer(over, soon, soon), without_answer(over, late, late)
    assert (again.since_at, again.tries, again.ended_at) == (AT, 5, None)
    assert (other.since_at, other.tries) == (late, 1)
    just = AT + SECOND + SAME_WITHIN
    assert without_answer(over, just, just).since_at == AT
    assert episode(again.since_at) == episode(over.since_at) != episode(other.since_at)
