"""What waits for the end of a period in the model: a plan ends, becomes another, lets chatbots go (R31)."""

from fractions import Fraction

from tests.histories.dates import month_of, part
from tests.histories.parties import Account, Subscription
from tests.histories.trade import Trade


class PeriodEnds(Trade):
    """The rules of what a renewal applies before it asks for money."""

    def goes_on(self, account: Account, one: Subscription) -> bool:
        """Apply what was to happen to a due subscription; whether it renews, on its terms from now
        on."""
        number = month_of(one.anchor, self.now)
        if number // one.months > (one.done - 1) // one.months:
            if one.cancelled:
                self._finish(account, one)
            elif one.next is not None:
                self._become(account, one)
            elif one.release:
                self._let_go(account, one)
        return one.state != "ended"

    def give_back(self, account: Account, chatbots: int) -> None:
        """Seats go back to the seller, to whose paused chatbots they go then."""
        account.pool.give_seats(chatbots)
        seller = account.above.pool
        seller.sold_seats -= chatbots
        if not seller.endless:
            seller.seats += chatbots
            seller.resume()

    def _finish(self, account: Account, one: Subscription) -> None:
        """What clients have of it cannot be taken from them: of extra chatbots so many go on, a plan
        goes on whole."""
        can = min(one.chatbots, account.pool.seats + account.pool.used_seats)
        if can == one.chatbots:
            self.give_back(account, can)
            one.state, one.wake = "ended", None
        elif one.package.kind == "extra_chatbots" and can:
            self.give_back(account, can)
            _reduce(one, one.chatbots - can)

    def _become(self, account: Account, one: Subscription) -> None:
        """It goes on as the plan chosen; another interval begins anew where the period ended."""
        package = one.next
        assert package is not None
        fewer = max(0, one.chatbots - package.chatbots)
        if account.pool.seats + account.pool.used_seats < fewer:
            return
        self.give_back(account, fewer)
        if package.months != one.months:
            one.anchor, one.done = one.period[1], 0
        one.to_come = max(0, package.chatbots - one.chatbots)
        one.chatbots = min(one.chatbots, package.chatbots)
        one.package, one.credits, one.price = package, package.credits, package.price
        one.months, one.next = package.months, None

    def _let_go(self, account: Account, one: Subscription) -> None:
        """As many as were to go and nobody needs."""
        pool = account.pool
        go = min(one.release, one.chatbots, max(0, pool.seats - pool.paused))
        one.release = 0
        self.give_back(account, go)
        if go == one.chatbots:
            one.state, one.wake = "ended", None
        elif go:
            _reduce(one, one.chatbots - go)


def _reduce(one: Subscription, chatbots: int) -> None:
    """So many go on, at what they cost for its period."""
    one.chatbots, one.release = chatbots, 0
    ratio = Fraction(one.months, one.package.months)
    one.price = part(one.package.price * chatbots, one.period, one.period[0], ratio)
