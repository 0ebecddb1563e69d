"""A gateway that counts what an engine calls, and fails once where it is told."""

import asyncio
import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from brimful.db.transaction import assert_no_transaction
from brimful.domain.payment import Declined, NeedsAuthentication, Refused, Unknown, Unreachable
from brimful_testbank.app import Desk
from brimful_testbank.bank import Bank
from brimful_testbank.cards import Behaviour
from brimful_testbank.faults import Rule
from tests.builders.faulty import Script

NO_ANSWER = (
    "lost_before", "lost_after", "http_500_before", "http_500_after", "unreachable", "time_out",
)  # fmt: skip
# An outage lasts for three tries of one call; a blackout as long, for any call about that payment, but
# its first call takes effect. After either the engine gives up, and what has happened comes out later.
FAILS = (*NO_ANSWER, "outage", "blackout", "refuse")
OUTAGE_TRIES = 3
# Cards may be declined as well, and what is held may expire.
CALL_KINDS: Mapping[str, tuple[str, ...]] = {
    "create": (*FAILS, "hold_expires"),
    "confirm": (*FAILS, "declined", "authenticate", "hold_expires"),
    "capture": (*FAILS, "declined", "hold_expires"),
    "cancel": (*FAILS, "hold_expires"),
    "refund": FAILS,
    "look_up": (*NO_ANSWER, "refuse", "hold_expires"),
}
# A request that timed out reaches the bank so much later, when it has been sent again.
LATE_S = 0.3
HOLDS_OUTLIVED = timedelta(days=5)


class FaultyGateway:
    """A gateway whose every call is a point; most faults are made by the bank, on request."""

    def __init__(
        self,
        inner: Any,
        desk: Desk,
        script: Script,
        accounts: Mapping[str, str],
        late: list[asyncio.Task[None]],
        ready: Callable[[str], Awaitable[None]],
    ) -> None:
        """``accounts`` names the gateway accounts; requests that come late are put into ``late``;
        every call waits until the scenario is ``ready`` for it."""
        self._ready = ready
        self._inner, self._desk, self._script = inner, desk, script
        self._accounts, self._late = accounts, late
        self._dark: Counter[str] = Counter()

    def __getattr__(self, verb: str) -> Any:
        method = getattr(self._inner, verb)
        return partial(self._call, verb, method) if inspect.iscoroutinefunction(method) else method

    async def _call(self, verb: str, method: Callable[..., Awaitable[Any]], **args: Any) -> Any:
        assert_no_transaction()
        name = f"{verb} at {self._accounts[args['account_ref']]}"
        await self._ready(name)
        held = any(payment["state"] == "held" for payment in self._desk.bank.payments.values())
        kind = self._script.reach("call", name, held=held)
        try:
            if self._dark[self._reference(args)] > 0:
                self._dark[self._reference(args)] -= 1
                return Unreachable(why="ConnectTimeout")
            return await self._spoil(kind, verb, partial(method, **args), args)
        finally:
            self._script.breathe()

    def _reference(self, args: Mapping[str, Any]) -> str:
        """What our side calls the payment that a call is about; nothing for other calls."""
        wish = self._desk.bank.payments.get(args.get("payment_id", ""), args)
        reference: str = wish.get("metadata", {}).get("reference", "")
        return reference

    async def _spoil(
        self, kind: str, verb: str, call: Callable[[], Awaitable[Any]], args: Mapping[str, Any]
    ) -> Any:
        if kind == "dies_before_call":
            self._script.die()
        if kind == "dies_after_call":
            await call()
            self._script.die()
        if kind == "unreachable":
            self._script.happened = True
            return Unreachable(why="ConnectError")
        if kind == "time_out":
            self._script.happened = True
            self._late.append(asyncio.create_task(_later(call)))
            return Unknown(why="ReadTimeout")
        if kind == "blackout":
            self._script.happened = True
            self._dark[self._reference(args)] = OUTAGE_TRIES - 1
            await call()
            return Unknown(why="ReadError")
        if kind in ("declined", "authenticate"):
            return await self._at_card(kind, verb, call, args)
        if kind == "hold_expires":
            self._outlive_holds()
        elif kind and verb == "look_up":
            self._script.happened = True
            await call()
            return Refused(code="refused") if kind == "refuse" else Unknown(why=kind)
        elif kind:
            return await self._at_bank(kind, verb, call, args)
        return await call()

    async def _at_bank(
        self, kind: Any, verb: str, call: Callable[[], Awaitable[Any]], args: Mapping[str, Any]
    ) -> Any:
        """The bank itself spoils this request, over the wire."""
        rule = self._rule("lost_before" if kind == "outage" else kind, verb, args)
        rule.times = OUTAGE_TRIES if kind == "outage" else 1
        self._desk.faults.rules.insert(0, rule)
        try:
            return await call()
        finally:
            self._script.happened = rule.seen == 1

    def _rule(self, fault: Any, verb: str, args: Mapping[str, Any]) -> Rule:
        """For the next such call about the same payment."""
        merchant = args["account_ref"]
        return Rule(fault, verb=verb, merchant=merchant, reference=self._reference(args))

    async def _at_card(
        self, kind: str, verb: str, call: Callable[[], Awaitable[Any]], args: Mapping[str, Any]
    ) -> Any:
        """The card says no to this one request, which comes through whatever else is spoilt."""
        bank = self._desk.bank
        self._desk.faults.rules.insert(0, self._rule(None, verb, args))
        card = bank.methods[bank.payments[args["payment_id"]]["method"]]["fingerprint"]
        before = bank.overrides.get(card, Behaviour())
        if kind == "authenticate":
            bank.overrides[card] = replace(before, authenticate=True)
        elif verb == "capture":
            bank.overrides[card] = replace(before, decline_capture=True)
        else:
            bank.overrides[card] = replace(before, decline="insufficient_funds")
        try:
            answer = await call()
        finally:
            bank.overrides[card] = before
        self._script.happened = isinstance(answer, Declined | NeedsAuthentication)
        return answer

    def _outlive_holds(self) -> None:
        """The bank's clock runs on, past the end of every hold that is open."""
        desk = self._desk
        self._script.happened = any(p["state"] == "held" for p in desk.bank.payments.values())
        overrides = desk.bank.overrides
        desk.bank = Bank(desk.journal, now=lambda: datetime.now(UTC) + HOLDS_OUTLIVED)
        desk.bank.overrides = overrides
        desk.bank.changed = desk.events.send


async def _later(call: Callable[[], Awaitable[Any]]) -> None:
    await asyncio.sleep(LATE_S)
    await call()
