"""Charges: one for each time a bank was asked."""

from tests.stripe_server import disputes
from tests.stripe_server.cards import Card, Decline
from tests.stripe_server.lists import page
from tests.stripe_server.methods import billing
from tests.stripe_server.state import Call, Obj, merge_metadata

DAY_S = 86_400
# Visa holds a card that is charged without its owner for 4 days and 18 hours; others for 7 days.
VISA_WITHOUT_OWNER_S = 4 * DAY_S + 18 * 3_600
HOLD_S = 7 * DAY_S


def make(
    call: Call, intent: Obj, method: Obj, *, captured: bool = False, decline: Decline | None = None
) -> Obj:
    """A charge of an intent: captured, only authorised, or declined."""
    paid = decline is None
    charge = call.new(
        "charge",
        "ch_",
        amount=intent["amount"],
        amount_captured=intent["amount"] if captured else 0,
        amount_refunded=0,
        application=intent["application"],
        application_fee=None,
        application_fee_amount=intent["application_fee_amount"],
        balance_transaction=call.state.new_id("txn_") if captured else None,
        billing_details=billing(),
        calculated_statement_descriptor="BRIMFUL",
        captured=captured,
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        disputed=False,
        failure_balance_transaction=None,
        failure_code=decline.code if decline else None,
        failure_message=decline.message if decline else None,
        fraud_details={},
        metadata=dict(intent["metadata"]),
        on_behalf_of=intent["on_behalf_of"],
        outcome=_outcome(call, method, decline),
        paid=paid,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details=_details(call, intent, method, captured=captured, paid=paid),
        receipt_email=intent["receipt_email"],
        receipt_number=None,
        receipt_url=f"https://pay.stripe.com/receipts/{intent['id']}" if paid else None,
        refunded=False,
        review=None,
        shipping=intent["shipping"],
        source=None,
        source_transfer=None,
        statement_descriptor=None,
        statement_descriptor_suffix=intent["statement_descriptor_suffix"],
        status="succeeded" if paid else "failed",
        transfer_data=intent["transfer_data"],
        transfer_group=intent["transfer_group"],
        _refunds=[],
    )
    if not paid:
        charge["amount_captured"] = 0
    return charge


def _outcome(call: Call, method: Obj, decline: Decline | None) -> Obj:
    if decline is None:
        return {
            "advice_code": None, "network_advice_code": None, "network_decline_code": None,
            "network_status": "approved_by_network", "reason": None, "risk_level": "normal",
            "risk_score": 12, "seller_message": "Payment complete.", "type": "authorized",
        }  # fmt: skip
    blocked = call.card_of(method).blocked
    return {
        "advice_code": decline.advice_code, "network_advice_code": None,
        "network_decline_code": decline.network_decline_code,
        "network_status": "not_sent_to_network" if blocked else "declined_by_network",
        "reason": "highest_risk_level" if blocked else decline.decline_code,
        "risk_level": "highest" if blocked else "normal", "risk_score": 99 if blocked else 12,
        "seller_message": "Stripe blocked this payment as too risky." if blocked
        else "The bank did not return any further details with this decline.",
        "type": "blocked" if blocked else "issuer_declined",
    }  # fmt: skip


def _details(call: Call, intent: Obj, method: Obj, *, captured: bool, paid: bool) -> Obj:
    saved = method["card"]
    card = {
        "amount_authorized": intent["amount"] if paid else None,
        "authorization_code": "123456" if paid else None,
        "brand": saved["brand"], "checks": saved["checks"], "country": saved["country"],
        "exp_month": saved["exp_month"], "exp_year": saved["exp_year"],
        "extended_authorization": {"status": "disabled"}, "fingerprint": saved["fingerprint"],
        "funding": saved["funding"], "incremental_authorization": {"status": "unavailable"},
        "installments": None, "last4": saved["last4"], "mandate": None,
        "multicapture": {"status": "unavailable"}, "network": saved["brand"],
        "network_token": {"used": False}, "network_transaction_id": call.state.new_id("", 15),
        "overcapture": {
            "maximum_amount_capturable": intent["amount"], "status": "unavailable",
        },
        "regulated_status": "unregulated", "three_d_secure": None, "transaction_link_id": None,
        "wallet": None,
    }  # fmt: skip
    if paid and not captured:
        without_owner = saved["brand"] == "visa" and intent.get("_off_session")
        card["capture_before"] = call.now + (VISA_WITHOUT_OWNER_S if without_owner else HOLD_S)
    return {"card": card, "type": "card"}


def aftermath(call: Call, charge: Obj, card: Card) -> None:
    """What a test card brings about by itself once it is charged."""
    for reason in card.disputes:
        disputes.open_dispute(
            call, charge, reason=reason, inquiry=card.inquiry,
            amount=charge["amount_captured"] // len(card.disputes),
        )  # fmt: skip


def retrieve(call: Call) -> Obj:
    """One charge."""
    return call.get("charge", call.ids[0], in_path=True)


def update(call: Call) -> Obj:
    """Change its description or metadata."""
    charge = retrieve(call)
    charge["metadata"] = merge_metadata(charge["metadata"], call.params.get("metadata"))
    for name in ("description", "receipt_email", "transfer_group"):
        if name in call.params:
            charge[name] = call.params[name] or None
    call.event("charge.updated", charge)
    return charge


def list_all(call: Call) -> Obj:
    """Charges, newest first, by customer, intent and time."""
    customer, intent = call.params.get("customer"), call.params.get("payment_intent")
    return page(
        call,
        "/v1/charges",
        (
            charge
            for charge in call.book.of("charge")
            if customer in (None, charge["customer"]) and intent in (None, charge["payment_intent"])
        ),
    )
