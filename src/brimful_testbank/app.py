"""The bank over HTTP: JSON in and out, an idempotency key per request, merchants by a header."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from brimful_testbank.bank import Bank, Object, Refused
from brimful_testbank.cards import Behaviour
from brimful_testbank.events import Events
from brimful_testbank.faults import Faults, Rule
from brimful_testbank.journal import Journal
from brimful_testbank.pages import Pages
from brimful_testbank.records import list_payments


class HangUp(Exception):
    """The connection is to be dropped without a reply."""


class Closed(Exception):
    """The merchant that is named has taken back the shop's access."""


class Desk:
    """One bank with all that belongs to it; what the routes work on."""

    def __init__(self, journal: Path | None, events_url: str | None, secret: str) -> None:
        self.journal = Journal(journal)
        self.bank = Bank(self.journal)
        self.faults = Faults()
        self.events = Events(events_url, secret)
        self.pages = Pages(self.bank, self.events.send_page)
        self.bank.changed = self.events.send

    async def serve(self, request: Request) -> Response:
        """One call of a merchant: gate, faults before, the key, the effect, faults after."""
        verb = request.path_params.get("verb") or request.scope["endpoint_verb"]
        body = await request.body()
        wish: Object = json.loads(body) if body else {}
        payment_id = request.path_params.get("payment")
        reference = self._reference(wish, payment_id)
        await self.faults.pass_gate(verb)
        merchant = self._hear(request)
        fault = self.faults.next_fault(verb, merchant, reference)
        lost = self._card_loses(verb, payment_id)
        if fault == "lost_before" or lost == "before":
            raise HangUp
        if fault == "http_500_before":
            return JSONResponse({"code": "internal"}, 500)
        if fault == "refuse":
            return JSONResponse({"code": "refused"}, 400)
        if verb == "confirm" and payment_id in self.bank.payments:
            slow_ms = self.bank.behaviour(self.bank.payments[payment_id]).slow_ms
            await asyncio.sleep(slow_ms / 1000)
        status, answer = self._once(request, verb, merchant, payment_id, wish)
        if fault == "lost_after" or lost == "after":
            raise HangUp
        if fault == "http_500_after":
            return JSONResponse({"code": "internal"}, 500)
        return Response(answer, status, media_type="application/json")

    def _hear(self, request: Request) -> str:
        """Who asks, and what time it is by a header of theirs; one that is no time says nothing.
        Raises Closed."""
        with suppress(KeyError, ValueError, OverflowError):
            self.bank.hear_time(datetime.fromisoformat(request.headers["time"]).astimezone(UTC))
        merchant = request.headers.get("merchant", "")
        if not self.bank.is_connected(merchant):
            raise Closed
        return merchant

    def _reference(self, wish: Object, payment_id: str | None) -> str | None:
        metadata = self.bank.payments.get(payment_id or "", wish).get("metadata") or {}
        reference: str | None = metadata.get("reference")
        return reference

    def _card_loses(self, verb: str, payment_id: str | None) -> str | None:
        if verb != "confirm" or payment_id not in self.bank.payments:
            return None
        return self.bank.behaviour(self.bank.payments[payment_id]).lost

    def _once(
        self, request: Request, verb: str, merchant: str, payment_id: str | None, wish: Object
    ) -> tuple[int, str]:
        key = request.headers.get("idempotency-key")
        params = json.dumps([verb, payment_id, wish], sort_keys=True)
        if key is not None and (kept := self.journal.reply_for(merchant, key)) is not None:
            if kept[0] != params:
                return 400, json.dumps({"code": "idempotency_error"})
            return kept[1], kept[2]
        try:
            status, answer = 200, json.dumps(self._do(verb, merchant, payment_id, wish, key))
        except Refused as refused:
            status = refused.status
            answer = json.dumps({"code": refused.code, "message": refused.message})
            if verb == "refund":
                # What it is refused for may pass; whoever asks again is answered anew.
                return status, answer
        if key is not None:
            self.journal.keep_reply((merchant, key, params, status, answer))
        return status, answer

    def _do(
        self, verb: str, merchant: str, payment_id: str | None, wish: Object, key: str | None
    ) -> Any:
        bank = self.bank
        if payment_id is None:
            if verb == "create":
                return bank.create(merchant, wish)
            token = str(wish.get("token", ""))
            if token.startswith("page_"):
                return self.pages.method_of(merchant, token, wish.get("customer"))
            return bank.save_method(merchant, wish.get("customer"), token)
        if verb == "capture":
            return bank.capture(merchant, payment_id, int(wish["amount"]))
        if verb == "refund":
            return bank.refund(merchant, payment_id, int(wish["amount"]), key)
        if verb == "confirm":
            present = wish.get("off_session") is False
            back = wish.get("return_url")
            return bank.confirm(merchant, payment_id, off_session=not present, return_url=back)
        if verb == "cancel":
            return bank.cancel(merchant, payment_id)
        raise Refused(404, "no_such_verb", "no such verb")

    async def look_up(self, request: Request) -> Response:
        """Read a payment."""
        await self.faults.pass_gate("look_up")
        merchant = self._hear(request)
        payment_id = request.path_params["payment"]
        fault = self.faults.next_fault("look_up", merchant, self._reference({}, payment_id))
        if fault in ("lost_before", "lost_after"):
            raise HangUp
        try:
            return JSONResponse(self.bank.payment(merchant, payment_id))
        except Refused as refused:
            return JSONResponse({"code": refused.code}, refused.status)

    async def authenticate(self, request: Request) -> Response:
        """The bank's own page: the owner confirms a payment, or lets it be."""
        wish = await request.json() if await request.body() else {}
        payment_id = request.path_params["payment"]
        try:
            done = self.bank.authenticate(payment_id, bool(wish.get("complete", True)))
        except Refused as refused:
            return JSONResponse({"code": refused.code}, refused.status)
        return JSONResponse({"state": done["state"], "return_url": done.get("return_url")})

    async def find(self, request: Request) -> Response:
        """Payments by reference."""
        found = self.bank.find(self._hear(request), request.query_params.get("reference", ""))
        return JSONResponse([payment["id"] for payment in found])

    async def records(self, request: Request) -> Response:
        """Payments page by page."""
        asked = request.query_params
        merchant = self._hear(request)
        fault = self.faults.next_fault("list", merchant, None)
        if fault == "refuse":
            return JSONResponse({"code": "refused"}, 400)
        if fault is not None:
            raise HangUp
        try:
            return JSONResponse(
                list_payments(
                    self.bank,
                    merchant,
                    since=asked.get("since", ""),
                    before=asked.get("before", ""),
                    after=asked.get("after"),
                    limit=100,
                )
            )
        except ValueError:
            return JSONResponse({"code": "time_invalid"}, 400)

    async def merchant(self, request: Request) -> Response:
        """Whether a merchant is connected: one that is not gets no answer but that (403)."""
        await self.faults.pass_gate("merchant")
        merchant = self._hear(request)
        if self.faults.next_fault("merchant", merchant, None) is not None:
            raise HangUp
        return JSONResponse({"id": merchant})

    async def make_page(self, request: Request) -> Response:
        """A page of ours for a merchant's visitor."""
        wish: Object = json.loads(await request.body() or b"{}")
        address = str(request.base_url).rstrip("/")
        try:
            return JSONResponse(self.pages.make(self._hear(request), wish, address))
        except Refused as refused:
            return JSONResponse({"code": refused.code}, refused.status)

    async def read_method(self, request: Request) -> Response:
        """Read a card."""
        await self.faults.pass_gate("read_method")
        merchant = self._hear(request)
        if self.faults.next_fault("read_method", merchant, None) is not None:
            raise HangUp
        try:
            return JSONResponse(self.bank.method(merchant, request.path_params["method"]))
        except Refused as refused:
            return JSONResponse({"code": refused.code}, refused.status)

    async def remove(self, request: Request) -> Response:
        """Remove a card."""
        merchant = self._hear(request)
        try:
            return JSONResponse(self.bank.remove_method(merchant, request.path_params["method"]))
        except Refused as refused:
            return JSONResponse({"code": refused.code}, refused.status)

    async def control(self, request: Request) -> Response:
        """What tests ask of the bank: faults, gates, how events come, how a card behaves; and what
        merchants do at their dashboard, holders of cards at their banks, and the networks of cards."""
        wish = await request.json() if await request.body() else {}
        what = request.path_params["what"]
        if what == "faults":
            self.faults.rules.append(Rule(**wish))
        elif what == "clear":
            self.faults.rules.clear()
        elif what == "close":
            self.faults.close_gate(wish["verb"])
        elif what == "open":
            self.faults.open_gate(wish["verb"])
        elif what == "await":
            await self.faults.wait_for(wish["verb"], int(wish["count"]))
        elif what == "events":
            self.events.mode.update(wish)
        elif what == "card":
            self.bank.overrides[wish.pop("fingerprint")] = Behaviour(**wish)
        elif what == "connect":
            self.connect(**wish)
        elif what == "replace":
            return JSONResponse(self.replace(wish.pop("method"), **wish))
        elif what in ("refund", "end_refund", "dispute", "move_dispute"):
            return JSONResponse(getattr(self.bank, what)(**wish))
        else:
            return JSONResponse({"code": "no_such_control"}, 404)
        return JSONResponse(self.faults.describe())

    def connect(self, merchant: str, connected: bool = True) -> None:
        """A merchant takes back the shop's access, or grants it again; the shop is told."""
        self.bank.connect(merchant, connected)
        self.events.send_account(merchant, "updated" if connected else "disconnected")

    def replace(self, method_id: str, **card: Any) -> Object:
        """The network replaces a card (`Bank.replace_method`); the shop is told."""
        method = self.bank.replace_method(method_id, **card)
        self.events.send_method(method)
        return method

    async def effects(self, request: Request) -> Response:
        """The journal: the independent witness of every movement of money."""
        return JSONResponse(self.journal.effects())


