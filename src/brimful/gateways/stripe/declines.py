"""Stripe's decline codes, each soft or hard on purpose (R29).

Hard: another try with this card cannot succeed, is forbidden by the networks, or needs its owner to
correct something. Soft: the same card may well be accepted later. Codes: docs.stripe.com/declines/codes.
"""

from brimful.domain.payment import is_hard_decline

# The bank wants the owner present: no decline of the card, see `NeedsAuthentication`.
AUTHENTICATION = frozenset(
    {"authentication_required", "mobile_device_authentication_required", "authentication_failure"}
)

HARD = frozenset(
    {
        # The card or its account is gone, or somebody else's.
        "lost_card", "stolen_card", "pickup_card", "restricted_card", "expired_card",
        "invalid_account", "account_closed", "new_account_information_available", "fraudulent",
        "merchant_blacklist", "highest_risk_level", "rule", "security_violation",
        # Its owner, the bank or the network forbade it.
        "do_not_try_again", "previously_declined_do_not_retry", "revocation_of_authorization",
        "revocation_of_all_authorizations", "stop_payment_order", "not_permitted",
        "transaction_not_allowed", "service_not_allowed", "card_not_supported",
        "currency_not_supported", "invalid_card_type", "payment_method_restricted",
        "payment_method_not_available", "india_recurring_payment_mandate_canceled",
        "payment_intent_mandate_invalid", "billing_invalid_mandate", "debit_not_authorized",
        # What was saved of it is wrong.
        "incorrect_number", "invalid_number", "incorrect_cvc", "invalid_cvc", "incorrect_zip",
        "incorrect_postal_code", "incorrect_address", "invalid_expiry_month", "invalid_expiry_year",
        "expired_payment_method", "incorrect_pin", "invalid_pin", "pin_try_exceeded",
        "offline_pin_required", "online_or_offline_pin_required",
        # A real card in test mode, or the other way round.
        "testmode_decline", "live_mode_test_card", "test_mode_live_card",
    }
)  # fmt: skip

# Known and soft, so that a code that is in neither table is noticed by a test.
SOFT = frozenset(
    {
        "generic_decline", "card_declined", "do_not_honor", "no_action_taken", "call_issuer",
        "approve_with_id", "insufficient_funds", "card_velocity_exceeded",
        "withdrawal_count_limit_exceeded", "charge_exceeds_source_limit",
        "charge_exceeds_transaction_limit", "card_decline_rate_limit_exceeded",
        "processing_error", "issuer_not_available", "reenter_transaction", "try_again_later",
        "duplicate_transaction", "invalid_amount", "elevated_risk_level",
        "low_probability_of_authorization", "refer_to_customer", "approval_required",
        "payment_method_customer_decline", "payment_method_provider_decline",
        "payment_method_provider_timeout", "payment_intent_payment_attempt_failed",
        "payment_intent_payment_attempt_expired", "setup_attempt_failed", "capture_unauthorized_payment",
        "capture_charge_authorization_expired", "charge_expired_for_capture",
    }
)  # fmt: skip

# What the issuer advises beside its code.
HARD_ADVICE = frozenset({"do_not_try_again", "confirm_card_data"})


def is_hard(code: str, advice: str | None) -> bool:
    """Tell whether the same card must not be tried again (R29). ``code`` is the decline code, or
    the error code where there is none. A code that is not known here is soft, unless the advice
    forbids it: it stops by the count of attempts."""
    return code in HARD or advice in HARD_ADVICE or is_hard_decline(code, advice)
