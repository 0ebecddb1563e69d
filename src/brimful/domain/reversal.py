"""Bringing the credits of a line to what its refunds and disputes ask for, from where they are (R25)."""

from dataclasses import dataclass, replace

from brimful.domain.refunds import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class LotState:
    """The credits of a line's lot: ``free`` (settled), ``frozen`` and ``taken`` by reversals, and
    given back ``otherwise``, as when its account was closed; ``lapsed`` with that account (R46)."""

    free: int
    frozen: int
    taken: int
    otherwise: int
    lapsed: int = 0

    @property
    def unspent(self) -> int:
        """What can be taken back, what was taken already included. What is reserved for somebody
        stays his (R17)."""
        return self.free + self.frozen + self.taken + self.otherwise + self.lapsed


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What to do with the credits of a lot, in this order, and what cannot be done.

    ``missing`` were to be taken and are used; ``unfrozen`` were to be set aside and are used;
    ``owed`` are due back to the buyer and not there at the seller.
    """

    take_frozen: int
    take_free: int
    freeze: int
    missing: int
    unfrozen: int
    owed: int


def to_restore(lot: LotState, asked: Wanted) -> int:
    """The credits that were taken and are to be given to the buyer again: a refund has failed, or a
    dispute was won after it was lost. What the account gave back otherwise since does not make up for
    them: nothing comes back before less is asked for than was taken."""
    return max(0, lot.taken - asked.take)


def change(lot: LotState, asked: Wanted, let_go: int = 0) -> Change:
    """Take and set aside what is asked, as far as it is there; ``freeze`` is negative to set free.

    What was set aside is taken first. What the account gave back otherwise counts as taken, beside what
    was taken already. Of what is missing the seller has ``let_go`` so many credits: these are not taken
    when they come free. What lapsed with the account was not used, and is not missing; what is there yet
    goes to the seller before it.
    """
    take = max(asked.take - lot.otherwise, min(lot.taken, asked.take))
    freeze = max(0, asked.take + asked.freeze - lot.otherwise - take)
    lacking = max(0, take - lot.taken)
    due = max(0, lacking - let_go)
    take_frozen = min(due, lot.frozen)
    take_free = min(due - take_frozen, lot.free)
    frozen = lot.frozen - take_frozen
    more = min(freeze - frozen, lot.free - take_free)
    what = Change(
        take_frozen=take_frozen,
        take_free=take_free,
        freeze=more,
        missing=lacking - take_frozen - take_free,
        unfrozen=freeze - frozen - more,
        owed=max(0, lot.taken - take),
    )
    return _without(what, lot.lapsed)


def _without(what: Change, lapsed: int) -> Change:
    missing = max(0, what.missing - lapsed)
    left = lapsed - (what.missing - missing)
    return replace(what, missing=missing, unfrozen=max(0, what.unfrozen - left))
