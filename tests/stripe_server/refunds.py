"""Refunds: never more than was captured; pending or failing ones by the virtual clock."""

from tests.stripe_server.errors import StripeError, invalid, missing
from tests.stripe_server.lists import page
from tests.stripe_server.money import check_step
from tests.stripe_server.state import Call, Obj, merge_metadata, present

PENDING_S = 3_600


def create(call: Call) -> Obj:
    """Give back some or all of a captured charge. Raises StripeError."""
    charge = _charge(call)
    left = charge["amount_captured"] - _given_back(charge)
    _check(charge, left)
    amount = call.params.get("amount", left)
    if amount < 1:
        raise invalid("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > left:
        raise invalid(
            f"Refund amount ({amount} {charge['currency']}) is greater than unrefunded amount on "
            f"charge ({left} {charge['currency']})",
            param="amount",
        )
    check_step(amount, charge["currency"], "amount")
    return _give_back(call, charge, amount)


def _charge(call: Call) -> Obj:
    wish = call.params
    if ("charge" in wish) == ("payment_intent" in wish):
        raise invalid(
            "One of the following params should be provided for this request: payment_intent or "
            "charge.",
            code="parameter_missing",
        )
    if "charge" in wish:
        return call.get("charge", wish["charge"], "charge")
    intent = call.get("payment_intent", wish["payment_intent"], "payment_intent")
    if intent["latest_charge"] is None or intent["status"] != "succeeded":
        raise StripeError(
            400, "invalid_request_error",
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            code="payment_intent_unexpected_state", payment_intent=present(intent), saved=True,
        )  # fmt: skip
    return call.get("charge", intent["latest_charge"])


def _check(charge: Obj, left: int) -> None:
    if not charge["captured"]:
        raise invalid(f"Charge {charge['id']} has not been captured.", param="charge")
    if left == 0:
        raise StripeError(
            400, "invalid_request_error",
            f"Charge {charge['id']} has already been refunded.",
            code="charge_already_refunded", charge=charge["id"], saved=True,
        )  # fmt: skip
    if charge.get("_withdrawn"):
        raise StripeError(
            400, "invalid_request_error",
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed", charge=charge["id"], saved=True,
        )  # fmt: skip


def _given_back(charge: Obj) -> int:
    """What refunds that did not fail gave back of what was captured, in minor units."""
    return sum(
        refund["amount"]
        for refund in charge["_refunds"]
        if refund["status"] in ("pending", "succeeded")
    )


def _give_back(call: Call, charge: Obj, amount: int) -> Obj:
    card = call.card_of(call.get("payment_method", charge["payment_method"]))
    refund = call.new(
        "refund", "re_",
        amount=amount, balance_transaction=call.state.new_id("txn_"), charge=charge["id"],
        currency=charge["currency"], customer=charge["customer"], customer_account=None,
        destination_details={
            "card": {
                "reference": None, "reference_status": "pending",
                "reference_type": "acquirer_reference_number", "type": "refund",
            },
            "type": "card",
        },
        metadata=merge_metadata({}, call.params.get("metadata")),
        payment_intent=charge["payment_intent"], payment_method=charge["payment_method"],
        reason=call.params.get("reason"), receipt_number=None, source_transfer_reversal=None,
        status="pending" if card.refund == "pending" else "succeeded", transfer_reversal=None,
    )  # fmt: skip
    charge["_refunds"].append(refund)
    _count(charge)
    call.money("refund", -amount, charge, refund["id"])
    call.event("refund.created", refund)
    call.event("charge.refunded", charge)
    alone = Call(call.state, call.book, {}, caller=call.caller)
    if card.refund == "pending":
        call.state.at(call.now + PENDING_S, lambda: _arrive(alone, refund))
    elif card.refund == "fails":
        call.state.at(call.now + PENDING_S, lambda: fail(alone, refund))
    return refund


def _count(charge: Obj) -> None:
    """A charge shows what was given back, and what was let go of a hold."""
    released = charge["amount"] - charge["amount_captured"]
    charge["amount_refunded"] = released + _given_back(charge)
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]


def _arrive(call: Call, refund: Obj) -> None:
    if refund["status"] != "pending":
        return
    refund["status"] = "succeeded"
    call.event("refund.updated", refund, {"status": "pending"})
    call.event("charge.refund.updated", refund, {"status": "pending"})


def fail(call: Call, refund: Obj, reason: str = "lost_or_stolen_card") -> None:
    """The money came back: a refund fails, up to 30 days later."""
    before = refund["status"]
    if before not in ("pending", "succeeded"):
        return
    charge = call.get("charge", refund["charge"])
    refund["status"], refund["failure_reason"] = "failed", reason
    refund["failure_balance_transaction"] = call.state.new_id("txn_")
    _count(charge)
    call.money("refund_failed", refund["amount"], charge, refund["id"])
    for kind in ("refund.failed", "refund.updated", "charge.refund.updated"):
        call.event(kind, refund, {"status": before})


def retrieve(call: Call) -> Obj:
    """One refund."""
    return call.get("refund", call.ids[0], in_path=True)


def update(call: Call) -> Obj:
    """Change its metadata."""
    refund = retrieve(call)
    refund["metadata"] = merge_metadata(refund["metadata"], call.params.get("metadata"))
    call.event("refund.updated", refund)
    return refund


def of_charge(call: Call) -> Obj:
    """The refunds of one charge."""
    charge = call.get("charge", call.ids[0], in_path=True)
    rows = (r for r in call.book.of("refund") if r["charge"] == charge["id"])
    return page(call, f"/v1/charges/{charge['id']}/refunds", rows)


def list_all(call: Call) -> Obj:
    """Refunds, newest first, by charge, intent and time."""
    charge, intent = call.params.get("charge"), call.params.get("payment_intent")
    if charge is not None and charge not in call.book.objects:
        raise missing("charge", charge, "charge")
    return page(
        call,
        "/v1/refunds",
        (
            refund
            for refund in call.book.of("refund")
            if charge in (None, refund["charge"]) and intent in (None, refund["payment_intent"])
        ),
    )
