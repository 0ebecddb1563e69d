"""What a test can do to the server that no API call can: each public method is a hook.

Every hook is also `POST /_control/<name>` with its arguments as a JSON object. Amounts are integer
minor units; times are seconds of the virtual clock.
"""

import asyncio
import dataclasses
from typing import TYPE_CHECKING, Any

from tests.stripe_server import attempts, checkout, connect, disputes, refunds
from tests.stripe_server.cards import CARDS, DECLINES, Card, by_number, by_token
from tests.stripe_server.errors import StripeError
from tests.stripe_server.faults import Rule
from tests.stripe_server.methods import fingerprint
from tests.stripe_server.state import PLATFORM, Call, Obj, present
from tests.stripe_server.webhooks import Disturbance

if TYPE_CHECKING:
    from tests.stripe_server.server import StripeServer


def card_named(name: str) -> Card:
    """A test card by its name ("visa"), its token or its number. Raises ValueError."""
    card = CARDS.get(name) or by_token(name) or by_number(name)
    if card is None:
        raise ValueError(f"no test card {name}")
    return card


class Hooks:
    """The hands of a test."""

    def __init__(self, server: "StripeServer") -> None:
        """The hooks of one server."""
        self._server = server

    def _call(self, id: str) -> tuple[Call, Obj]:
        """An object, and a call on its books that no request made. Raises ValueError."""
        self._server.advance(0)
        try:
            book, found = self._server.state.find(id)
        except KeyError:
            raise ValueError(f"no such object {id}") from None
        return Call(self._server.state, book, {}), found

    # Time

    def now(self) -> int:
        """The second of the virtual clock."""
        return self._server.clock.now()

    def advance(self, seconds: int) -> int:
        """Let time pass, and do what falls due."""
        self._server.advance(seconds)
        return self.now()

    def freeze(self, at: int | None = None) -> int:
        """Let the clock stand."""
        self._server.clock.freeze(at)
        self._server.advance(0)
        return self.now()

    # Faults and declines

    def fault(self, **rule: Any) -> None:
        """Add a rule of `faults.Rule`."""
        self._server.faults.rules.append(Rule(**rule))

    def clear_faults(self) -> None:
        """No faults from now on; calls that wait go on."""
        for rule in self._server.faults.rules:
            rule.opened.set()
        self._server.faults.rules.clear()

    def say(self, decline: str | None, card: str = "*", advice: str | None = None) -> None:
        """From now on the bank of a card (all cards: "*") declines so; None: it says yes again.

        `decline` is a decline code of `cards.DECLINES`; `advice` replaces its advice code.
        """
        where = self._server.state.issuer
        name = card if card == "*" else card_named(card).number
        if decline is None:
            where.pop(name, None)
        else:
            said = DECLINES[decline]
            where[name] = dataclasses.replace(said, advice_code=advice or said.advice_code)

    # People

    def authenticate(self, intent: str, passes: bool = True) -> Obj:
        """The owner answers the bank's question; the intent as it is afterwards."""
        call, found = self._call(intent)
        try:
            attempts.authenticate(call, found, passes=passes)
        except StripeError as refused:
            if refused.status != 402:
                raise ValueError(str(refused)) from None
        return _shown(found)

    def settle(self, intent: str, passes: bool = True) -> Obj:
        """The bank at last says what becomes of an intent that is `processing`."""
        call, found = self._call(intent)
        try:
            attempts.settle(call, found, passes=passes)
        except StripeError as refused:
            if refused.status != 402:
                raise ValueError(str(refused)) from None
        return _shown(found)

    def complete_checkout(self, session: str, card: str = "visa") -> Obj:
        """The owner saves this card on the page of a session; what the card says if it refuses."""
        call, found = self._call(session)
        try:
            checkout.complete(call, found, card_named(card))
        except StripeError as refused:
            return {"error": present(refused.error)}
        return _shown(found)

    def dispute(
        self, payment: str, amount: int | None = None, reason: str = "fraudulent",
        inquiry: bool = False,
    ) -> Obj:  # fmt: skip
        """The card's owner disputes a PaymentIntent or a charge; unless said, all of it."""
        call, charge = self._charge(payment)
        return _shown(
            disputes.open_dispute(
                call, charge, amount=amount or charge["amount_captured"], reason=reason,
                inquiry=inquiry,
            )
        )  # fmt: skip

    def _charge(self, payment: str) -> tuple[Call, Obj]:
        call, found = self._call(payment)
        if found["object"] == "payment_intent":
            return call, call.get("charge", found["latest_charge"])
        return call, found

    def escalate(self, dispute: str) -> Obj:
        """An inquiry becomes a dispute."""
        call, found = self._call(dispute)
        return _shown(disputes.escalate(call, found))

    def decide(self, dispute: str, verdict: disputes.Verdict) -> Obj:
        """The bank's verdict; a late win is "won" after "lost"."""
        call, found = self._call(dispute)
        return _shown(disputes.decide(call, found, verdict))

    def refund(self, payment: str, amount: int | None = None) -> Obj:
        """Somebody refunds in the Dashboard."""
        call, found = self._call(payment)
        name = "charge" if found["object"] == "charge" else "payment_intent"
        call.params = {name: payment} | ({} if amount is None else {"amount": amount})
        return _shown(refunds.create(call))

    def fail_refund(self, refund: str, reason: str = "lost_or_stolen_card") -> Obj:
        """The refunded money comes back."""
        call, found = self._call(refund)
        refunds.fail(call, found, reason)
        return _shown(found)

    def update_card(
        self, method: str, exp_month: int, exp_year: int, number: str | None = None
    ) -> Obj:
        """The network reissues a saved card in its place."""
        call, found = self._call(method)
        before = {"card": {name: found["card"][name] for name in ("exp_month", "exp_year")}}
        found["card"] |= {"exp_month": exp_month, "exp_year": exp_year}
        if number is not None:
            card = card_named(number)
            names = ("brand", "display_brand", "fingerprint", "last4")
            before["card"] |= {name: found["card"][name] for name in names}
            found["_card"] = card
            found["card"] |= {
                "brand": card.brand, "display_brand": card.brand,
                "fingerprint": fingerprint(call.book, card.number), "last4": card.last4,
            }  # fmt: skip
        call.event("payment_method.automatically_updated", found, before)
        return _shown(found)

    # Connect

    def open_account(self, id: str | None = None, currency: str = "usd") -> Obj:
        """A connected account that may charge."""
        made = connect.new_account(self._server.state, id=id, default_currency=currency)
        return _shown(connect.set_onboarded(made))

    def own_key(self, account: str, live: bool = False) -> str:
        """An API key with which the owner of an account acts on it, past the platform."""
        key = self._server.state.new_id("sk_live_" if live else "sk_test_", 24)
        self._server.state.keys[key] = account
        return key

    def onboard(self, account: str, live: bool = False) -> Obj:
        """The agency has filled in all that Stripe asked for."""
        made = connect.set_onboarded(self._server.state.accounts[account])
        self._of_account(account, live).event("account.updated", made)
        return _shown(made)

    def restrict(self, account: str, live: bool = False) -> Obj:
        """Stripe stops an account from charging."""
        made = connect.set_restricted(self._server.state.accounts[account])
        self._of_account(account, live).event("account.updated", made)
        return _shown(made)

    def deauthorize(self, account: str, live: bool = False) -> None:
        """The agency takes back the platform's access."""
        self._server.state.revoked.add(account)
        application = {"id": "ca_Platform", "object": "application", "name": "platform"}
        self._of_account(account, live).event("account.application.deauthorized", application)

    def authorize(self, account: str) -> None:
        """The agency grants the platform access again."""
        self._server.state.revoked.discard(account)
        self._server.state.connected.add(account)

    def _of_account(self, account: str, live: bool) -> Call:
        self._server.advance(0)
        state = self._server.state
        return Call(state, state.book(account, live), {}, caller=PLATFORM)

    # Events

    def disturb(self, **how: Any) -> None:
        """Spoil deliveries as `webhooks.Disturbance` says; without arguments, no more."""
        self._server.courier.disturbance = Disturbance(**how)

    async def deliver(self) -> int:
        """Send every event that is due; how many were sent."""
        self._server.advance(0)
        return await self._server.courier.deliver()

    def resend(self, event: str) -> None:
        """Plan an event again."""
        self._server.courier.resend(event)

    def events(self, type: str | None = None) -> list[Obj]:
        """Every event so far, oldest first."""
        made = [event for _, event in self._server.state.events]
        return [event for event in made if type in (None, event["type"])]

    def attempts(self) -> list[Obj]:
        """Every delivery that was tried."""
        return [dataclasses.asdict(attempt) for attempt in self._server.courier.attempts]

    # Books

    def journal(self) -> list[Obj]:
        """The server's own books of money."""
        return [dataclasses.asdict(line) for line in self._server.state.journal.lines]


def _shown(found: Obj) -> Obj:
    shown: Obj = present(found)
    return shown


async def control(hooks: Hooks, name: str, arguments: Obj) -> Any:
    """Run a hook by its name. Raises ValueError for what is none, or does not fit."""
    method = None if name.startswith("_") else getattr(hooks, name, None)
    if method is None:
        raise ValueError(f"no hook {name}")
    try:
        result = method(**arguments)
    except (TypeError, KeyError, StripeError) as wrong:
        raise ValueError(f"{name}: {wrong}") from None
    return await result if asyncio.iscoroutine(result) else result
