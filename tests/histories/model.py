"""The model: what each step does to balances, lots, seats, subscriptions and money, by the rules alone.

It shares no code with the engine. It knows no rows, locks, demands as records, effects or retries of a
worker: one step is done from its beginning to its end, and then nothing is under way.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.histories.offers import OFFERS, TREE
from tests.histories.parties import Account, Card, Line
from tests.histories.pools import Lot, Need, Pool
from tests.histories.prices import pack_line, plan_line, seats_line
from tests.histories.ways_out import WaysOut


class Model(WaysOut):
    """The verbs of a history. Each answers whether it was done; what was refused changed nothing
    but, where a card was tried, what is known of that card."""

    def __init__(self, now: datetime) -> None:
        root = Account("Platform", None, OFFERS["Platform"], Pool(endless=True))
        accounts: dict[str, Account] = {"Platform": root}
        for name, seller in TREE.items():
            accounts[name] = Account(name, accounts[seller], OFFERS.get(name, ()))
        super().__init__(now, accounts)

    def spend(self, name: str, credits: int) -> bool:
        """A reply is paid for; what is missing is bought (R7, R8)."""
        account = self.accounts[name]
        account.pool.lapse(self.now)
        need = Need(credits)
        account.pool.reserve(need)
        if not need.met and self.plan(account, [need])[0] is not None:
            self.serve(account, [need])
        if not need.met:
            account.pool.give_up(need)
            return False
        account.pool.use(need)
        return True

    def buy_package(self, name: str, number: int, count: int) -> bool:
        """A purchase by hand (R5)."""
        account = self.accounts[name]
        package = account.above.offers[number % len(account.above.offers)]
        line: Line
        if package.kind == "additional_credits":
            line = pack_line(package, count, self.now)
        elif package.kind == "extra_chatbots":
            line = seats_line(account, package, count, self.now, automatic=False)
        elif any(
            one.package.kind == "subscription" and one.state != "ended"
            for one in account.subscriptions
        ):
            return False
        else:
            line = plan_line(package, count, self.now)
        if account.closed or (account.card is None and line.amount):
            return False
        if not self.can_furnish(account.above, [line]):
            return False
        return self.buy(account, [line], "hand") == "done"

    def allot(self, name: str, credits: int, chatbots: int) -> bool:
        """A gift out of the seller's stock, never bought (R46)."""
        account = self.accounts[name]
        seller = account.above
        seller.pool.lapse(self.now)
        if account.closed or not seller.pool.has(credits, chatbots):
            return False
        need = Need(credits, chatbots)
        seller.pool.reserve(need)
        pins = seller.pool.hand_over(need)
        account.pool.lapse(self.now)
        if credits:
            account.pool.lots.append(Lot(credits, None, "additional", pins))
        account.pool.seats += chatbots
        account.pool.resume()
        self.filled(account)
        return True

    def switch(self, name: str, on: bool) -> bool:
        """Auto-billing on or off; on needs a card and a seller that allows it (R9, R27)."""
        account = self.accounts[name]
        if on and account.card is None:
            return False
        inactive = [one for one in self.accounts.values() if one.enabled and not self.allowed(one)]
        if on and not account.enabled:
            if not self.allowed(account):
                return False
            assert account.card is not None
            if account.card in self.breakers:
                self.breakers[account.card].cleared(self.now)
            account.enabled = True
            self.wake_late(account)
        account.enabled = on
        if on:
            self.filled(account)
        # Who may buy again because of it tries what it could not furnish (R35).
        for one in inactive:
            if self.allowed(one):
                self.filled(one)
        return True

    def save_card(self, name: str, kind: str, number: int) -> bool:
        """A card in the place of another; what is late is tried with it (R29)."""
        account = self.accounts[name]
        if account.closed:
            return False
        account.card = Card(name, kind, number)
        self.wake_late(account)
        self.filled(account)
        return True

    def remove_card(self, name: str) -> bool:
        """No card any more."""
        account = self.accounts[name]
        had, account.card = account.card, None
        return had is not None

    def open_bot(self, name: str) -> bool:
        """A chatbot uses a seat; it is never bought for without its owner's switch (R4)."""
        pool = self.accounts[name].pool
        if not pool.seats:
            return False
        pool.seats -= 1
        pool.used_seats += 1
        return True

    def drop_bot(self, name: str) -> bool:
        """A deleted chatbot frees its seat (R4)."""
        pool = self.accounts[name].pool
        if not pool.used_seats + pool.paused:
            return False
        if pool.used_seats:
            pool.used_seats -= 1
            pool.seats += 1
            pool.resume()
        else:
            pool.paused -= 1
        return True

    def pass_time(self, span: timedelta) -> bool:
        """Time goes on."""
        self.now += span
        return True

    def next_event(self) -> datetime | None:
        """When something is due next."""
        instants = [
            at
            for account in self.accounts.values()
            for at in (
                *(one.wake for one in account.subscriptions if one.state != "ended"),
                *(lot.ends for lot in account.pool.lots if lot.free),
            )
            if at is not None and at > self.now
        ]
        return min(instants, default=None)

    def subscription_states(self) -> set[str]:
        """In which states subscriptions are: what a history has come to."""
        held = [one for account in self.accounts.values() for one in account.subscriptions]
        unsecured = {"unsecured" for one in held if one.unsecured_since}
        return {one.state for one in held} | unsecured

    def do(self, verb: str, *args: Any) -> bool:
        """One step, and all that is due then."""
        act: Callable[..., bool] = getattr(self, verb)
        done = act(*args)
        self.catch_up()
        assert all(not one.pool.seats or not one.pool.paused for one in self.accounts.values())
        return done

    def state(self) -> Mapping[str, Any]:
        """What can be compared, by account, and what each card has paid."""
        return {
            "paid": {token: amount for token, amount in sorted(self.taken.items()) if amount},
            **{name: self._of(one) for name, one in self.accounts.items() if one.seller},
        }

    def _of(self, account: Account) -> dict[str, Any]:
        pool = account.pool
        pool.lapse(self.now)
        lots: dict[str, int] = {}
        for lot in pool.lots:
            if lot.free:
                lots[str(lot.ends)] = lots.get(str(lot.ends), 0) + lot.free
        return {
            "credits": (pool.free, pool.used, pool.sold, pool.lapsed),
            "lots": dict(sorted(lots.items())),
            "chatbots": (pool.seats, pool.used_seats, pool.sold_seats),
            "owed": account.owed,
            "subscriptions": sorted(
                (
                    one.package.kind, one.credits, one.chatbots, one.price, one.state, str(one.due),
                    str(one.wake), str(one.period[1]), one.automatic,
                )
                for one in account.subscriptions
            ),
        }  # fmt: skip