async def _closed(request: Request, closed: Exception) -> Response:
    return JSONResponse({"code": "account_disconnected"}, 403)


def create_app(
    journal: Path | None = None, events_url: str | None = None, secret: str = ""
) -> Starlette:
    """The bank as an ASGI application; ``app.state.desk`` is the bank behind it."""
    desk = Desk(journal, events_url, secret)

    def verb(name: str) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            request.scope["endpoint_verb"] = name
            return await desk.serve(request)

        return serve

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await desk.events.close()

    app = Starlette(
        routes=[
            Route("/payments", verb("create"), methods=["POST"]),
            Route("/payments", desk.find, methods=["GET"]),
            Route("/payments/{payment}", desk.look_up, methods=["GET"]),
            Route("/payments/{payment}/{verb}", desk.serve, methods=["POST"]),
            Route("/authenticate/{payment}", desk.authenticate, methods=["POST"]),
            Route("/methods", verb("save_method"), methods=["POST"]),
            Route("/methods/{method}", desk.read_method, methods=["GET"]),
            Route("/methods/{method}", desk.remove, methods=["DELETE"]),
            Route("/records", desk.records, methods=["GET"]),
            Route("/merchant", desk.merchant, methods=["GET"]),
            Route("/pages", desk.make_page, methods=["POST"]),
            Route("/pages/{page}", desk.pages.visit, methods=["GET", "POST"]),
            Route("/control/{what}", desk.control, methods=["POST"]),
            Route("/journal", desk.effects, methods=["GET"]),
        ],
        lifespan=lifespan,
        exception_handlers={Closed: _closed},
    )
    app.state.desk = desk
    return app
