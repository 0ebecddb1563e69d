"""Who takes part: accounts with their cards and subscriptions, as the model sees them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from tests.histories.offers import Offered
from tests.histories.pools import Pool

HOUR = timedelta(hours=1)
By = Literal["hand", "auto", "renewal"]
State = Literal["active", "past_due", "suspended", "ended"]
# Cards by what their bank does: it pays, declines for now, for good, wants to see the owner, or
# authorises and then does not pay.
CARDS = {
    "good": "tok_success",
    "poor": "tok_insufficient_funds",
    "lost": "tok_lost_card",
    "asks": "tok_authenticate",
    "fickle": "tok_decline_capture",
}


@dataclass(frozen=True)
class Card:
    """A card of an account: which kind, and which of that kind."""

    owner: str
    kind: str
    number: int

    @property
    def token(self) -> str:
        """What the bank knows it by."""
        return f"{CARDS[self.kind]}#{self.owner}-{self.number}"


@dataclass
class Breaker:
    """What a card did lately (R29)."""

    soft: int = 0
    first: datetime | None = None
    retry: datetime | None = None
    paused: bool = False
    vain: list[datetime] = field(default_factory=list)

    def declined(self, *, soft: bool, now: datetime) -> None:
        """The next attempts are 1 and 7 hours after the first; hard, or the third time: paused."""
        self.vain.append(now)
        if self.paused:
            return
        self.first = self.first or now
        if not soft or self.soft == 2:
            self.paused, self.retry = True, None
            return
        self.retry = self.first + (HOUR, 7 * HOUR)[self.soft]
        self.soft += 1
        self._count()

    def cleared(self, now: datetime) -> None:
        """Its owner acted, which leaves the counts."""
        self.soft, self.first, self.retry, self.paused = 0, None, now, False
        self._count()

    def charged(self, now: datetime) -> None:
        """It paid, so that the next soft decline is a first one."""
        if not self.paused and self.retry is not None and self.retry <= now:
            self.soft, self.first, self.retry = 0, None, None

    def _count(self) -> None:
        """At most 3 in vain in 24 hours, and 8 in 30 days."""
        if len(self.vain) >= 3 and self.retry is not None:
            self.retry = max(self.retry, self.vain[-3] + 24 * HOUR)
        if self.retry is not None:
            month = self.retry - 30 * 24 * HOUR
            self.paused = sum(one > month for one in self.vain) >= 8


@dataclass(eq=False)
class Subscription:
    """What recurs: the terms, the month and period that run, and when it is due."""

    package: Offered
    credits: int
    chatbots: int
    price: int
    months: int
    anchor: datetime
    done: int
    period: tuple[datetime, datetime]
    due: datetime
    wake: datetime | None
    automatic: bool
    state: State = "active"
    late_since: datetime | None = None
    unsecured_since: datetime | None = None
    # What is to become of it at period end, and the chatbots that come with its renewal then.
    cancelled: bool = False
    next: Offered | None = None
    release: int = 0
    to_come: int = 0

    def is_due(self, now: datetime) -> bool:
        """It is to be looked at."""
        return self.state != "ended" and self.wake is not None and self.wake <= now


@dataclass(eq=False)
class Line:
    """What a purchase brings and costs now; what it begins or carries on."""

    package: Offered
    credits: int
    chatbots: int
    amount: int
    ends: datetime | None = None
    runs: Subscription | None = None
    begins: bool = False
    next_done: int = 0
    next_period: tuple[datetime, datetime] | None = None
    next_due: datetime | None = None


@dataclass(eq=False)
class Account:
    """One node of the tree."""

    name: str
    seller: "Account | None"
    offers: tuple[Offered, ...] = ()
    pool: Pool = field(default_factory=Pool)
    card: Card | None = None
    enabled: bool = False
    owed: int = 0
    closed: bool = False
    subscriptions: list[Subscription] = field(default_factory=list)

    @property
    def above(self) -> "Account":
        """Its seller; the root has none."""
        assert self.seller is not None
        return self.seller

    @property
    def path(self) -> "list[Account]":
        """Itself and its sellers, the root left out."""
        return [] if self.seller is None else [self, *self.seller.path]

    def due(self, now: datetime) -> list[Subscription]:
        """What is due of it: the plan first, then chatbots as they came."""
        found = [one for one in self.subscriptions if one.is_due(now)]
        return sorted(found, key=lambda one: one.package.kind != "subscription")

    def held(self) -> list[Subscription]:
        """What has not ended, in the order in which it came."""
        return [one for one in self.subscriptions if one.state != "ended"]

    def running(self, now: datetime) -> Subscription | None:
        """The subscription whose period chatbots join: the plan's, else that of the oldest."""
        found = [
            one
            for one in self.subscriptions
            if one.state != "ended" and one.period[0] <= now < one.period[1]
        ]
        return min(found, key=lambda one: one.package.kind != "subscription", default=None)
