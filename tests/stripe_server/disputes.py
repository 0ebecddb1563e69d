"""Disputes and inquiries: raised and decided by test cards, by evidence, or by a hook."""

from typing import Literal

from tests.stripe_server.errors import StripeError
from tests.stripe_server.lists import page
from tests.stripe_server.state import Call, Obj, merge_metadata

Verdict = Literal["won", "lost", "warning_closed", "prevented"]
OPEN = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
NETWORK_CODES = {"fraudulent": "10.4", "product_not_received": "13.1"}
EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy",
    "cancellation_policy_disclosure", "cancellation_rebuttal", "customer_communication",
    "customer_email_address", "customer_name", "customer_purchase_ip", "customer_signature",
    "duplicate_charge_documentation", "duplicate_charge_explanation", "duplicate_charge_id",
    "product_description", "receipt", "refund_policy", "refund_policy_disclosure",
    "refund_refusal_explanation", "service_date", "service_documentation", "shipping_address",
    "shipping_carrier", "shipping_date", "shipping_documentation", "shipping_tracking_number",
    "uncategorized_file", "uncategorized_text",
)  # fmt: skip
RESPONSE_DAYS = 9


def open_dispute(
    call: Call, charge: Obj, *, amount: int, reason: str = "fraudulent", inquiry: bool = False
) -> Obj:
    """A dispute of `amount` minor units; the money is withdrawn at once, not for an inquiry."""
    dispute = call.new(
        "dispute", "du_",
        amount=amount, balance_transactions=[], charge=charge["id"], currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence={**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
        evidence_details={
            "due_by": call.now + RESPONSE_DAYS * 86_400, "enhanced_eligibility": {},
            "has_evidence": False, "past_due": False, "submission_count": 0,
        },
        is_charge_refundable=inquiry, metadata={}, payment_intent=charge["payment_intent"],
        payment_method_details={
            "card": {
                "brand": charge["payment_method_details"]["card"]["brand"],
                "case_type": "inquiry" if inquiry else "chargeback",
                "network": charge["payment_method_details"]["card"]["network"],
                "network_reason_code": NETWORK_CODES.get(reason),
            },
            "type": "card",
        },
        reason=reason, status="warning_needs_response" if inquiry else "needs_response",
        _withdrawn=False,
    )  # fmt: skip
    charge["disputed"] = True
    call.event("charge.dispute.created", dispute)
    if not inquiry:
        _withdraw(call, dispute)
    return dispute


def _withdraw(call: Call, dispute: Obj) -> None:
    charge = call.get("charge", dispute["charge"])
    dispute["_withdrawn"] = charge["_withdrawn"] = True
    dispute["balance_transactions"].append(_movement(call, dispute, -dispute["amount"]))
    call.money("dispute_withdrawn", -dispute["amount"], charge, dispute["id"])
    call.event("charge.dispute.funds_withdrawn", dispute)


def _reinstate(call: Call, dispute: Obj) -> None:
    charge = call.get("charge", dispute["charge"])
    dispute["_withdrawn"] = charge["_withdrawn"] = False
    dispute["balance_transactions"].append(_movement(call, dispute, dispute["amount"]))
    call.money("dispute_reinstated", dispute["amount"], charge, dispute["id"])
    call.event("charge.dispute.funds_reinstated", dispute)


def _movement(call: Call, dispute: Obj, amount: int) -> Obj:
    return {
        "id": call.state.new_id("txn_"), "object": "balance_transaction", "amount": amount,
        "currency": dispute["currency"], "fee": 0, "net": amount, "type": "adjustment",
        "created": call.now,
    }  # fmt: skip


def escalate(call: Call, dispute: Obj) -> Obj:
    """An inquiry that becomes a real dispute: now the money is withdrawn."""
    dispute["status"], dispute["is_charge_refundable"] = "needs_response", False
    dispute["payment_method_details"]["card"]["case_type"] = "chargeback"
    call.event("charge.dispute.updated", dispute)
    _withdraw(call, dispute)
    return dispute


def decide(call: Call, dispute: Obj, verdict: Verdict) -> Obj:
    """The bank's verdict; one that was lost may be won late."""
    before, dispute["status"] = dispute["status"], verdict
    dispute["is_charge_refundable"] = False
    call.event(
        "charge.dispute.closed" if before in OPEN else "charge.dispute.updated",
        dispute, {"status": before},
    )  # fmt: skip
    if verdict in ("won", "prevented") and dispute["_withdrawn"]:
        _reinstate(call, dispute)
    return dispute


def retrieve(call: Call) -> Obj:
    """One dispute."""
    return call.get("dispute", call.ids[0], in_path=True)


def update(call: Call) -> Obj:
    """Evidence; Stripe's test words `winning_evidence` and `losing_evidence` decide at once."""
    dispute, wish = retrieve(call), call.params
    dispute["metadata"] = merge_metadata(dispute["metadata"], wish.get("metadata"))
    evidence = wish.get("evidence") or {}
    for name, value in evidence.items():
        dispute["evidence"][name] = value or None
    dispute["evidence_details"]["has_evidence"] = bool(evidence)
    submitted = evidence and wish.get("submit", True) and dispute["status"] in OPEN
    if submitted:
        dispute["evidence_details"]["submission_count"] += 1
        inquiry = dispute["status"].startswith("warning_")
        dispute["status"] = "warning_under_review" if inquiry else "under_review"
    call.event("charge.dispute.updated", dispute)
    if submitted and evidence.get("uncategorized_text") == "winning_evidence":
        decide(call, dispute, "warning_closed" if inquiry else "won")
    elif submitted and evidence.get("uncategorized_text") == "losing_evidence":
        decide(call, dispute, "lost")
    return dispute


def close(call: Call) -> Obj:
    """Accept it as lost."""
    dispute = retrieve(call)
    if dispute["status"] not in OPEN:
        raise StripeError(
            400, "invalid_request_error", "This dispute is already closed.", saved=True
        )
    return decide(call, dispute, "lost")


def list_all(call: Call) -> Obj:
    """Disputes, newest first, by charge, intent and time."""
    charge, intent = call.params.get("charge"), call.params.get("payment_intent")
    return page(
        call,
        "/v1/disputes",
        (
            dispute
            for dispute in call.book.of("dispute")
            if charge in (None, dispute["charge"]) and intent in (None, dispute["payment_intent"])
        ),
    )
