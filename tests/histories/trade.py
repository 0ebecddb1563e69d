"""Buying in the model: who may, for how much, up the chain of sellers, and how it ends (R5 to R29)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from tests.histories.parties import Account, Breaker, By, Card, Line
from tests.histories.pools import Lot, Need, Terms
from tests.histories.prices import MINIMUM, cheapest_seats, cover_lines, seats_line

Outcome = Literal["done", "declined", "unsecured"]
# Why nothing is bought: the account may not, whatever it needs; or this need is too much.
Never = Literal["never", "too much"]


class Trade:
    """All accounts, what their cards have paid, and the rules of buying."""

    def __init__(self, now: datetime, accounts: dict[str, Account]) -> None:
        self.now = now
        self.accounts = accounts
        self.breakers: dict[Card, Breaker] = {}
        self.taken: dict[str, int] = {}
        # Sellers whose clients' renewals are to be looked at, in order.
        self.to_renew: list[Account] = []

    def children(self, seller: Account) -> list[Account]:
        """Whom an account sells to, in the order in which they were opened."""
        return [one for one in self.accounts.values() if one.seller is seller]

    def allowed(self, account: Account) -> bool:
        """Every seller up to the root buys automatically, too, and sells credits (R9)."""
        sellers = account.above.path
        return all(
            one.enabled and any(offer.kind == "additional_credits" for offer in one.offers)
            for one in sellers
        )

    def may_buy(self, account: Account) -> bool:
        """It may buy by itself now (R9, R10, R27, R29)."""
        if not account.enabled or not self.allowed(account) or account.card is None:
            return False
        breaker = self.breakers.get(account.card, Breaker())
        return not breaker.paused and (breaker.retry is None or breaker.retry <= self.now)

    def plan(
        self, account: Account, needs: Sequence[Need]
    ) -> tuple[list[Line], None] | tuple[None, Never]:
        """What an account would buy for some needs of its pool, or whether it never can."""
        if not self.may_buy(account):
            return None, "never"
        credits = sum(need.short_credits for need in needs)
        chatbots = sum(need.short_chatbots for need in needs)
        lines = cover_lines(account.above, credits, self.now) if credits else []
        package = cheapest_seats(account.above)
        if lines is None or (chatbots and package is None):
            return None, "too much"
        if chatbots and package is not None:
            lines.append(seats_line(account, package, chatbots, self.now, automatic=True))
        if not self.can_furnish(account.above, lines):
            return None, "too much"
        return lines, None

    def can_furnish(self, seller: Account, lines: Sequence[Line]) -> bool:
        """A seller has what some lines bring, or could buy what it lacks, and so on up (R17)."""
        need = Need(sum(line.credits for line in lines), sum(line.chatbots for line in lines))
        seller.pool.lapse(self.now)
        if seller.pool.has(need.credits, need.chatbots):
            return True
        seller.pool.reserve(need)
        found, _ = self.plan(seller, [need])
        seller.pool.give_up(need)
        return found is not None

    def serve(self, account: Account, needs: list[Need]) -> None:
        """Let an account buy for the needs that wait on its pool: once for all of them, or for as
        many of the first as its sellers can furnish; who cannot be served is refused (R17, R19)."""
        self.offer(account, needs)
        while waiting := [need for need in needs if not need.met and not need.failed]:
            lines, refused = self.fit(account, waiting)
            if lines is None:
                self.refuse(account, waiting, refused)
            elif self.buy(account, lines, "auto") != "done":
                self.refuse(account, waiting, waiting)
            self.offer(account, needs)

    def fit(self, account: Account, waiting: list[Need]) -> tuple[list[Line] | None, list[Need]]:
        """The purchase for the longest run of needs, from the first on, or who is refused."""
        for length in range(len(waiting), 0, -1):
            lines, why = self.plan(account, waiting[:length])
            if lines is not None:
                return lines, []
            if why == "never":
                return None, waiting
        alone = any(self.plan(account, [need])[0] is not None for need in waiting)
        return None, waiting[:1] if alone else waiting

    def offer(self, account: Account, needs: Sequence[Need]) -> None:
        """What is free goes to those that wait, in arrival order (R20)."""
        account.pool.lapse(self.now)
        for need in needs:
            if not need.failed and not need.met:
                account.pool.reserve(need)

    def refuse(self, account: Account, waiting: Sequence[Need], whom: Sequence[Need]) -> None:
        """They end in arrival order, each offered before what others gave back (R20)."""
        for need in waiting:
            account.pool.reserve(need)
            if not need.met and need in whom:
                account.pool.give_up(need)
                need.failed = True

    def buy(self, account: Account, lines: Sequence[Line], by: By) -> Outcome:
        """One purchase: at once out of the seller's stock, or behind a hold of the card (R17)."""
        need = Need(sum(line.credits for line in lines), sum(line.chatbots for line in lines))
        amount = sum(line.amount for line in lines)
        charged = self.is_charged(account, amount)
        seller = account.above
        seller.pool.lapse(self.now)
        if seller.pool.has(need.credits, need.chatbots):
            seller.pool.reserve(need)
            if charged and not self.pays(account, by, amount):
                seller.pool.give_up(need)
                return "declined"
        else:
            if charged and not self.authorises(account):
                return "declined"
            self.serve(seller, [need])
            if need.failed:
                return "unsecured"
            if charged and not self.captures(account, by, amount):
                seller.pool.give_up(need)
                return "declined"
        if not charged:
            account.owed += amount
        self.deliver(account, lines, need)
        return "done"

    def is_charged(self, account: Account, amount: int) -> bool:
        """It is enough to be charged, with what is owed (R26)."""
        return amount > 0 and amount + account.owed >= MINIMUM

    def authorises(self, account: Account) -> bool:
        """The card is held."""
        assert account.card is not None
        if account.card.kind in ("good", "fickle"):
            return True
        self.decline(account.card)
        return False

    def pays(self, account: Account, by: By, amount: int) -> bool:
        """The card is charged, without a hold."""
        return self.authorises(account) and self._take(account, by, amount)

    def captures(self, account: Account, by: By, amount: int) -> bool:
        """What is held is taken."""
        assert account.card is not None
        if account.card.kind == "fickle":
            self.decline(account.card)
            return False
        return self._take(account, by, amount)

    def decline(self, card: Card) -> None:
        """The card did not pay (R29)."""
        soft = card.kind in ("poor", "fickle")
        self.breakers.setdefault(card, Breaker()).declined(soft=soft, now=self.now)

    def _take(self, account: Account, by: By, amount: int) -> bool:
        card = account.card
        assert card is not None
        self.taken[card.token] = self.taken.get(card.token, 0) + amount + account.owed
        account.owed = 0
        breaker = self.breakers.get(card)
        if breaker is not None and by == "hand":
            del self.breakers[card]
            self.wake_late(account)
            self.filled(account)
        elif breaker is not None:
            breaker.charged(self.now)
        return True

    def deliver(self, account: Account, lines: Sequence[Line], need: Need) -> None:
        """The seller's lots go, the buyer's come; what it could not furnish is tried again (R35)."""
        pins = account.above.pool.hand_over(need)
        account.pool.lapse(self.now)
        for line in lines:
            account.pool.seats += line.chatbots
            account.pool.resume()
            if line.credits:
                terms: Terms = "plan" if line.package.kind == "subscription" else "additional"
                sources = _deal(pins, line.credits)
                account.pool.lots.append(Lot(line.credits, line.ends, terms, sources))
            if line.begins and line.runs is not None:
                account.subscriptions.append(line.runs)
        self.filled(account)

    def filled(self, account: Account) -> None:
        """A pool has more than before, or may be filled now: its clients' renewals that it could not
        furnish are due."""
        woken = False
        for client in self.children(account):
            for one in client.subscriptions:
                ahead = one.wake is not None and one.wake > self.now
                if one.state != "ended" and one.unsecured_since and ahead:
                    one.wake, woken = self.now, True
        if woken:
            self.to_renew.append(account)

    def wake_late(self, account: Account) -> None:
        """Its owner acted: what it is late with is tried now (R29)."""
        woken = False
        for one in account.subscriptions:
            asleep = one.wake is None or one.wake > self.now
            if one.state in ("past_due", "suspended") and asleep:
                one.wake, woken = self.now, True
        if woken:
            self.to_renew.append(account.above)


def _deal(pins: list[tuple[Lot, int]], credits: int) -> list[tuple[Lot, int]]:
    """The first so many credits of some pins, taken away from them."""
    dealt = []
    while credits:
        lot, there = pins.pop(0)
        take = min(there, credits)
        dealt.append((lot, take))
        if take < there:
            pins.insert(0, (lot, there - take))
        credits -= take
    return dealt
