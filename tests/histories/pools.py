"""What an account holds: lots of credits with their ends, and seats; what is set aside of them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

Terms = Literal["plan", "additional"]
Pins = list[tuple["Lot", int]]
FAR = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(eq=False)
class Lot:
    """Credits that came together: what is free of them, when they end, and whose they were."""

    free: int
    ends: datetime | None
    terms: Terms
    sources: Pins = field(default_factory=list)


@dataclass(eq=False)
class Need:
    """What an operation needs of a pool, and what is set aside for it."""

    credits: int
    chatbots: int = 0
    pins: Pins = field(default_factory=list)
    seats: int = 0
    failed: bool = False

    @property
    def short_credits(self) -> int:
        """Credits that it lacks."""
        return self.credits - sum(credits for _, credits in self.pins)

    @property
    def short_chatbots(self) -> int:
        """Chatbots that it lacks."""
        return self.chatbots - self.seats

    @property
    def met(self) -> bool:
        """It lacks nothing."""
        return not self.short_credits and not self.short_chatbots


@dataclass(eq=False)
class Pool:
    """One account's credits and chatbots. The root's has no end."""

    endless: bool = False
    lots: list[Lot] = field(default_factory=list)
    seats: int = 0
    used_seats: int = 0
    paused: int = 0
    used: int = 0
    sold: int = 0
    sold_seats: int = 0
    lapsed: int = 0

    @property
    def free(self) -> int:
        """Credits that nobody has set aside."""
        return sum(lot.free for lot in self.lots)

    def has(self, credits: int, chatbots: int) -> bool:
        """So much is free."""
        return self.endless or (credits <= self.free and chatbots <= self.seats)

    def lapse(self, now: datetime) -> None:
        """What has ended is gone (R36)."""
        for lot in self.lots:
            if lot.ends is not None and lot.ends <= now:
                self.lapsed += lot.free
                lot.free = 0
        self.lots = [lot for lot in self.lots if lot.free or lot.ends is None or lot.ends > now]

    def reserve(self, need: Need) -> None:
        """Set aside what is free, the soonest-ending first, up to what a need lacks (R3, R36)."""
        if self.endless:
            need.pins.append((Lot(0, None, "additional"), need.short_credits))
            need.seats = need.chatbots
            return
        for lot in sorted(self.lots, key=lambda one: (one.ends is None, one.ends)):
            take = min(lot.free, need.short_credits)
            if take:
                lot.free -= take
                need.pins.append((lot, take))
        take = min(self.seats, need.short_chatbots)
        self.seats -= take
        need.seats += take

    def give_up(self, need: Need) -> None:
        """What was set aside for a need is free again."""
        if not self.endless:
            for lot, credits in need.pins:
                lot.free += credits
            self.seats += need.seats
        need.pins, need.seats = [], 0

    def hand_over(self, need: Need) -> Pins:
        """A met need leaves the pool for a buyer; which lots it was taken from."""
        self.sold += need.credits
        self.sold_seats += need.chatbots
        return self.in_order(need.pins)

    def in_order(self, pins: Pins) -> Pins:
        """The soonest-ending first, then those that came first."""
        if self.endless:
            return pins
        place = {id(lot): number for number, lot in enumerate(self.lots)}
        return sorted(pins, key=lambda pin: (pin[0].ends or FAR, place.get(id(pin[0]), -1)))

    def take_back(self, pins: Pins, credits: int, now: datetime) -> None:
        """Credits that were sold out of some lots are free in them again, in the latest-ending
        first; what has ended meanwhile is gone (R46)."""
        self.lapse(now)
        self.sold -= credits
        for lot, taken in reversed(self.in_order(pins)):
            back = min(taken, credits)
            credits -= back
            if lot.ends is not None and lot.ends <= now:
                self.lapsed += back
            else:
                lot.free += back
        assert not credits or self.endless, "more comes back than was sold"

    def give_seats(self, chatbots: int) -> None:
        """Seats go; where too few are free, chatbots pause (R31)."""
        short = max(0, chatbots - self.seats)
        self.used_seats -= short
        self.paused += short
        self.seats += short - chatbots

    def resume(self) -> None:
        """Free seats go to paused chatbots."""
        back = min(self.seats, self.paused)
        self.paused -= back
        self.used_seats += back
        self.seats -= back

    def use(self, need: Need) -> None:
        """A met need is used up by the account itself."""
        self.used += need.credits
        self.used_seats += need.chatbots
