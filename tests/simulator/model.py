"""What was asked and what was answered, as whoever asked knows it: nothing here is read from our tables."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from tests.simulator.world import Offered, World


@dataclass(slots=True)
class Ask:
    """One thing that is wanted, under its key, however often it is sent. A purchase was ``bought``
    when it was answered so; a chatbot is ``deleted`` from when somebody asked for that."""

    number: int
    verb: str
    who: str
    random: Random
    credits: int = 0
    quantity: int = 1
    subscription_id: Any = None
    offer: Offered | None = None
    wait_ms: int = 10_000
    sent: int = 0
    times: list[datetime] = field(default_factory=list)
    flying: int = 0
    overlapped: bool = False
    answers: list[Any] = field(default_factory=list)
    outcome: str = ""
    object_id: Any = None
    reason: str = ""
    bought: bool = False
    deleted: bool = False

    @property
    def key(self) -> str:
        """The idempotency key."""
        return f"{self.verb}-{self.number}"

    @property
    def open(self) -> bool:
        """Whether nobody knows yet what became of it."""
        return self.outcome in ("", "unknown", "pending")


@dataclass(slots=True)
class LetGo:
    """An owner lets a subscription end, change to a smaller plan, or lose chatbots at period end, so
    that at most so many ``chatbots`` go back (R31); ``pauses`` when own ones may pause for it."""

    who: str
    chatbots: int
    pauses: bool


@dataclass(slots=True)
class Switch:
    """A setting, from the step at which it was asked for; ``known`` is when it was answered."""

    asked: int
    known: int
    enabled: bool
    limits: dict[str, int]


@dataclass(slots=True)
class Model:
    """All that was asked in a run."""

    world: World
    offers: list[Offered] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    cards: dict[str, str] = field(default_factory=dict)
    in_use: dict[str, str] = field(default_factory=dict)
    methods: dict[str, Any] = field(default_factory=dict)
    gifts: dict[str, int] = field(default_factory=dict)
    seats: dict[str, int] = field(default_factory=dict)
    let_go: list[LetGo] = field(default_factory=list)
    refunds: list[set[UUID]] = field(default_factory=list)
    overdrafts: dict[str, int] = field(default_factory=dict)
    switches: dict[str, list[Switch]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, world: World) -> "Model":
        """As a world begins."""
        model = cls(world, offers=[one.copy() for one in world.offers], gifts=dict(world.gifts))
        model.seats = dict(world.seats)
        for name in world.tree:
            model.switches[name] = [Switch(0, 0, world.enabled[name], dict(world.limits[name]))]
        for method in world.bank["method"].values():
            name = world.cards[method["token"]]
            model.cards[method["fingerprint"]] = name
            model.in_use[name] = method["fingerprint"]
        return model

    def probe(self, who: str, random: Random) -> Ask:
        """A spend that has to be served."""
        ask = Ask(len(self.asks), "spend", who, random, credits=700, wait_ms=60_000)
        ask.number += 10_000
        self.asks.append(ask)
        return ask

    def wrong(self, text: str) -> None:
        """Something that must not be."""
        self.problems.append(text)

    def setting(self, name: str) -> Switch:
        """What an account's owner was last told is set."""
        return next(one for one in reversed(self.switches[name]) if one.known >= 0)

    def shelf(self, seller: str, kind: str) -> list[Offered]:
        """What a seller offers of a kind."""
        return [
            one
            for one in self.offers
            if one.seller == seller and one.kind == kind and not one.withdrawn
        ]

    def chatbots(self, who: str) -> list[Ask]:
        """An account's chatbots as its owner knows them: created, and not deleted."""
        return [ask for ask in self.done("chatbot", who) if not ask.deleted]

    def done(self, verb: str, who: str) -> Iterator[Ask]:
        """What was done of what an account asked."""
        return (one for one in self.asks if (one.verb, one.who, one.outcome) == (verb, who, "done"))
