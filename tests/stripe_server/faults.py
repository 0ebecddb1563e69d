"""Faults on request: rules that spoil the next matching calls, before their effect or after it."""

import asyncio
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

FaultKind = Literal[
    "reset", "delay", "wait", "500", "503", "409", "429", "lock_timeout", "truncated", "html",
    "not_permitted", "not_capable", "no_balance", "still_processing",
]  # fmt: skip
When = Literal["before", "after"]


@dataclass(slots=True, kw_only=True)
class Rule:
    """Spoil the `nth` matching call from now on, and `times` - 1 more after it (0: for ever).

    `verb` is a pattern such as "payment_intents.*"; `about` is an id in the path, or a card number
    of the PaymentMethod that the call charges. `seconds` is real time, for "delay". With "wait" a
    call sets `arrived` and stands still until `opened` is set.
    """

    fault: FaultKind
    when: When = "before"
    verb: str = "*"
    account: str | None = None
    about: str | None = None
    nth: int = 1
    times: int = 1
    seconds: float = 0.5
    seen: int = field(default=0, init=False)
    arrived: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    opened: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def stall(self) -> None:
        """Let the call wait, as a "delay" or a "wait" does."""
        self.arrived.set()
        if self.fault == "delay":
            await asyncio.sleep(self.seconds)
        else:
            await self.opened.wait()

    def matches(self, verb: str, account: str, about: tuple[str, ...]) -> bool:
        """Whether a call is one that this rule counts."""
        return (
            fnmatchcase(verb, self.verb)
            and self.account in (None, account)
            and (self.about is None or self.about in about)
        )


@dataclass(slots=True)
class Faults:
    """The rules of one server; the first that strikes wins."""

    rules: list[Rule] = field(default_factory=list)

    def next_fault(self, verb: str, account: str, about: tuple[str, ...]) -> Rule | None:
        """The fault of this call, counting it."""
        for rule in self.rules:
            if rule.matches(verb, account, about):
                rule.seen += 1
                if rule.seen >= rule.nth and (rule.times == 0 or rule.seen < rule.nth + rule.times):
                    return rule
        return None
