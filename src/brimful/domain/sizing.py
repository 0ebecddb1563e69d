"""Sizing one auto-billing for all that waits: one cover, exact chatbots, hard caps (R11 to R13, R19, R28)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from brimful.domain.allocation import allocate_lines
from brimful.domain.brake import brakes
from brimful.domain.caps import first_breach
from brimful.domain.chargeable import not_chargeable
from brimful.domain.cover import Cover, CoverTables, Pack, choose_cover
from brimful.domain.planning import Buy, Buyer, Line, Offer, Served, Waiting, may_buy
from brimful.domain.reason import Reason, Refuse
from brimful.domain.seats import SeatLine, choose_seats


class _Deferred:
    """A demand that cannot be served together with those before it, but may be in the next."""


class _Basket:
    """The demands admitted so far and what they cost together."""

    def __init__(
        self, buyer: Buyer, offer: Offer, tables: CoverTables | None, at: datetime
    ) -> None:
        self._buyer, self._offer, self._tables, self._at = buyer, offer, tables, at
        self._covers: dict[int, Cover | None] = {}
        self.admitted: list[Waiting] = []
        self.credits = 0
        self.chatbots = 0

    def cover(self, need: int) -> Cover | None:
        """The cover of a need from the packages that the owner allows, remembered."""
        if need == 0 or self._tables is None:
            return None
        if need not in self._covers:
            self._covers[need] = choose_cover(self._tables, need, self._buyer.strategy)
        return self._covers[need]

    def seats(self, missing: int) -> SeatLine | None:
        """The seat line of a number of missing chatbots."""
        return choose_seats(self._offer.seats, missing, self._buyer.period, self._at)

    def admit(self, demand: Waiting) -> Reason | _Deferred | None:
        """Admit a demand, or say why it cannot be bought for; then nothing changes."""
        credits = self.credits + demand.short_credits
        chatbots = self.chatbots + demand.short_chatbots
        cover, seats = self.cover(credits), self.seats(chatbots)
        unasked = demand.short_chatbots and demand.child_id is None
        if unasked and not (self._buyer.sells and self._buyer.buys_chatbots_for_itself):
            return Reason.chatbot_purchase_off
        if demand.short_credits and cover is None:
            return Reason.no_credit_package
        if demand.short_chatbots and seats is None:
            return Reason.no_chatbot_package
        breach: Reason | _Deferred | None = first_breach(
            self._buyer.limits, self._buyer.spent, _amount(cover, seats)
        )
        if breach is None:
            breach = self._child_breach(demand, cover, seats)
        if breach is None:
            breach = self._not_chargeable(cover, seats)
        if breach is None:
            self.admitted.append(demand)
            self.credits, self.chatbots = credits, chatbots
        return breach

    def _not_chargeable(
        self, cover: Cover | None, seats: SeatLine | None
    ) -> Reason | _Deferred | None:
        """What no card can be charged, now or in a later period, is refused; what is too much only
        together with the demands before it waits for the next purchase (R26)."""
        now_minor = _amount(cover, seats) + self._buyer.spent.outstanding_minor
        reason = not_chargeable(now_minor, self._offer.currency)
        if reason is None and seats is not None:
            reason = not_chargeable(seats.recurring_minor, self._offer.currency)
        return _Deferred() if reason is not None and self.admitted else reason

    def _child_breach(
        self, demand: Waiting, cover: Cover | None, seats: SeatLine | None
    ) -> Reason | _Deferred | None:
        """A demand that would take its own child past that one's limit is refused; one that would
        take another child there, by raising what is divided, waits for the next purchase."""
        limits = self._buyer.child_limits
        if not limits:
            return None
        demands = [*self.admitted, demand]
        cost = dict(self._buyer.spent.child_month_minor)
        for one, share in zip(demands, _shares(demands, cover, seats), strict=True):
            if one.child_id is not None:
                cost[one.child_id] = cost.get(one.child_id, 0) + share
        over = {child for child, limit in limits.items() if cost.get(child, 0) > limit}
        touched = over & {one.child_id for one in demands}
        if demand.child_id in touched:
            return Reason.cap_per_child
        return _Deferred() if touched else None

    def buy(self, refused: Sequence[tuple[str, Reason]]) -> Buy:
        """The purchase of what was admitted."""
        cover, seats = self.cover(self.credits), self.seats(self.chatbots)
        lines = list(_cover_lines(cover, self._tables))
        if seats is not None:
            lines.append(_seat_line(seats))
        shares = _shares(self.admitted, cover, seats)
        return Buy(
            lines=tuple(lines),
            amount_minor=_amount(cover, seats),
            currency=self._offer.currency,
            served=tuple(
                Served(
                    demand_id=demand.demand_id,
                    child_id=demand.child_id,
                    short_credits=demand.short_credits,
                    short_chatbots=demand.short_chatbots,
                    allocated_minor=share,
                )
                for demand, share in zip(self.admitted, shares, strict=True)
            ),
            refused=tuple(refused),
            for_renewals=any(demand.renewal for demand in self.admitted),
        )


def size_purchase(
    buyer: Buyer,
    waiting: Sequence[Waiting],
    offer: Offer,
    tables: CoverTables | None,
    at: datetime,
) -> Buy | Refuse:
    """Decide on one purchase for the demands that wait, in arrival order.

    ``tables`` are of the packs that the owner allows (``allowed_packs``). A demand that would pass a
    cap is left out with its reason and holds up none behind it; so is one that nothing on offer can
    meet. A purchase that runs away from what is usual is refused as a whole (R30). With nothing left
    to buy for, the answer is a refusal that has the reason of each.
    """
    reason = may_buy(buyer, at)
    if reason is not None:
        out = reason is Reason.gateway_unavailable and buyer.out_since
        detail = {"since": out.isoformat()} if out else {}
        return Refuse(reason=reason, account_id=buyer.account_id, detail=detail)
    basket = _Basket(buyer, offer, tables, at)
    refused: list[tuple[str, Reason]] = []
    for demand in waiting:
        why = basket.admit(demand)
        if isinstance(why, Reason):
            refused.append((demand.demand_id, why))
    if not basket.admitted:
        first = refused[0][1] if refused else Reason.canceled
        return Refuse(reason=first, account_id=buyer.account_id, detail={}, each=tuple(refused))
    buy = basket.buy(refused)
    shares = zip(basket.admitted, buy.served, strict=True)
    # What renewals make it buy comes in waves by itself; what it buys beside them does not.
    unexpected = [served.allocated_minor for demand, served in shares if not demand.renewal]
    if unexpected and brakes(buyer.brake, buyer.pace, sum(unexpected)):
        if buy.for_renewals:
            expected = [demand for demand in waiting if demand.renewal]
            return _without_others(size_purchase(buyer, expected, offer, tables, at), waiting)
        reason = Reason.auto_billing_braked
        return Refuse(reason=reason, account_id=buyer.account_id, detail={})
    return buy


def _without_others(decision: Buy | Refuse, waiting: Sequence[Waiting]) -> Buy | Refuse:
    """What was decided for the renewals among some demands; the others are refused, for they would run
    away. Whoever asks so again, alone, pulls the brake (R30)."""
    if isinstance(decision, Refuse):
        return decision
    others = [(one.demand_id, Reason.beyond_usual) for one in waiting if not one.renewal]
    return replace(decision, refused=(*decision.refused, *others))


def allowed_packs(buyer: Buyer, offer: Offer) -> tuple[Pack, ...]:
    """The credit packs on offer that the owner allows, in catalogue order (R12)."""
    return tuple(
        pack
        for pack in offer.packs
        if buyer.allowed_packages is None or pack.package_id in buyer.allowed_packages
    )


def _amount(cover: Cover | None, seats: SeatLine | None) -> int:
    return (cover.price_minor if cover else 0) + (seats.amount_minor if seats else 0)


def _shares(
    demands: Sequence[Waiting], cover: Cover | None, seats: SeatLine | None
) -> tuple[int, ...]:
    return allocate_lines(
        cover.price_minor if cover else 0,
        seats.amount_minor if seats else 0,
        [(d.short_credits, d.short_chatbots) for d in demands],
    )


def _cover_lines(cover: Cover | None, tables: CoverTables | None) -> list[Line]:
    if cover is None or tables is None:
        return []
    return [
        Line(
            kind="credits",
            package_id=pack.package_id,
            quantity=count,
            credits=pack.credits * count,
            chatbots=0,
            amount_minor=pack.price_minor * count,
            recurring_minor=0,
        )
        for pack, count in zip(tables.packs, cover.counts, strict=True)
        if count
    ]


def _seat_line(seats: SeatLine) -> Line:
    return Line(
        kind="chatbots",
        package_id=seats.package_id,
        quantity=seats.chatbots,
        credits=0,
        chatbots=seats.chatbots,
        amount_minor=seats.amount_minor,
        recurring_minor=seats.recurring_minor,
    )
