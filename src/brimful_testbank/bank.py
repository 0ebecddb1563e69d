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
MINIMUMS = {"USD": 50, "EUR": 50, "GBP": 30, "JPY": 50, "KWD": 500, "MGA": 100}
# Amounts are multiples of so much; of one minor unit where nothing is said.
STEPS = {"BHD": 10, "JOD": 10, "KWD": 10, "OMR": 10, "TND": 10, "MGA": 100}
# One charge is at most of so much; of eight digits where nothing is said.
MAXIMUMS = {"IDR": 999_999_999_999, "ISK": 999_999, "UGX": 999_999, "MGA": 9_999_999_900}


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
        self.merchants = journal.load("merchant")
        # The cards whose owners confirmed a payment.
        self.known: set[str] = set()
        self.overrides: dict[str, Behaviour] = {}
        self.changed: Callable[[Object, str], None] = lambda payment, kind: None

    def hear_time(self, at: datetime) -> None:
        """Whoever asks may say what time it is: holds run out by it. It never goes back."""
        if self._heard is None or at > self._heard:
            self._heard = at
            self._now = lambda: at

    def connect(self, merchant: str, connected: bool = True) -> None:
        """A merchant takes back the shop's access to it, or grants it again."""
        body: Object = {"id": merchant, "connected": connected}
        self.journal.write("merchant", body, None, None)
        self.merchants[merchant] = body

    def is_connected(self, merchant: str) -> bool:
        """Whether the shop may act for a merchant: for any that it names, until that takes it back."""
        return bool(self.merchants.get(merchant, {}).get("connected", True))

    def save_method(self, merchant: str, customer: str | None, token: str) -> Object:
        """Save a card; without a customer one is made."""
        card = _card_of(token)
        if customer is None:
            customer = self.make_customer(merchant)
        elif self.customers.get(customer, {}).get("merchant") != merchant:
            raise Refused(404, "no_such_customer", "no such customer")
        method = {
            "id": f"pm_{self._token_hex(8)}",
            "merchant": merchant,
            "customer": customer,
            **card,
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

    def method(self, merchant: str, method_id: str) -> Object:
        """A card of a merchant, also after it was removed."""
        method = self.methods.get(method_id)
        if method is None or method["merchant"] != merchant:
            raise Refused(404, "no_such_method", "no such payment method")
        return method

    def remove_method(self, merchant: str, method_id: str) -> Object:
        """Remove a card: it cannot be charged any more."""
        return self._change_method(self.method(merchant, method_id), {"removed": True})

    def replace_method(
        self, method_id: str, token: str | None = None, exp_month: int = 12, exp_year: int = 2039
    ) -> Object:
        """The network replaces a card where it is saved: by one with another expiry, and with a token
        by another card altogether."""
        card = {} if token is None else _card_of(token)
        method = self.methods[method_id]
        return self._change_method(method, {**card, "exp_month": exp_month, "exp_year": exp_year})

    def _change_method(self, method: Object, change: Object) -> Object:
        method = {**method, **change}
        self.journal.write("method", method, None, None)
        self.methods[str(method["id"])] = method
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
        if wish["amount"] > MAXIMUMS.get(wish["currency"], 99_999_999):
            raise Refused(400, "amount_too_large", "the amount is above the maximum")
        _check_step(wish["amount"], wish["currency"])
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
            "refunds": [],
            "disputes": [],
            "capture_before": None,
            "decline": None,
            "advice": None,
        }
        return self._change(payment, "created", "created", 0)

    def behaviour(self, payment: Object) -> Behaviour:
        """How the card of a payment behaves now."""
        method = self.methods[payment["method"]]
        return self.overrides.get(method["fingerprint"], CARDS[method["number"]])

    def confirm(
        self,
        merchant: str,
        payment_id: str,
        *,
        off_session: bool = True,
        return_url: str | None = None,
    ) -> Object:
        """Charge or hold; a payment that went further already is answered as it stands. With the
        owner there (not ``off_session``) the bank says where to confirm what it wants confirmed, and
        from there the way leads back to ``return_url``."""
        payment = self.payment(merchant, payment_id)
        if payment["state"] not in ("created", "declined", "needs_authentication"):
            return payment
        if self._asks(payment):
            url = None if off_session else f"/authenticate/{payment_id}"
            payment = {**payment, "action_url": url, "return_url": return_url}
            return self._change(payment, "needs_authentication", "needs_authentication", 0)
        return self._charge(payment)

    def authenticate(self, payment_id: str, complete: bool) -> Object:
        """The owner, at the bank's page, confirms a payment or lets it be."""
        payment = self.payments.get(payment_id)
        if payment is None or not payment.get("action_url"):
            raise Refused(404, "no_such_payment", "there is nothing to confirm")
        if payment["state"] != "needs_authentication":
            return payment
        if not complete:
            payment = {**payment, "decline": "authentication_failed", "advice": None}
            return self._change(payment, "declined", "declined", 0)
        self.known.add(self.methods[payment["method"]]["fingerprint"])
        return self._charge(payment)

    def _asks(self, payment: Object) -> bool:
        behaviour = self.behaviour(payment)
        known = self.methods[payment["method"]]["fingerprint"] in self.known
        return behaviour.authenticate or (behaviour.authenticate_once and not known)

    def _charge(self, payment: Object) -> Object:
        behaviour = self.behaviour(payment)
        if self.methods[payment["method"]]["removed"]:
            behaviour = replace(behaviour, decline="card_removed")
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
        _check_step(amount, payment["currency"])
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

    def refund(
        self, merchant: str, payment_id: str, amount: int, reference: str | None = None
    ) -> Object:
        """Give money back, in total never more than was captured; without a reference the merchant
        does so at its dashboard. The card may have it wait (`refund_pending`)."""
        payment = self.payment(merchant, payment_id)
        if payment["state"] != "captured":
            raise Refused(400, "not_captured", "nothing was captured")
        if any(dispute["state"] in ("open", "lost") for dispute in payment["disputes"]):
            raise Refused(400, "charge_disputed", "the money is not the merchant's at present")
        if not 1 <= amount <= payment["captured"] - payment["refunded"]:
            raise Refused(400, "amount_too_large", "more than is left to give back, or nothing")
        _check_step(amount, payment["currency"])
        pending = self.behaviour(payment).refund_pending
        refund = {
            "id": f"ref_{self._token_hex(8)}",
            "amount": amount,
            "state": "pending" if pending else "succeeded",
            "reference": reference,
        }
        back = {
            **payment,
            "refunded": payment["refunded"] + amount,
            "refunds": [*payment["refunds"], refund],
        }
        return self._change(back, "captured", "refunded", -amount)

    def end_refund(self, payment_id: str, refund_id: str, state: str) -> Object:
        """A refund that was under way succeeds, or one fails, as late as it likes: the money is the
        merchant's again."""
        payment = self.payments[payment_id]
        [refund] = [one for one in payment["refunds"] if one["id"] == refund_id]
        if refund["state"] == "failed":
            return payment
        ended = {**refund, "state": state}
        changed = [ended if one["id"] == refund_id else one for one in payment["refunds"]]
        payment = {**payment, "refunds": changed}
        moved = 0
        if state == "failed":
            payment["refunded"] -= refund["amount"]
            moved = refund["amount"]
        return self._change(payment, "captured", f"refund_{state}", moved)

    def dispute(self, payment_id: str, amount: int | None, state: str = "open") -> Object:
        """The holder of the card disputes a captured payment: the money is withdrawn, but for a mere
        inquiry."""
        payment = self.payments[payment_id]
        made: Object = {
            "id": f"dsp_{self._token_hex(8)}",
            "amount": payment["captured"] if amount is None else amount,
            "state": state,
        }
        disputed = {**payment, "disputes": [*payment["disputes"], made]}
        moved = 0 if state == "inquiry" else -made["amount"]
        return self._change(disputed, "captured", f"dispute_{state}", moved)

    def move_dispute(self, payment_id: str, dispute_id: str, state: str) -> Object:
        """A dispute goes on: open, won or lost, and even then it may be won yet."""
        payment = self.payments[payment_id]
        [dispute] = [one for one in payment["disputes"] if one["id"] == dispute_id]
        away, was = state in ("open", "lost"), dispute["state"] in ("open", "lost")
        moved = (int(was) - int(away)) * int(dispute["amount"])
        ended = {**dispute, "state": state}
        changed = [ended if one["id"] == dispute_id else one for one in payment["disputes"]]
        return self._change(
            {**payment, "disputes": changed},
            "captured",
            f"dispute_{state}",
            moved,
        )

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


def _card_of(token: str) -> Object:
    """What a card's number says of it. Raises Refused for none of the test cards."""
    number = number_of(token)
    if number is None:
        raise Refused(402, "invalid_number", "this is not one of the test cards")
    return {
        "number": number,
        "fingerprint": hashlib.sha256(token.encode()).hexdigest()[:16],
        "brand": "visa" if number.startswith("4") else "mastercard",
        "last4": number[-4:],
    }


def _check_step(amount: int, currency: str) -> None:
    if amount % STEPS.get(currency, 1):
        raise Refused(400, "amount_between_steps", "cards are not charged that finely in it")
