"""Renewals in the model: what is due of a seller's clients, as one group (R29, R34 to R36)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.histories.parties import HOUR, Account, Breaker, Line, Subscription
from tests.histories.period_ends import PeriodEnds
from tests.histories.pools import Need
from tests.histories.prices import renewal_line

WEEK = timedelta(days=7)


@dataclass(eq=False)
class Renewal:
    """What one client is due, and how far it got."""

    account: Account
    held: list[Subscription]
    lines: list[Line]
    charged: bool = False
    need: Need = field(init=False)
    stocked: bool = False
    over: bool = False

    def __post_init__(self) -> None:
        self.need = Need(sum(line.credits for line in self.lines), self.chatbots)

    @property
    def chatbots(self) -> int:
        """Chatbots that it brings."""
        return sum(line.chatbots for line in self.lines)

    @property
    def amount(self) -> int:
        """What it costs."""
        return sum(line.amount for line in self.lines)


class Renewals(PeriodEnds):
    """The rules of renewing."""

    def catch_up(self) -> None:
        """Renew all that is due, nearest to the root first (R35)."""
        self._renew_queued()
        while sellers := [one for one in self._sellers() if self._due_below(one)]:
            self.renew(sellers[0])
            self._renew_queued()
        for account in self.accounts.values():
            for one in account.subscriptions:
                if one.state == "past_due" and one.late_since and one.late_since + WEEK <= self.now:
                    one.state = "suspended"

    def _sellers(self) -> list[Account]:
        found = [one for one in self.accounts.values() if self.children(one)]
        return sorted(found, key=lambda one: len(one.path))

    def _due_below(self, seller: Account) -> bool:
        return any(client.due(self.now) for client in self.children(seller))

    def _renew_queued(self) -> None:
        while self.to_renew:
            self.renew(self.to_renew.pop(0))

    def renew(self, seller: Account) -> None:
        """Renew a seller's clients as one group, unless what is due above comes first."""
        if any(one.due(self.now) for one in seller.path):
            return
        ready = []
        for client in self.children(seller):
            held = [one for one in client.due(self.now) if self.goes_on(client, one)]
            if held:
                renewal = self._first_of(client, held)
                if not self._is_barred(renewal):
                    ready.append(renewal)
        ready = self._feasible(seller, ready)
        for renewal in ready:
            renewal.charged = self.is_charged(renewal.account, renewal.amount)
        self._set_aside(seller, ready)
        declined = self._ask_cards(ready)
        self._secure(seller, ready, declined)
        for renewal in ready:
            self._end(seller, renewal)

    def _first_of(self, client: Account, held: list[Subscription]) -> Renewal:
        """Months of periods that are paid for go by themselves, the rest comes after them (R34)."""
        lines = [renewal_line(one, self.now) for one in held]
        paid = [line for line in lines if line.runs and line.next_period == line.runs.period]
        first = paid or lines
        return Renewal(client, [line.runs for line in first if line.runs], first)

    def _is_barred(self, renewal: Renewal) -> bool:
        """Its card may not be tried now: it is past due, until the card may or its owner acts."""
        if not renewal.amount:
            return False
        card = renewal.account.card
        breaker = Breaker() if card is None else self.breakers.get(card, Breaker())
        if card is None or breaker.paused:
            self._late(renewal, None)
            return True
        if breaker.retry is not None and breaker.retry > self.now:
            self._late(renewal, breaker.retry)
            return True
        return False

    def _feasible(self, seller: Account, ready: list[Renewal]) -> list[Renewal]:
        """Nobody's card is held for what cannot be furnished: neither all nor the first that the
        pool does not cover (R17), nor by itself beside what it covers (R20)."""
        seller.pool.lapse(self.now)
        covered: list[Renewal] = []
        for renewal in ready:
            if seller.pool.has(*_sum([*covered, renewal])):
                covered.append(renewal)
        left = [one for one in ready if one not in covered]
        if not left:
            return ready

        def can(some: list[Renewal]) -> bool:
            return self.can_furnish(seller, [line for one in some for line in one.lines])

        if can(ready) or can([*covered, left[0]]):
            return ready
        without = [one for one in left if not can([*covered, one])]
        for renewal in without:
            self._unsecured(renewal)
        return [one for one in ready if one not in without]

    def _set_aside(self, seller: Account, ready: Sequence[Renewal]) -> None:
        """Stock for those that the pool covers. One too small to charge, which no card is held for,
        takes its place in the queue at once."""
        credits, chatbots = seller.pool.free, seller.pool.seats
        for renewal in ready:
            need = renewal.need
            fits = need.credits <= credits and need.chatbots <= chatbots
            renewal.stocked = seller.pool.endless or fits
            if renewal.stocked or not renewal.charged:
                seller.pool.reserve(need)
                credits = max(0, credits - need.credits)
                chatbots = max(0, chatbots - need.chatbots)

    def _ask_cards(self, ready: Sequence[Renewal]) -> list[Renewal]:
        """Those with stock are charged and served; of the others the cards are held. Returns those
        whose cards declined."""
        declined = []
        for renewal in ready:
            account = renewal.account
            if renewal.stocked:
                if not renewal.charged or self.pays(account, "renewal", renewal.amount):
                    self._serve(renewal)
                else:
                    declined.append(renewal)
            elif renewal.charged and not self.authorises(account):
                declined.append(renewal)
        return declined

    def _secure(
        self, seller: Account, ready: Sequence[Renewal], declined: Sequence[Renewal]
    ) -> None:
        """They take what is free, then what declined ones give back; the seller buys the rest, once
        for all that wait."""
        waiting = [one for one in ready if not one.over and one not in declined]
        queue = sorted(waiting, key=lambda one: one.charged)
        self.offer(seller, [one.need for one in queue])
        for renewal in declined:
            self._declined(seller, renewal)
        self.serve(seller, [one.need for one in queue])

    def _end(self, seller: Account, renewal: Renewal) -> None:
        if renewal.over:
            return
        if renewal.need.failed:
            self._unsecured(renewal)
        elif renewal.charged and not self.captures(renewal.account, "renewal", renewal.amount):
            self._declined(seller, renewal)
        else:
            self._serve(renewal)

    def _serve(self, renewal: Renewal) -> None:
        renewal.over = True
        if not renewal.charged:
            renewal.account.owed += renewal.amount
        self.deliver(renewal.account, renewal.lines, renewal.need)
        for line in renewal.lines:
            one = line.runs
            assert one is not None and line.next_period is not None and line.next_due is not None
            one.chatbots, one.to_come = one.chatbots + line.chatbots, 0
            one.done, one.period = line.next_done, line.next_period
            one.due = one.wake = line.next_due
            one.state, one.late_since, one.unsecured_since = "active", None, None

    def _declined(self, seller: Account, renewal: Renewal) -> None:
        renewal.over = True
        seller.pool.give_up(renewal.need)
        card = renewal.account.card
        assert card is not None
        breaker = self.breakers[card]
        retry = None if breaker.paused else max(breaker.retry or self.now, self.now)
        self._late(renewal, retry)

    def _late(self, renewal: Renewal, wake: datetime | None) -> None:
        """Its own card does not pay (R35)."""
        for one in renewal.held:
            one.wake = wake
            one.late_since = one.late_since or self.now
            if one.state == "active":
                one.state = "past_due"

    def _unsecured(self, renewal: Renewal) -> None:
        """Its seller has not what it is due: it stays due, after 1, 6, 24, 48, 72 hours, then daily.
        It keeps, or gets back, its access (R35)."""
        renewal.over = True
        first = min(one.unsecured_since or self.now for one in renewal.held)
        retry, hours = first + HOUR, [6, 24, 48, 72]
        while retry <= self.now:
            retry = first + hours.pop(0) * HOUR if hours else retry + 24 * HOUR
        for one in renewal.held:
            one.unsecured_since = one.unsecured_since or self.now
            one.state, one.late_since, one.wake = "active", None, retry


def _sum(some: Sequence[Renewal]) -> tuple[int, int]:
    return sum(one.need.credits for one in some), sum(one.need.chatbots for one in some)
