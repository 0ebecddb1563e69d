"""Of what was paid for a plan, which parts may have been kept when it was changed, for the auditor (R17, R25)."""

from collections.abc import Iterable
from fractions import Fraction
from itertools import product

from tests.simulator.paid import Paid
from tests.simulator.world import Offered


def may_be_back(one: Paid) -> bool:
    """Whether what was paid for a plan may all have gone back, at some time."""
    return one.kind in ("plan", "change") and one.back_most >= one.net


def may_begin(one: Paid, mine: Iterable[Paid]) -> bool:
    """Whether a plan may have begun anew with a change, since money for it may have gone back."""
    is_change = one.ask is not None and one.ask.verb == "change"
    return is_change and any(may_be_back(p) for p in mine if p is not one)


def parts_kept(one: Paid, mine: Iterable[Paid], shelf: Iterable[Offered]) -> set[Fraction]:
    """The parts of a period's payments that may have been kept when one of its payer changed the plan:
    of some of the payments before, the last ones, without those that may have gone back. The first may
    have paid for chatbots as well, which do not count."""
    plans = [p for p in mine if p.kind in ("plan", "change") and p is not one]
    found = set()
    for number, first in enumerate(plans):
        offers = [o for o in shelf if o.kind == "plan" and o.credits == first.credits]
        for begun in {first.amount, *(price for offer in offers for price in offer.prices)}:
            amounts = [begun, *(p.amount for p in plans[number + 1 :])]
            ways = product(*([False, True] if may_be_back(p) else [False] for p in plans[number:]))
            for gone in ways:
                kept = sum(
                    amount for amount, is_gone in zip(amounts, gone, strict=True) if not is_gone
                )
                found.add(Fraction(kept, sum(amounts)))
    return found - {Fraction(1)}
