"""Credit leases: holds that a client spends by itself, and reports (R2, R39).

What its client has reported is charged; at the end of its time so is all that was not returned, if its client
was ever told of it. So whatever a client spends of it is paid for, reported or not, and never more than it was
given.
"""

from datetime import datetime, timedelta

from brimful.domain.holding import Change, CreditHold
from brimful.domain.reason import Reason, Refuse

# So many seconds it lasts unless said otherwise, and at most at a time: what a client that crashes may
# have to pay for, though it did not use it, is bounded by this and by the size of the block.
LEASE_S = 60
LEASE_S_MAX = 3_600
# However often it is made to last longer: the credits that it pins cannot lapse meanwhile (R36).
LASTS_AT_MOST = timedelta(days=1)


def report(
    hold: CreditHold, credits: int, extend_s: int | None, real_at: datetime
) -> Change | Refuse | None:
    """Charge what was spent of a lease so far, ``credits`` in all, and let it last ``extend_s`` seconds
    from now, if given, within ``LASTS_AT_MOST``; None when it is so already.

    An older report changes nothing: it may come late. More than it was given was never spent rightly,
    and is refused. One whose time is over ends as by ``expire``.
    """
    ended = _ended(hold, credits, real_at)
    if ended is not None:
        return ended
    if hold.state == "captured":
        return None if credits <= hold.captured else _refuse(hold, Reason.hold_captured)
    if credits < hold.captured:
        return None
    ends_at = None
    if extend_s is not None:
        wanted = real_at + timedelta(seconds=extend_s)
        ends_at = min(wanted, hold.placed_real_at + LASTS_AT_MOST)
    if credits == hold.captured and ends_at is None:
        return None
    return Change(captured=credits, state="standing", ends_real_at=ends_at)


def give_back(hold: CreditHold, credits: int, real_at: datetime) -> Change | Refuse | None:
    """End a lease of which ``credits`` were spent in all: the rest is free again. None when it ended
    so before, be it by itself because nobody had been told of it."""
    if hold.leased and hold.state == "expired" and (hold.told, hold.captured) == (False, credits):
        return None
    ended = _ended(hold, credits, real_at)
    if ended is not None:
        return ended
    if hold.state == "captured":
        return None if credits == hold.captured else _refuse(hold, Reason.hold_captured)
    if credits < hold.captured:
        return _refuse(hold, Reason.lease_reported, reported=hold.captured)
    return Change(captured=credits, state="captured")


def _ended(hold: CreditHold, credits: int, real_at: datetime) -> Change | Refuse | None:
    """What is to be said before anything is done: it is no lease, or its time is over, or this is not
    what was spent of it."""
    if not hold.leased:
        return _refuse(hold, Reason.not_leased)
    if hold.state == "expired":
        return _refuse(hold, Reason.hold_expired, captured=hold.captured)
    if hold.is_over(real_at):
        refusal = _refuse(hold, Reason.hold_expired, captured=hold.charged_at_end)
        return Change(captured=hold.charged_at_end, state="expired", refusal=refusal)
    if credits > hold.credits:
        return _refuse(hold, Reason.lease_exceeded, leased=hold.credits)
    return None


def _refuse(hold: CreditHold, reason: Reason, **detail: int) -> Refuse:
    return Refuse(reason=reason, account_id=hold.account_id, detail=detail)
