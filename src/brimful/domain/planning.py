"""The values of a decision to buy: the buyer, what waits, what is offered, what is bought."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from brimful.domain.brake import BrakeRule, Pace
from brimful.domain.caps import Limits, Spent
from brimful.domain.cover import Pack
from brimful.domain.period import Period
from brimful.domain.reason import Reason
from brimful.domain.seats import SeatOffer

Strategy = Literal["best_cover", "single_pack"]

# So long, in real time, a demand waits and keeps what it has reserved, and its owner may take at the
# bank (R20).
RESERVATION_LASTS = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a seller offers that auto-billing may buy, in catalogue order, at one version."""

    currency: str
    packs: tuple[Pack, ...]
    seats: tuple[SeatOffer, ...]
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """An account as the planner sees it. ``card`` is the fingerprint of the card on file,
    ``out_since`` since when the gateway gives no answer, while it is not to be asked."""

    account_id: str
    sells: bool
    enabled: bool
    allowed_by_seller: bool
    paused: Reason | None
    retry_at: datetime | None
    card: str | None
    limits: Limits
    spent: Spent
    child_limits: Mapping[str, int] = field(default_factory=dict)
    strategy: Strategy = "best_cover"
    allowed_packages: frozenset[str] | None = None
    period: Period | None = None
    buys_chatbots_for_itself: bool = False
    out_since: datetime | None = None
    braked: bool = False
    brake: BrakeRule = field(default_factory=BrakeRule)
    pace: Pace = field(default_factory=Pace)
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A demand that lacks something. ``child_id`` is the child whose purchase it is, if one's;
    otherwise it is for the account's own chatbots: one that is queried, or one to be created.
    ``renewal``: that purchase is a renewal, or made for some."""

    demand_id: str
    child_id: str | None
    short_credits: int
    short_chatbots: int
    renewal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a purchase: ``quantity`` of a package and what it brings and costs."""

    kind: Literal["credits", "chatbots"]
    package_id: str
    quantity: int
    credits: int
    chatbots: int
    amount_minor: int
    recurring_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A demand that a purchase is sized for, and its share of the cost (R13)."""

    demand_id: str
    child_id: str | None
    short_credits: int
    short_chatbots: int
    allocated_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Buy:
    """The decision to buy. ``refused`` are the demands that it leaves out, each with its reason;
    any that are neither served nor refused wait for the next."""

    lines: tuple[Line, ...]
    amount_minor: int
    currency: str
    served: tuple[Served, ...]
    refused: tuple[tuple[str, Reason], ...]
    for_renewals: bool = False

    @property
    def credits(self) -> int:
        """Credits that it brings."""
        return sum(line.credits for line in self.lines)

    @property
    def chatbots(self) -> int:
        """Chatbots that it brings."""
        return sum(line.chatbots for line in self.lines)


def why_off(allowed_by_seller: bool) -> Reason:
    """What is said of auto-billing that its owner has not switched on: whether that could be (R9, R27)."""
    return Reason.auto_billing_off if allowed_by_seller else Reason.auto_billing_unavailable


def may_buy(buyer: Buyer, at: datetime) -> Reason | None:
    """Why an account may not buy by itself at ``at``, or None when it may (R9, R10, R27, R29, R30)."""
    if not buyer.enabled:
        return why_off(buyer.allowed_by_seller)
    if not buyer.allowed_by_seller:
        return Reason.auto_billing_inactive
    if buyer.card is None:
        return Reason.no_payment_method
    if buyer.paused is not None:
        return Reason.auto_billing_paused
    if buyer.braked:
        return Reason.auto_billing_braked
    if buyer.retry_at is not None and at < buyer.retry_at:
        return Reason.retry_later
    if buyer.out_since is not None:
        return Reason.gateway_unavailable
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerAbove:
    """One seller on the way up from an account, as R9 looks at it. ``connected``: its gateway account
    is open to the platform, so that its clients can be charged there."""

    is_root: bool
    enabled: bool
    offers_credits: bool
    connected: bool = True


def available(sellers: tuple[SellerAbove, ...]) -> bool:
    """Whether an account may use auto-billing, given its sellers, nearest first (R9, R10).

    The root always counts as enabled. Any other seller must have its own switch on, offer an
    additional-credits package, be able to charge its clients, and be allowed by its own seller in turn.
    """
    for seller in sellers:
        if seller.is_root:
            return True
        if not (seller.enabled and seller.offers_credits and seller.connected):
            return False
    return False
