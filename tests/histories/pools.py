"""What an account holds: lots of credits with their ends, and seats; what is set aside of them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Terms = Literal["plan", "additional"]
Pins = list[tuple["Lot", int]]


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
        return need.pins

    def use(self, need: Need) -> None:
        """A met need is used up by the account itself."""
        self.used += need.credits
        self.used_seats += need.chatbots
