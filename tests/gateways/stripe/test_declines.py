"""Every decline code of Stripe is soft or hard on purpose (R29)."""

import pytest
from stripe import PaymentIntent

from brimful.domain.payment import HARD_DECLINE_CODES
from brimful.gateways.stripe.declines import AUTHENTICATION, HARD, HARD_ADVICE, SOFT, is_hard
from tests.gateways.stripe.vendor import literals

# docs.stripe.com/declines/codes
PUBLISHED = [
    "approve_with_id",
    "call_issuer",
    "card_not_supported",
    "card_velocity_exceeded",
    "currency_not_supported",
    "do_not_honor",
    "do_not_try_again",
    "duplicate_transaction",
    "expired_card",
    "fraudulent",
    "generic_decline",
    "incorrect_address",
    "incorrect_cvc",
    "incorrect_number",
    "incorrect_pin",
    "incorrect_zip",
    "insufficient_funds",
    "invalid_account",
    "invalid_amount",
    "invalid_cvc",
    "invalid_expiry_month",
    "invalid_expiry_year",
    "invalid_number",
    "invalid_pin",
    "issuer_not_available",
    "lost_card",
    "merchant_blacklist",
    "mobile_device_authentication_required",
    "new_account_information_available",
    "no_action_taken",
    "not_permitted",
    "offline_pin_required",
    "online_or_offline_pin_required",
    "pickup_card",
    "pin_try_exceeded",
    "previously_declined_do_not_retry",
    "processing_error",
    "reenter_transaction",
    "restricted_card",
    "revocation_of_all_authorizations",
    "revocation_of_authorization",
    "security_violation",
    "service_not_allowed",
    "stolen_card",
    "stop_payment_order",
    "testmode_decline",
    "transaction_not_allowed",
    "try_again_later",
    "withdrawal_count_limit_exceeded",
    "authentication_required",
]
# Those of the SDK's error codes that a card error may carry: about the card, not about the request.
ABOUT_CARDS = [
    "account_closed",
    "approval_required",
    "authentication_failure",
    "authentication_required",
    "card_decline_rate_limit_exceeded",
    "card_declined",
    "charge_exceeds_source_limit",
    "charge_exceeds_transaction_limit",
    "debit_not_authorized",
    "expired_card",
    "expired_payment_method",
    "incorrect_address",
    "incorrect_cvc",
    "incorrect_number",
    "incorrect_postal_code",
    "incorrect_zip",
    "india_recurring_payment_mandate_canceled",
    "insufficient_funds",
    "invalid_card_type",
    "invalid_cvc",
    "invalid_expiry_month",
    "invalid_expiry_year",
    "invalid_number",
    "payment_intent_mandate_invalid",
    "payment_intent_payment_attempt_expired",
    "payment_intent_payment_attempt_failed",
    "payment_method_customer_decline",
    "payment_method_not_available",
    "payment_method_provider_decline",
    "payment_method_provider_timeout",
    "payment_method_restricted",
    "processing_error",
    "refer_to_customer",
    "billing_invalid_mandate",
    "capture_charge_authorization_expired",
    "capture_unauthorized_payment",
    "charge_expired_for_capture",
    "setup_attempt_failed",
]


@pytest.mark.parametrize("code", sorted({*PUBLISHED, *ABOUT_CARDS}))
def test_r29_every_code_is_in_one_table(code: str) -> None:
    """Soft, hard, or a matter of its owner's presence: chosen, and never two of them."""
    assert [code in table for table in (HARD, SOFT, AUTHENTICATION)].count(True) == 1


def test_r29_the_codes_about_cards_are_the_sdks() -> None:
    """None is misspelt, or was dropped by Stripe."""
    assert set(ABOUT_CARDS) <= literals(PaymentIntent.LastPaymentError, "code")


def test_r29_hard_stays_hard_and_advice_wins() -> None:
    """What is hard for every gateway is so here; an issuer's word makes any code hard."""
    assert all(is_hard(code, None) for code in HARD_DECLINE_CODES | HARD)
    assert not any(is_hard(code, advice) for code in SOFT for advice in (None, "try_again_later"))
    assert all(is_hard(code, advice) for code in SOFT for advice in HARD_ADVICE)
    assert not is_hard("a_code_of_tomorrow", None)
