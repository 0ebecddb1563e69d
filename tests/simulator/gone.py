"""Of what was paid for a plan, what may have gone back when it was changed, for the auditor (R17, R25)."""

from collections.abc import Iterable, Iterator
from itertools import product

from tests.simulator.paid import Paid
from tests.simulator.world import Offered

# Of a payment that went back: what of it was for the plan, and the payment.
Gone = tuple[int, Paid]


def may_be_back(one: Paid) -> bool:
    """Whether what was paid for a plan may all have gone back, at some time."""
    return one.kind in ("plan", "change") and one.back_most >= one.net


def may_begin(one: Paid, mine: Iterable[Paid]) -> bool:
    """Whether a plan may have begun anew with a change, since money for it may have gone back."""
    is_change = one.ask is not None and one.ask.verb == "change"
    return is_change and any(may_be_back(p) for p in mine if p is not one)


def ways_back(
    one: Paid, mine: Iterable[Paid], shelf: Iterable[Offered]
) -> Iterator[tuple[Gone, ...]]:
    """What may have gone back of a period's payments when one of its payer changed the plan: any of those
    before that may have, from one on with which the period began. That may have paid for chatbots as
    well, which do not count."""
    plans = [p for p in mine if p.kind in ("plan", "change") and p is not one]
    for number, first in enumerate(plans):
        offers = [o for o in shelf if o.kind == "plan" and o.credits == first.credits]
        for begun in {first.amount, *(price for offer in offers for price in offer.prices)}:
            paid = [(begun, first), *((p.amount, p) for p in plans[number + 1 :])]
            picks = product(*([False, True] if may_be_back(p) else [False] for _, p in paid))
            for pick in picks:
                gone = tuple(one for one, is_gone in zip(paid, pick, strict=True) if is_gone)
                if gone:
                    yield gone
