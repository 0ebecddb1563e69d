"""Holds of credits: what may still become of one (R2, R33, R39).

A hold is set aside before the work is done, then captured or released; its time runs on the real clock
(R38), for it guards against a caller that went away, and nothing of a period or a price hangs on it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from brimful.domain.reason import Reason, Refuse

HoldState = Literal["standing", "captured", "released", "expired"]

# So many seconds it stands unless said otherwise, and at most: long enough for a reply that is streamed
# or a job, and no longer than a caller that died may keep credits from others.
HOLD_S = 900
HOLD_S_MAX = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditHold:
    """A hold as it stands: whole credits that were set aside, still are, and were charged. Of a lease:
    whether whoever took it was ``told`` that it has it."""

    hold_id: str
    account_id: str
    leased: bool
    told: bool
    credits: int
    held: int
    captured: int
    state: HoldState
    placed_real_at: datetime
    ends_real_at: datetime

    def is_over(self, real_at: datetime) -> bool:
        """Whether its time has passed, though nobody has ended it yet."""
        return self.state == "standing" and self.ends_real_at <= real_at

    @property
    def charged_at_end(self) -> int:
        """What is charged in all when its time is over: all of a lease, for its client may have spent
        it, but not if nobody ever knew that there is one."""
        return self.credits if self.leased and self.told else self.captured


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of a hold: so many credits are charged of it in all, and its state after that; in
    any but "standing" the rest is free again. ``refusal``: what its caller hears all the same."""

    captured: int
    state: HoldState
    ends_real_at: datetime | None = None
    refusal: Refuse | None = None

    def frees(self, hold: CreditHold) -> bool:
        """Whether anything of what the hold held is free after it."""
        return self.state != "standing" and self.captured - hold.captured < hold.held


_ENDED = {
    "captured": Reason.hold_captured,
    "released": Reason.hold_released,
    "expired": Reason.hold_expired,
}


def capture(
    hold: CreditHold, credits: int, beside: int, real_at: datetime
) -> Change | Refuse | None:
    """Charge ``credits`` and let the rest go; None when just that was done before.

    More than is held is taken from what is free ``beside`` it, the overdraft included (R33); if that is
    not enough the hold stays as it is. One whose time is over is ended instead.
    """
    if hold.leased:
        return _refuse(hold, Reason.hold_leased)
    if hold.state == "captured" and hold.captured == credits:
        return None
    if hold.state != "standing":
        return _refuse(hold, _ENDED[hold.state])
    if hold.is_over(real_at):
        return _over(hold)
    if credits > hold.held + beside:
        return _refuse(hold, Reason.capture_too_large, credits=credits, held=hold.held)
    return Change(captured=credits, state="captured")


def release(hold: CreditHold, real_at: datetime) -> Change | Refuse | None:
    """Let all of it go; None when nothing of it is held any more, and nothing was charged."""
    if hold.leased:
        return _refuse(hold, Reason.hold_leased)
    if hold.state == "captured":
        return _refuse(hold, Reason.hold_captured)
    if hold.state != "standing":
        return None
    return Change(captured=0, state="expired" if hold.is_over(real_at) else "released")


def expire(hold: CreditHold, real_at: datetime) -> Change | None:
    """End a hold whose time is over: it is let go, a credit lease that somebody was told of charged
    whole. None for any other."""
    if not hold.is_over(real_at):
        return None
    return Change(captured=hold.charged_at_end, state="expired")


def _over(hold: CreditHold) -> Change:
    refusal = _refuse(hold, Reason.hold_expired)
    return Change(captured=hold.captured, state="expired", refusal=refusal)


def _refuse(hold: CreditHold, reason: Reason, **detail: int) -> Refuse:
    return Refuse(reason=reason, account_id=hold.account_id, detail=detail)
