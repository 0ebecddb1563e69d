"""Faults on request: rules that spoil the next matching calls, and gates that hold calls up."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal

FaultKind = Literal["lost_before", "lost_after", "http_500_before", "http_500_after", "refuse"]


@dataclass(slots=True)
class Rule:
    """Spoil the ``nth`` matching call from now on, and ``times`` - 1 more after it."""

    fault: FaultKind
    verb: str | None = None
    merchant: str | None = None
    reference: str | None = None
    nth: int = 1
    times: int = 1
    seen: int = field(default=0, init=False)

    def matches(self, verb: str, merchant: str, reference: str | None) -> bool:
        """Whether a call is one this rule counts."""
        return (
            self.verb in (None, verb)
            and self.merchant in (None, merchant)
            and self.reference in (None, reference)
        )


class Faults:
    """The rules and gates of one bank."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._gates: dict[str, asyncio.Event] = {}
        self.waiting: dict[str, int] = {}
        self.arrived = asyncio.Condition()

    def next_fault(self, verb: str, merchant: str, reference: str | None) -> FaultKind | None:
        """The fault of this call, counting it."""
        for rule in self.rules:
            if rule.matches(verb, merchant, reference):
                rule.seen += 1
                if rule.nth <= rule.seen < rule.nth + rule.times:
                    return rule.fault
        return None

    def close_gate(self, verb: str) -> None:
        """Let calls of a verb wait until the gate is opened."""
        self._gates.setdefault(verb, asyncio.Event())

    def open_gate(self, verb: str) -> None:
        """Let go those that wait, and all after them."""
        gate = self._gates.pop(verb, None)
        if gate is not None:
            gate.set()

    async def pass_gate(self, verb: str) -> None:
        """Wait at the gate of a verb, if it is closed."""
        gate = self._gates.get(verb)
        if gate is None:
            return
        async with self.arrived:
            self.waiting[verb] = self.waiting.get(verb, 0) + 1
            self.arrived.notify_all()
        await gate.wait()
        self.waiting[verb] -= 1

    async def wait_for(self, verb: str, count: int) -> None:
        """Wait until so many calls stand at a gate."""
        async with self.arrived:
            await self.arrived.wait_for(lambda: self.waiting.get(verb, 0) >= count)

    def describe(self) -> dict[str, Any]:
        """How many calls wait at each gate."""
        return {"waiting": self.waiting, "rules": len(self.rules)}
