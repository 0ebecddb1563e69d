"""The bank: customers, cards and payments with their state machine, each merchant apart.

created → (confirm) → captured | held | declined | needs_authentication; held → captured;
anything not captured → canceled, for good. Money moves only at "captured" and back at a refund.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from brimful_testbank.cards import CARDS, Behaviour, number_of
from brimful_testbank.journal import Journal

HOLD_LASTS = timedelta(days=4, hours=18)
MINIMUMS = {"USD": 50, "EUR": 50, "GBP": 30, "JPY": 50, "KWD": 500}


class Refused(Exception):
    """The request itself is refused; nothing changed."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


Object = dict[str, Any]


class Bank:
    """All state in memory, each change written to the journal before it is answered."""

    def __init__(
        self,
        journal: Journal,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        token_hex: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        self.journal = journal
        self._now, self._token_hex = now, token_hex
        self._heard: datetime | None = None
        self.customers = journal.load("customer")
        self.methods = journal.load("method")
        self.payments = journal.load("payment")
        self.overrides: dict[str, Behaviour] = {}
        self.changed: Callable[[Object, str], None] = lambda payment, kind: None

    def hear_time(self, at: datetime) -> None:
        """Whoever asks may say what time it is: holds run out by it. It never goes back."""
        if self._heard is None or at > self._heard:
            self._heard = at
            self._now = lambda: at

    def save_method(self, merchant: str, customer: str | None, token: str) -> Object:
        """Save a card; without a customer one is made."""
        number = number_of(token)
        if number is None:
            raise Refused(402, "invalid_number", "this is not one of the test cards")
        if customer is None:
            customer = self.make_customer(merchant)
        elif self.customers.get(customer, {}).get("merchant") != merchant:
            raise Refused(404, "no_such_customer", "no such customer")
        method = {
            "id": f"pm_{self._token_hex(8)}",
            "merchant": merchant,
            "customer": customer,
            "number": number,
            "fingerprint": hashlib.sha256(token.encode()).hexdigest()[:16],
            "brand": "visa" if number.startswith("4") else "mastercard",
            "last4": number[-4:],
            "exp_month": 12,
            "exp_year": 2034,
            "removed": False,
        }
        self.journal.write("method", method, None, None)
        self.methods[str(method["id"])] = method
        return method

    def make_customer(self, merchant: str) -> str:
        """A customer of a merchant, with no card yet; returns its id."""
        made: Object = {"id": f"cus_{self._token_hex(8)}", "merchant": merchant}
        self.journal.write("customer", made, None, None)
        self.customers[made["id"]] = made
        return str(made["id"])

    def remove_method(self, merchant: str, method_id: str) -> Object:
        """Remove a card: it cannot be charged any more."""
        method = self.methods.get(method_id)
        if method is None or method["merchant"] != merchant:
            raise Refused(404, "no_such_method", "no such payment method")
        method = {**method, "removed": True}
        self.journal.write("method", method, None, None)
        self.methods[method_id] = method
        return method

    def payment(self, merchant: str, payment_id: str) -> Object:
        """A payment of a merchant, its hold expired when its time is over."""
        payment = self.payments.get(payment_id)
        if payment is None or payment["merchant"] != merchant:
            raise Refused(404, "no_such_payment", "no such payment")
        if payment["state"] == "held" and payment["capture_before"] < self._now().isoformat():
            payment = self._change(payment, "canceled", "hold_expired", 0)
        return payment

    def find(self, merchant: str, reference: str) -> list[Object]:
        """The payments of a merchant made with a reference, oldest first."""
        return [
            payment
            for payment in self.payments.values()
            if payment["merchant"] == merchant and payment["metadata"].get("reference") == reference
        ]

    def create(self, merchant: str, wish: Object) -> Object:
        """Make a payment; no money moves."""
        method = self.methods.get(wish["method"])
        if method is None or method["merchant"] != merchant or method["removed"]:
            raise Refused(404, "no_such_method", "no such payment method")
        if method["customer"] != wish["customer"]:
            raise Refused(400, "wrong_customer", "the card belongs to another customer")
        if wish["amount"] < MINIMUMS.get(wish["currency"], 50):
            raise Refused(400, "amount_too_small", "the amount is below the minimum")
        payment = {
            "id": f"pay_{self._token_hex(10)}",
            "merchant": merchant,
            "customer": wish["customer"],
            "method": wish["method"],
            "amount": wish["amount"],
            "currency": wish["currency"],
            "capture": wish["capture"],
            "metadata": wish["metadata"],
            "description": wish["description"],
            "state": "new",
            "captured": 0,
            "refunded": 0,
            "capture_before": None,
            "decline": None,
            "advice": None,
        }
        return self._change(payment, "created", "created", 0)

    def behaviour(self, payment: Object) -> Behaviour:
        """How the card of a payment behaves now."""
        method = self.methods[payment["method"]]
        return self.overrides.get(method["fingerprint"], CARDS[method["number"]])

    def confirm(self, merchant: str, payment_id: str) -> Object:
        """Charge or hold; a payment that went further already is answered as it stands."""
        payment = self.payment(merchant, payment_id)
        if payment["state"] not in ("created", "declined", "needs_authentication"):
            return payment
        behaviour = self.behaviour(payment)
        if self.methods[payment["method"]]["removed"]:
            behaviour = replace(behaviour, decline="card_removed")
        if behaviour.authenticate:
            return self._change(payment, "needs_authentication", "needs_authentication", 0)
        if behaviour.decline is not None:
            payment = {**payment, "decline": behaviour.decline, "advice": behaviour.advice}
            return self._change(payment, "declined", "declined", 0)
        if payment["capture"] == "manual":
            until = (self._now() + HOLD_LASTS).isoformat()
            return self._change({**payment, "capture_before": until}, "held", "held", 0)
        taken = {**payment, "captured": payment["amount"]}
        return self._change(taken, "captured", "captured", payment["amount"])

    def capture(self, merchant: str, payment_id: str, amount: int) -> Object:
        """Take money of a hold, the rest is released."""
        payment = self.payment(merchant, payment_id)
        if payment["state"] in ("captured", "canceled"):
            return payment
        if payment["state"] != "held":
            raise Refused(400, "not_held", f"a payment that is {payment['state']} has no hold")
        if not 1 <= amount <= payment["amount"]:
            raise Refused(400, "amount_too_large", "more than was held, or nothing")
        if self.behaviour(payment).decline_capture:
            payment = {**payment, "decline": "processing_error", "advice": None}
            return self._change(payment, "declined", "declined", 0)
        return self._change({**payment, "captured": amount}, "captured", "captured", amount)

    def cancel(self, merchant: str, payment_id: str) -> Object:
        """Cancel for good; a captured payment stays captured."""
        payment = self.payment(merchant, payment_id)
        if payment["state"] in ("captured", "canceled"):
            return payment
        return self._change(payment, "canceled", "canceled", 0)

    def refund(self, merchant: str, payment_id: str, amount: int) -> Object:
        """Give money back, in total never more than was captured."""
        payment = self.payment(merchant, payment_id)
        if payment["state"] != "captured":
            raise Refused(400, "not_captured", "nothing was captured")
        if not 1 <= amount <= payment["captured"] - payment["refunded"]:
            raise Refused(400, "amount_too_large", "more than is left to give back, or nothing")
        back = {**payment, "refunded": payment["refunded"] + amount}
        return self._change(back, "captured", "refunded", -amount)

    def _change(self, payment: Object, state: str, kind: str, moved: int) -> Object:
        payment = {**payment, "state": state}
        self.journal.write(
            "payment",
            payment,
            {
                "at": self._now().isoformat(),
                "kind": kind,
                "payment": payment["id"],
                "merchant": payment["merchant"],
                "amount": moved,
                "currency": payment["currency"],
                "reference": payment["metadata"].get("reference"),
            },
            None,
        )
        self.payments[payment["id"]] = payment
        self.changed(payment, kind)
        return payment
