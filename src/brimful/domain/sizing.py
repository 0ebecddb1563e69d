"""Sizing one auto-billing for all that waits: one cover, exact chatbots, hard caps (R11 to R13, R19, R28)."""

from collections.abc import Sequence
from datetime import datetime

from brimful.domain.allocation import allocate_lines
from brimful.domain.caps import first_breach
from brimful.domain.cover import Cover, CoverTables, Pack, choose_cover
from brimful.domain.planning import Buy, Buyer, Line, Offer, Served, Waiting, may_buy
from brimful.domain.reason import Reason, Refuse
from brimful.domain.seats import SeatLine, choose_seats


class _Basket:
    """The demands admitted so far and what they cost together."""

    def __init__(
        self, buyer: Buyer, offer: Offer, tables: CoverTables | None, at: datetime
    ) -> None:
        self._buyer, self._offer, self._tables, self._at = buyer, offer, tables, at
        self._allowed = buyer.allowed_packages
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
        offers = [
            o for o in self._offer.seats if self._allowed is None or o.package_id in self._allowed
        ]
        return choose_seats(offers, missing, self._buyer.period, self._at)

    def admit(self, demand: Waiting) -> Reason | None:
        """Admit a demand, or say why it cannot be bought for; then nothing changes."""
        credits = self.credits + demand.short_credits
        chatbots = self.chatbots + demand.short_chatbots
        cover, seats = self.cover(credits), self.seats(chatbots)
        if demand.short_credits and cover is None:
            return Reason.no_credit_package
        if demand.short_chatbots and seats is None:
            return Reason.no_chatbot_package
        amount = _amount(cover, seats)
        breach = first_breach(self._buyer.limits, self._buyer.spent, amount)
        if breach is None:
            breach = self._child_breach([*self.admitted, demand], cover, seats)
        if breach is None:
            self.admitted.append(demand)
            self.credits, self.chatbots = credits, chatbots
        return breach

    def _child_breach(
        self, demands: list[Waiting], cover: Cover | None, seats: SeatLine | None
    ) -> Reason | None:
        limits = self._buyer.child_limits
        if not any(d.child_id in limits for d in demands if d.child_id is not None):
            return None
        spent = dict(self._buyer.spent.child_month_minor)
        for demand, share in zip(demands, _shares(demands, cover, seats), strict=True):
            if demand.child_id is not None and demand.child_id in limits:
                spent[demand.child_id] = spent.get(demand.child_id, 0) + share
                if spent[demand.child_id] > limits[demand.child_id]:
                    return Reason.cap_per_child
        return None

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
    meet. With nothing left to buy for, the refusal of the first is the answer.
    """
    reason = may_buy(buyer, at)
    if reason is not None:
        return Refuse(reason=reason, account_id=buyer.account_id, detail={})
    basket = _Basket(buyer, offer, tables, at)
    refused = [
        (demand.demand_id, why) for demand in waiting if (why := basket.admit(demand)) is not None
    ]
    if not basket.admitted:
        why = refused[0][1] if refused else Reason.canceled
        return Refuse(reason=why, account_id=buyer.account_id, detail={})
    return basket.buy(refused)


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
