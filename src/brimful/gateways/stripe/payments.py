"""Payments as PaymentIntents: create, confirm, capture, cancel, look up, find (R22)."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from stripe import RequestOptions as Options

from brimful.db.transaction import assert_no_transaction
from brimful.domain.money import charge_limit_minor, charge_step_minor
from brimful.domain.payment import (
    DISCONNECTED,
    Canceled,
    Captured,
    Created,
    CreateOutcome,
    FindOutcome,
    Held,
    NotFound,
    NotKnown,
    PaymentOutcome,
    Refused,
    Unknown,
    Unreachable,
)
from brimful.gateways.port import REFERENCE, CaptureMode
from brimful.gateways.stripe.calls import (
    CARD_GONE,
    SAVED_ERROR,
    UNREADABLE,
    Answer,
    Calls,
    Object,
    Right,
    Wrong,
    is_missing,
)
from brimful.gateways.stripe.methods import read_method
from brimful.gateways.stripe.minimums import minimum_minor
from brimful.gateways.stripe.outcomes import EXPAND, decline_of, is_disputed, outcome_of
from brimful.gateways.stripe.refunds import read_all_refunds, read_disputes
from brimful.gateways.stripe.units import to_stripe

# So many keys a request may use up.
KEYS_MAX = 5
PAGE = 100
PAGES_MAX = 1_000
# Keys are kept for a day; an hour more, for clocks that differ. In seconds.
FIND_BACK_S = 25 * 3_600


class Payments:
    """The verbs on payments; see the port."""

    _calls: Calls

    async def create(
        self,
        *,
        account_ref: str,
        customer_id: str,
        method_id: str,
        amount_minor: int,
        currency: str,
        capture: CaptureMode,
        idempotency_key: str,
        description: str,
        metadata: Mapping[str, str],
    ) -> CreateOutcome:
        """Make a PaymentIntent, not confirmed: no money moves."""
        assert_no_transaction()
        if amount_minor < minimum_minor(currency):
            return Refused(code="amount_too_small")
        if amount_minor > charge_limit_minor(currency):
            return Refused(code="amount_too_large")
        if amount_minor % charge_step_minor(currency):
            return Refused(code="amount_between_steps")
        options = self._calls.options(account_ref, idempotency_key)
        answer = await self._calls.ask(
            lambda: self._calls.sdk.payment_intents.create_async(
                {
                    "amount": to_stripe(amount_minor, currency),
                    "currency": currency.lower(),
                    "customer": customer_id,
                    "payment_method": method_id,
                    "allowed_payment_method_types": ["card"],
                    "capture_method": capture,
                    "description": description,
                    "metadata": dict(metadata),
                },
                options,
            )
        )
        match answer:
            case Right(body=body) if isinstance(body.get("id"), str):
                return Created(payment_id=body["id"])
            case Right():
                return Unknown(why="unreadable reply")
            case Wrong(code=code, error=said):
                gone = not said.get("code") and await self._is_gone(account_ref, method_id)
                return Refused(code=CARD_GONE if gone else code)
        return answer

    async def _is_gone(self, account_ref: str, method_id: str) -> bool:
        """Whether a card is detached, or was never there: a refusal for it bears no code of its own, as
        one for something else does, which would pass for an outage (R29)."""
        seen = await read_method(self._calls, account_ref=account_ref, method_id=method_id)
        return isinstance(seen, NotFound)

    async def confirm(
        self,
        *,
        account_ref: str,
        payment_id: str,
        idempotency_key: str,
        off_session: bool,
        return_url: str | None = None,
    ) -> PaymentOutcome:
        """Charge or hold. Without its owner a card that asks for them fails at once; with them it says
        where their bank asks, if there is a way back."""
        params: Any = {"expand": EXPAND}
        if off_session:
            params |= {"off_session": True, "error_on_requires_action": True}
        elif return_url is not None:
            params["return_url"] = return_url
        intents = self._calls.sdk.payment_intents
        answer = await self._once(
            account_ref,
            idempotency_key,
            lambda options: intents.confirm_async(payment_id, params, options),
        )
        return await self._outcome(account_ref, payment_id, answer, fits=_past_confirm)

    async def capture(
        self,
        *,
        account_ref: str,
        payment_id: str,
        amount_minor: int,
        currency: str,
        idempotency_key: str,
    ) -> PaymentOutcome:
        """Take a hold; the rest is released."""
        if amount_minor % charge_step_minor(currency):
            return Refused(code="amount_between_steps", payment_id=payment_id)
        taken = to_stripe(amount_minor, currency)
        intents = self._calls.sdk.payment_intents
        answer = await self._once(
            account_ref,
            idempotency_key,
            lambda options: intents.capture_async(
                payment_id, {"amount_to_capture": taken, "expand": EXPAND}, options
            ),
        )
        return await self._outcome(account_ref, payment_id, answer, fits=_past_capture)

    async def cancel(
        self, *, account_ref: str, payment_id: str, idempotency_key: str
    ) -> PaymentOutcome:
        """Cancel for good."""
        intents = self._calls.sdk.payment_intents

        async def ask(key: str) -> Answer:
            return await self._once(
                account_ref,
                key,
                lambda options: intents.cancel_async(payment_id, {"expand": EXPAND}, options),
            )

        answer = await ask(idempotency_key)
        if isinstance(answer, Wrong) and answer.replayed:
            # It could not be cancelled then, while it was processed. That takes no money, so it may be
            # asked for under as many keys as there are minutes.
            answer = await ask(f"{idempotency_key}-at-{int(time.time()) // 60}")
        return await self._outcome(account_ref, payment_id, answer, fits=_ended)

    async def look_up(self, *, account_ref: str, payment_id: str) -> PaymentOutcome:
        """Read a payment back."""
        options = self._calls.options(account_ref)
        answer = await self._calls.ask(
            lambda: self._calls.sdk.payment_intents.retrieve_async(
                payment_id, {"expand": EXPAND}, options
            )
        )
        match answer:
            case Right(body=body):
                return await self._read(account_ref, body)
            case Wrong() if is_missing(answer):
                return NotFound()
            case Wrong(code=code):
                return Refused(code=code, payment_id=payment_id)
        return answer

    async def find(self, *, account_ref: str, reference: str) -> FindOutcome:
        """Payments by reference, oldest first, as far back as a key is kept. They are listed: a search
        learns of a payment up to a minute late, and there is none in some countries."""
        found: list[str] = []
        params: Any = {"limit": PAGE, "created": {"gte": int(time.time()) - FIND_BACK_S}}
        for _ in range(PAGES_MAX):
            answer = await self._list(account_ref, params)
            if not isinstance(answer, Right):
                return answer if isinstance(answer, NotKnown) else Unknown(why=answer.code)
            listed = answer.body.get("data") or []
            try:
                # Newest first in an answer: seconds alone do not order those of one second.
                found += [i["id"] for i in listed if i["metadata"].get(REFERENCE) == reference]
            except UNREADABLE:
                return Unknown(why="unreadable reply")
            if not listed or not answer.body.get("has_more"):
                return tuple(reversed(found))
            params = {**params, "starting_after": listed[-1]["id"]}
        return Unknown(why="too many payments")

    async def _list(self, account_ref: str, params: Any) -> Answer:
        options = self._calls.options(account_ref)
        return await self._calls.ask(
            lambda: self._calls.sdk.payment_intents.list_async(params, options)
        )

    async def _once(
        self, account_ref: str, key: str, call: Callable[[Options], Awaitable[Any]]
    ) -> Answer:
        """Ask for what a payment lets happen once only, whatever the keys: so where Stripe has saved an
        error of its own for a key, which it would answer for a day, the next key in a row is used."""
        answer: Answer = Unknown(why=SAVED_ERROR)
        for number in range(1, KEYS_MAX + 1):
            options = self._calls.options(account_ref, key if number == 1 else f"{key}-{number}")
            answer = await self._calls.ask(lambda options=options: call(options))  # type: ignore[misc]
            if answer != Unknown(why=SAVED_ERROR):
                break
        return answer

    async def _outcome(
        self, account_ref: str, payment_id: str, answer: Answer, *, fits: Any
    ) -> PaymentOutcome:
        """What a verb on a payment led to. An answer of long ago is read afresh; a verb that came
        too late answers the state that its payment has."""
        if isinstance(answer, Unknown | Unreachable):
            return answer
        if isinstance(answer, Right):
            if answer.replayed:
                return await self.look_up(account_ref=account_ref, payment_id=payment_id)
            return await self._read(account_ref, answer.body)
        if is_missing(answer):
            return NotFound()
        if answer.declined and not answer.replayed:
            return decline_of(payment_id, answer.error)
        refused = Refused(code=answer.code, payment_id=payment_id)
        if answer.code in (DISCONNECTED, "idempotency_error"):
            return refused
        seen = await self.look_up(account_ref=account_ref, payment_id=payment_id)
        if isinstance(seen, Unknown | Unreachable | NotFound) or fits(seen):
            return seen
        return refused

    async def _read(self, account_ref: str, intent: Object) -> PaymentOutcome:
        """An intent with what has to be read beside it."""
        try:
            disputes: tuple[Object, ...] = ()
            if is_disputed(intent):
                read = await read_disputes(self._calls, account_ref, intent["id"])
                if isinstance(read, Unknown | Unreachable):
                    return read
                disputes = read
            whole = await read_all_refunds(self._calls, account_ref, intent)
            if isinstance(whole, Unknown | Unreachable):
                return whole
            return outcome_of(whole, disputes)
        except UNREADABLE:
            return Unknown(why="unreadable reply")


def _past_confirm(seen: PaymentOutcome) -> bool:
    """A confirm has nothing to do any more, or the card has said no to it."""
    return not isinstance(seen, Created | Refused)


def _past_capture(seen: PaymentOutcome) -> bool:
    return not isinstance(seen, Created | Held | Refused)


def _ended(seen: PaymentOutcome) -> bool:
    return isinstance(seen, Captured | Canceled)
