"""Why not: every refusal has a reason with a stable code, a sentence, and what a client may see."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Reason(StrEnum):
    """The stable codes of refusals. They appear in answers, rows, notices and explanations."""

    auto_billing_off = "auto_billing_off"
    auto_billing_unavailable = "auto_billing_unavailable"
    auto_billing_inactive = "auto_billing_inactive"
    auto_billing_paused = "auto_billing_paused"
    auto_billing_pending = "auto_billing_pending"
    auto_billing_braked = "auto_billing_braked"
    beyond_usual = "beyond_usual"
    retry_later = "retry_later"
    no_payment_method = "no_payment_method"
    no_credit_package = "no_credit_package"
    no_chatbot_package = "no_chatbot_package"
    cap_per_charge = "cap_per_charge"
    cap_per_hour = "cap_per_hour"
    cap_per_day = "cap_per_day"
    cap_per_month = "cap_per_month"
    cap_per_child = "cap_per_child"
    insufficient_credits = "insufficient_credits"
    insufficient_chatbots = "insufficient_chatbots"
    chatbot_purchase_off = "chatbot_purchase_off"
    temporarily_unavailable = "temporarily_unavailable"
    card_declined = "card_declined"
    authentication_required = "authentication_required"
    gateway_unavailable = "gateway_unavailable"
    payment_reversed = "payment_reversed"
    not_refundable = "not_refundable"
    charge_disputed = "charge_disputed"
    refund_too_large = "refund_too_large"
    refund_beyond_unspent = "refund_beyond_unspent"
    refund_refused = "refund_refused"
    amount_between_steps = "amount_between_steps"
    charge_too_large = "charge_too_large"
    charge_too_small = "charge_too_small"
    hold_captured = "hold_captured"
    hold_released = "hold_released"
    hold_expired = "hold_expired"
    hold_leased = "hold_leased"
    not_leased = "not_leased"
    lease_exceeded = "lease_exceeded"
    lease_reported = "lease_reported"
    capture_too_large = "capture_too_large"
    canceled = "canceled"
    purchase_under_way = "purchase_under_way"
    package_withdrawn = "package_withdrawn"
    seller_cannot_sell = "seller_cannot_sell"
    account_closed = "account_closed"
    has_clients = "has_clients"
    same_seller = "same_seller"
    below_itself = "below_itself"
    another_tenant = "another_tenant"
    another_currency = "another_currency"
    external_id_taken = "external_id_taken"
    seller_changed = "seller_changed"
    renewal_under_way = "renewal_under_way"
    subscription_past_due = "subscription_past_due"
    already_subscribed = "already_subscribed"
    chatbot_exists = "chatbot_exists"
    consent_required = "consent_required"
    name_required = "name_required"
    too_many_packages = "too_many_packages"
    sizes_too_uneven = "sizes_too_uneven"
    webhook_endpoint_exists = "webhook_endpoint_exists"
    webhook_endpoint_disabled = "webhook_endpoint_disabled"
    too_many_webhook_endpoints = "too_many_webhook_endpoints"
    too_many_webhook_tests = "too_many_webhook_tests"
    clock_advancing = "clock_advancing"
    clock_runs_forward = "clock_runs_forward"
    clock_started = "clock_started"
    clock_too_far = "clock_too_far"


_TITLES: Mapping[Reason, str] = {
    Reason.auto_billing_off: "Auto-billing is switched off.",
    Reason.auto_billing_unavailable: "Auto-billing is not available for this account.",
    Reason.auto_billing_inactive: "Auto-billing is switched on but cannot be used at present.",
    Reason.auto_billing_paused: "Auto-billing is paused after a failed charge. "
    "A new card or a purchase by hand resumes it.",
    Reason.auto_billing_braked: "Auto-billing has stopped itself, because it was about to spend far more "
    "than is usual or a purchase did not help. Its owner can let it go on.",
    Reason.beyond_usual: "With this far more would be spent today than is usual, so that only renewals were "
    "bought for. Should it be asked for again, auto-billing stops and its owner is asked.",
    Reason.auto_billing_pending: "The credits are being bought; send the request again shortly.",
    Reason.retry_later: "The last charge was declined; the card may be tried again later.",
    Reason.no_payment_method: "There is no card on file that may be charged.",
    Reason.no_credit_package: "No package of additional credits is on offer that auto-billing may buy.",
    Reason.no_chatbot_package: "The seller offers no extra chatbots.",
    Reason.cap_per_charge: "The purchase would exceed the limit for one charge.",
    Reason.cap_per_hour: "The limit of automatic charges in an hour is reached.",
    Reason.cap_per_day: "The purchase would exceed the limit for the day.",
    Reason.cap_per_month: "The purchase would exceed the limit for the month.",
    Reason.cap_per_child: "The purchase would exceed what this client may cost in a month.",
    Reason.insufficient_credits: "There are not enough credits.",
    Reason.insufficient_chatbots: "There are not enough chatbots. More can be bought.",
    Reason.chatbot_purchase_off: "Buying chatbots automatically is switched off.",
    Reason.temporarily_unavailable: "This is temporarily unavailable. Please try again later.",
    Reason.card_declined: "The card was declined.",
    Reason.authentication_required: "The card's bank asks for its owner to confirm the payment.",
    Reason.gateway_unavailable: "The payment service gives no answer at present.",
    Reason.payment_reversed: "A payment was refunded or disputed after its credits had been used.",
    Reason.not_refundable: "This charge was not captured for something delivered, or paid nothing "
    "that can be refunded so.",
    Reason.charge_disputed: "The charge is disputed; the bank decides on the money.",
    Reason.refund_too_large: "The charge has less left to refund than this.",
    Reason.refund_beyond_unspent: "Credits that were used cannot be refunded.",
    Reason.refund_refused: "The payment service refused the refund.",
    Reason.amount_between_steps: "Cards are charged and refunded in whole steps of this currency, "
    "which are larger than its minor unit.",
    Reason.charge_too_large: "One charge cannot be of so much in this currency. Buy less at a time.",
    Reason.charge_too_small: "The payment service does not charge so small an amount in this currency. "
    "Buy more at a time.",
    Reason.hold_captured: "The hold was captured, of another amount or before it could be released.",
    Reason.hold_released: "The hold was released.",
    Reason.hold_expired: "The time of the hold is over; what it held is free again, or charged if it was "
    "a credit lease.",
    Reason.hold_leased: "This is a credit lease. It is reported and returned, not captured or released.",
    Reason.not_leased: "This is a hold, no credit lease. It is captured or released.",
    Reason.lease_exceeded: "The credit lease is of less than what is said to be spent of it.",
    Reason.lease_reported: "More was reported as spent of the credit lease before.",
    Reason.capture_too_large: "The hold is of less, and what is free beside it is not enough. "
    "It stands as it was; capture what it holds, or place another.",
    Reason.canceled: "The purchase was cancelled.",
    Reason.purchase_under_way: "Another purchase or renewal of this account is under way. "
    "Please try again shortly.",
    Reason.package_withdrawn: "The package is no longer offered.",
    Reason.seller_cannot_sell: "The account does not sell.",
    Reason.account_closed: "The account is closed.",
    Reason.has_clients: "The account still has clients. Close or move them first.",
    Reason.same_seller: "This is the account's seller already.",
    Reason.below_itself: "An account cannot move below itself.",
    Reason.another_tenant: "A move stays within an agency of the platform. Elsewhere the account is "
    "closed and opened again.",
    Reason.another_currency: "The new seller sells in another currency.",
    Reason.external_id_taken: "The seller has another account with this external id.",
    Reason.seller_changed: "The account has moved to another seller meanwhile.",
    Reason.renewal_under_way: "The subscription is being renewed or changed. "
    "Please try again shortly.",
    Reason.subscription_past_due: "The subscription is past due. A card that can be charged renews it; "
    "or it can be cancelled.",
    Reason.already_subscribed: "The account has a subscription already.",
    Reason.chatbot_exists: "A chatbot with this external id exists already.",
    Reason.consent_required: "Switching auto-billing on needs a monthly limit, "
    "or an explicit 'none', and the name of who consents.",
    Reason.name_required: "Switching this on needs the name of who consents.",
    Reason.sizes_too_uneven: "The largest package of credits may be at most 1,000,000 times the "
    "common step of all on offer. Choose sizes with a larger common step, such as whole thousands.",
    Reason.too_many_packages: "At most 20 packages of a kind can be active.",
    Reason.webhook_endpoint_exists: "The account has a webhook endpoint with this URL already.",
    Reason.webhook_endpoint_disabled: "The webhook endpoint is switched off.",
    Reason.too_many_webhook_endpoints: "An account can have at most 16 webhook endpoints.",
    Reason.too_many_webhook_tests: "At most 10 tests of a webhook endpoint can be due at once.",
    Reason.clock_advancing: "The test clock is being advanced already; one advance at a time.",
    Reason.clock_runs_forward: "Business time only runs forward.",
    Reason.clock_started: "The test clock was started already; it can only be advanced.",
    Reason.clock_too_far: "The test clock moves by 3,660 days at most.",
}


def title(reason: Reason) -> str:
    """A sentence for people, which may change; the code may not."""
    return _TITLES[reason]


def neutral(reason: Reason) -> Reason:
    """What a client may hear of a failure at its seller's level or above: nothing of it (R18)."""
    return Reason.temporarily_unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """A refusal: why, at which account, and figures that help (never another's prices).

    Of several demands, ``each`` says why for every one (its id); ``reason`` is then the first's.
    """

    reason: Reason
    account_id: str
    detail: Mapping[str, int | str]
    each: tuple[tuple[str, Reason], ...] = field(default=(), compare=False)
