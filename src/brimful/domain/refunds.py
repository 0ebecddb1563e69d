"""What refunds and disputes of a charge mean for the credits that it paid for (R25).

Everything follows from the *set* of what the gateway said: states only move forward, amounts add up,
and for each line the credits to be taken back or set aside are counted from the sums. So facts may come
in any order and any number of times. Money is in minor units, credits are whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Literal

from brimful.domain.payment import DisputeState

RefundStage = Literal["requested", "refused", "pending", "succeeded", "canceled", "failed"]

# How far each is: a later state of the same refund or dispute takes the place of an earlier one,
# never the other way round. A refund can fail after it succeeded, a dispute be won after it was lost.
_REFUND_RANKS: Mapping[RefundStage, int] = {
    "requested": 0,
    "refused": 0,
    "pending": 1,
    "succeeded": 2,
    "canceled": 3,
    "failed": 3,
}
_DISPUTE_RANKS: Mapping[DisputeState, int] = {"inquiry": 0, "open": 1, "lost": 2, "won": 3}


def refund_moves(known: RefundStage, told: RefundStage) -> bool:
    """Whether what is told of a refund is later than what is known of it."""
    return _REFUND_RANKS[told] > _REFUND_RANKS[known]


def dispute_moves(known: DisputeState, told: DisputeState) -> bool:
    """Whether what is told of a dispute is later than what is known of it: won is the last word."""
    return _DISPUTE_RANKS[told] > _DISPUTE_RANKS[known]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidLine:
    """The credits of one line of a charge and the part of its price that they carry (of a plan, not
    what its chatbots cost)."""

    line: int
    credits: int
    price_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A refund of a charge: of one line's credits, or (``line`` None) of all that was charged."""

    amount_minor: int
    state: RefundStage
    line: int | None = None

    @property
    def given(self) -> bool:
        """The money has gone back."""
        return self.state == "succeeded"

    @property
    def under_way(self) -> bool:
        """The money may go back yet: nobody may spend what it would take."""
        return self.state in ("requested", "pending")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A dispute of a charge."""

    amount_minor: int
    state: DisputeState


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of one line: credits to be back at the seller, and beside them credits to be set aside."""

    take: int
    freeze: int


def wanted(
    lines: Sequence[PaidLine],
    charge_minor: int,
    refunds: Sequence[Refund],
    disputes: Sequence[Dispute],
) -> dict[int, Wanted]:
    """What refunds and disputes of a charge of ``charge_minor`` ask of the credits of its lines.

    Refunds that succeeded and disputes that were lost take; refunds under way and open disputes set
    aside; an inquiry moved no money and asks for nothing. Together never more than was charged.
    """
    given = [refund for refund in refunds if refund.given]
    all_refunds = [refund for refund in refunds if refund.given or refund.under_way]
    lost = sum(dispute.amount_minor for dispute in disputes if dispute.state == "lost")
    opened = sum(dispute.amount_minor for dispute in disputes if dispute.state == "open")
    taken = _credits(lines, charge_minor, given, lost)
    gone = _credits(lines, charge_minor, all_refunds, lost + opened)
    return {
        line.line: Wanted(taken[line.line], gone[line.line] - taken[line.line]) for line in lines
    }


def _credits(
    lines: Sequence[PaidLine], charge_minor: int, refunds: Iterable[Refund], disputed_minor: int
) -> dict[int, int]:
    """The credits of each line that some refunds, and disputes of an amount in all, pay back.

    Of a price p of which a was paid back, floor(credits × a ÷ p), once for all that was paid back: so
    that parts which add up to the whole take the whole. What names no line is of every part of the
    charge that others did not name, in proportion.
    """
    named = {line.line: 0 for line in lines}
    unnamed = disputed_minor
    for refund in refunds:
        if refund.line is None:
            unnamed += refund.amount_minor
        else:
            named[refund.line] += refund.amount_minor
    rest = charge_minor - sum(named.values())
    share = Fraction(0) if rest <= 0 else Fraction(min(unnamed, rest), rest)
    return {line.line: _of(line, named[line.line], share) for line in lines}


def _of(line: PaidLine, named_minor: int, share: Fraction) -> int:
    if line.price_minor == 0:
        # It came with something that was paid for, and goes with it.
        return floor(line.credits * share)
    paid_back = named_minor + (line.price_minor - named_minor) * share
    return floor(line.credits * min(paid_back / line.price_minor, Fraction(1)))


def refundable(
    lines: Sequence[PaidLine],
    charge_minor: int,
    refunds: Sequence[Refund],
    unspent: Mapping[int, int],
    line: int | None,
) -> int:
    """The most, in minor units, that can be refunded more, of a line or of all, so that what it takes
    back is unspent. ``unspent`` are the credits of each line that are still there, those that other
    refunds took or set aside included."""
    most = charge_minor - sum(one.amount_minor for one in refunds if one.given or one.under_way)
    if line is not None:
        price = next((one.price_minor for one in lines if one.line == line), 0)
        named = [one for one in refunds if one.line == line and (one.given or one.under_way)]
        most = min(most, price - sum(one.amount_minor for one in named))
    low, high = 0, max(0, most)
    while low < high:
        middle = (low + high + 1) // 2
        more = Refund(amount_minor=middle, state="requested", line=line)
        asked = wanted(lines, charge_minor, [*refunds, more], [])
        if all(one.take + one.freeze <= unspent[key] for key, one in asked.items()):
            low = middle
        else:
            high = middle - 1
    return low
