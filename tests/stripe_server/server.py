"""The server: the core, its clock, its faults, its hooks; and serving it on a loopback port."""

import asyncio
import contextlib
import json
import secrets
import time
import traceback
from collections.abc import AsyncIterator

from tests.stripe_server.core import Request, Response, StripeCore, Ticket
from tests.stripe_server.errors import (
    in_flight,
    lock_timeout,
    no_balance,
    not_capable,
    not_permitted,
    rate_limited,
    still_processing,
    unavailable,
)
from tests.stripe_server.faults import Faults, Rule
from tests.stripe_server.hooks import Hooks, control
from tests.stripe_server.http import Reply, serve
from tests.stripe_server.state import State
from tests.stripe_server.webhooks import Courier

CONTROL = "/_control/"

SLOW_S = 0.3
REFUSALS = {
    "503": unavailable, "409": in_flight, "429": rate_limited, "lock_timeout": lock_timeout,
    "not_permitted": not_permitted, "not_capable": not_capable, "no_balance": no_balance,
    "still_processing": still_processing,
}  # fmt: skip
CARD_FAULTS: dict[str, Rule] = {
    "slow": Rule(fault="delay", seconds=SLOW_S),
    "lost_before": Rule(fault="reset"),
    "lost_after": Rule(fault="reset", when="after"),
}


class Clock:
    """The virtual clock: it runs with real time, from where it was put; or it stands still."""

    def __init__(self, at: int | None = None) -> None:
        """`at` is a Unix second at which it stands; without one it runs from now on."""
        self._fixed = at
        self._offset = 0

    def now(self) -> int:
        """Unix seconds."""
        return self._fixed if self._fixed is not None else int(time.time()) + self._offset

    def advance(self, seconds: int) -> None:
        """Let time pass; never backwards."""
        assert seconds >= 0
        if self._fixed is not None:
            self._fixed += seconds
        else:
            self._offset += seconds

    def freeze(self, at: int | None = None) -> None:
        """Stand still, at that second or at the present one."""
        self._fixed = max(self.now(), at or 0)


class StripeServer:
    """All that a test holds in its hands."""

    def __init__(self, *, seed: int | None = None, at: int | None = None) -> None:
        """`seed` makes the ids the same each time; `at` makes the clock stand at a Unix second."""
        self.clock = Clock(at)
        self.core = StripeCore(
            seed=secrets.randbits(64) if seed is None else seed, now=self.clock.now()
        )
        self.faults = Faults()
        self.courier = Courier(self.state)
        self.state.on_event = self.courier.on_event
        self.hooks = Hooks(self)
        # Errors of this server itself; a test may see to it that there are none.
        self.crashes: list[str] = []

    @property
    def state(self) -> State:
        """Everything that the server remembers."""
        return self.core.state

    def advance(self, seconds: int) -> None:
        """Let virtual time pass, and do what falls due (holds that expire, refunds that arrive)."""
        self.clock.advance(seconds)
        self.state.advance(self.clock.now())

    async def answer(self, request: Request) -> Reply:
        """Answer a request, spoiled if a rule says so; or run a hook."""
        try:
            return await self._answer(request)
        except Exception:
            self.crashes.append(traceback.format_exc())
            return Reply(Response(status=500, body=self.crashes[-1]))

    async def _answer(self, request: Request) -> Reply:
        if request.path.startswith(CONTROL):
            return Reply(await self._control(request))
        ticket = self.core.admit(request, self.clock.now())
        if isinstance(ticket, Response):
            return Reply(ticket)
        rule = self.faults.next_fault(
            ticket.route.verb, ticket.call.book.account, self._about(ticket)
        ) or self._fault_of_card(ticket)
        return Reply(self._run(ticket)) if rule is None else await self._spoiled(ticket, rule)

    async def _control(self, request: Request) -> Response:
        try:
            arguments = json.loads(request.form or "{}")
            result = await control(self.hooks, request.path.removeprefix(CONTROL), arguments)
        except ValueError as wrong:
            return Response(status=400, body=json.dumps({"error": str(wrong)}))
        return Response(status=200, body=json.dumps(result))

    def _run(self, ticket: Ticket) -> Response:
        return self.core.run(ticket, self.clock.now())

    async def _spoiled(self, ticket: Ticket, rule: Rule) -> Reply:
        stalls = rule.fault in ("delay", "wait")
        if stalls and rule.when == "before":
            await rule.stall()
        elif rule.when == "before":
            return self._lost_before(ticket, rule)
        response = self._run(ticket)
        if stalls and rule.when == "after":
            await rule.stall()
        if rule.fault == "500":
            return Reply(self.core.fail(ticket))
        if rule.fault in REFUSALS:
            # It took effect and its answer is saved; only whoever stands in between says no.
            return Reply(self.core.refuse(ticket, REFUSALS[rule.fault](), forget=False))
        return Reply(response, rule.fault)

    def _lost_before(self, ticket: Ticket, rule: Rule) -> Reply:
        """Spoiled with no effect: a 500 is saved for the key, and so is what comes of running; anything
        else leaves it free."""
        if rule.fault == "500":
            return Reply(self.core.fail(ticket))
        refusal = REFUSALS.get(rule.fault, unavailable)()
        return Reply(self.core.refuse(ticket, refusal, forget=True), rule.fault)

    def _about(self, ticket: Ticket) -> tuple[str, ...]:
        """The ids in the path, and the number of the card that is charged."""
        number = self._number(ticket)
        return ticket.call.ids if number is None else (*ticket.call.ids, number)

    def _number(self, ticket: Ticket) -> str | None:
        objects = ticket.call.book.objects
        intent = objects.get(ticket.call.ids[0]) if ticket.call.ids else None
        named = (intent or {}).get("payment_method") or ticket.given.get("payment_method")
        method = objects.get(named) if isinstance(named, str) else None
        return method["_card"].number if method is not None and "_card" in method else None

    def _fault_of_card(self, ticket: Ticket) -> Rule | None:
        """Our own cards bring their fault with them, at the first confirm of an intent."""
        if ticket.route.verb != "payment_intents.confirm":
            return None
        intent = ticket.call.book.objects.get(ticket.call.ids[0])
        method = ticket.call.book.objects.get((intent or {}).get("payment_method") or "")
        if intent is None or method is None or intent.get("_spoiled"):
            return None
        fault = CARD_FAULTS.get(method["_card"].fault or "")
        if fault is not None:
            intent["_spoiled"] = True
        return fault


@contextlib.asynccontextmanager
async def serving(
    server: StripeServer | None = None, *, deliver: bool = False, port: int = 0
) -> AsyncIterator[tuple[str, StripeServer]]:
    """Serve on a loopback port (0: a free one); yields the address for `base_addresses` and the server.

    With `deliver`, events are sent as they fall due; without, when `hooks.deliver` is called.
    """
    made = server or StripeServer()
    async with serve(made.answer, port) as url:
        task = asyncio.create_task(made.courier.run(made.advance)) if deliver else None
        try:
            yield url, made
        finally:
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
