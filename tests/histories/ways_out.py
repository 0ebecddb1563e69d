"""Verbs of owners who want something else: cancel, resume, release, another plan, close (R31, R37, R46)."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from typing import TypeVar

from tests.histories.dates import month, month_of, part
from tests.histories.offers import Offered
from tests.histories.parties import Account, Line, Subscription
from tests.histories.prices import of_kind
from tests.histories.renewing import Renewals

One = TypeVar("One")


class WaysOut(Renewals):
    """What is recorded for the end of a period, and what is done at once."""

    def cancel(self, name: str, number: int) -> bool:
        """One ends with its period, at once if that is over."""
        one = _choose(self.accounts[name].held(), number)
        if one is None:
            return False
        one.cancelled, one.next, one.release = True, None, 0
        if one.period[1] <= self.now:
            one.wake = self.now
        return True

    def resume(self, name: str, number: int) -> bool:
        """One renews as it is."""
        one = _choose(self.accounts[name].held(), number)
        if one is None:
            return False
        one.cancelled, one.next, one.release = False, None, 0
        return True

    def release(self, name: str, number: int, chatbots: int) -> bool:
        """Extra chatbots go at period end."""
        one = _choose(self.accounts[name].held(), number)
        if one is None or one.package.kind != "extra_chatbots" or chatbots > one.chatbots:
            return False
        one.cancelled, one.next, one.release = False, None, chatbots
        return True

    def change_plan(self, name: str, number: int) -> bool:
        """Upward at once for the difference of what is left, downward at period end."""
        account = self.accounts[name]
        one = _choose([had for had in account.held() if had.package.kind == "subscription"], 0)
        wanted = _choose(of_kind(account.above, "subscription"), number)
        if one is None or wanted is None or one.state != "active" or one.due <= self.now:
            return False
        if wanted is not one.package:
            hour = self.now.replace(minute=0, second=0, microsecond=0)
            fewer = wanted.credits < one.credits or wanted.chatbots < one.chatbots
            cheaper = Fraction(wanted.price, wanted.months) < Fraction(one.price, one.months)
            line = _upgrade(one, wanted, hour)
            if not fewer and not cheaper and line.amount >= 0:
                return self._upgrade_now(account, one, line)
        one.cancelled, one.release = False, 0
        one.next = wanted if wanted is not one.package else None
        return True

    def _upgrade_now(self, account: Account, one: Subscription, line: Line) -> bool:
        if account.card is None and line.amount:
            return False
        if not self.can_furnish(account.above, [line]):
            return False
        if self.buy(account, [line], "hand") != "done":
            return False
        wanted = line.package
        assert line.next_period is not None and line.next_due is not None
        if wanted.months != one.months:
            one.anchor = line.next_period[0]
        one.package, one.credits, one.chatbots = wanted, wanted.credits, wanted.chatbots
        one.price, one.months = wanted.price, wanted.months
        one.done, one.period = line.next_done, line.next_period
        one.due = one.wake = line.next_due
        one.cancelled, one.next, one.unsecured_since = False, None, None
        return True

    def close(self, name: str) -> bool:
        """Nothing of it goes on, and what it has left goes back; not while it has clients."""
        account = self.accounts[name]
        if any(not client.closed for client in self.children(account)):
            return False
        if account.closed:
            return True
        account.closed, account.enabled, account.card = True, False, None
        for one in account.held():
            one.state, one.wake = "ended", None
        pool = account.pool
        pool.seats, pool.used_seats, pool.paused = pool.seats + pool.used_seats, 0, 0
        self.give_back(account, pool.seats)
        pool.lapse(self.now)
        for lot in pool.lots:
            if lot.terms == "plan":
                pool.lapsed += lot.free
            elif lot.free:
                account.above.pool.take_back(lot.sources, lot.free, self.now)
                self.filled(account.above)
            lot.free = 0
        return True


def _choose(some: Sequence[One], number: int) -> One | None:
    return some[number % len(some)] if some else None


def _upgrade(one: Subscription, wanted: Offered, hour: datetime) -> Line:
    """The difference of both prices for what is left of the period and of both months' credits for
    what is left of the month. Another interval begins now, less what is left of the old."""
    whole = Fraction(1)
    number = month_of(one.anchor, hour)
    this = (month(one.anchor, number), month(one.anchor, number + 1))
    price, credits = part(one.price, one.period, hour, whole), part(one.credits, this, hour, whole)
    if wanted.months == one.months:
        ends, done, period = this[1], number + 1, one.period
        new_price = part(wanted.price, period, hour, whole)
        new_credits = part(wanted.credits, this, hour, whole)
    else:
        ends, done, period = month(hour, 1), 1, (hour, month(hour, wanted.months))
        new_price, new_credits = wanted.price, wanted.credits
    return Line(
        wanted,
        new_credits - credits,
        wanted.chatbots - one.chatbots,
        new_price - price,
        ends,
        next_done=done,
        next_period=period,
        next_due=ends if wanted.credits else period[1],
    )
