"""The public test cards and their tokens, and what their banks say (docs.stripe.com/testing).

Cards of our own are marked `ours`: Stripe has no test card for a slow bank, a lost answer or a
hold whose capture fails, so tests of these use the hooks of this server.
"""

from dataclasses import dataclass, replace
from typing import Literal

Authentication = Literal["never", "unless_set_up", "set_up", "always"]


@dataclass(frozen=True, slots=True)
class Decline:
    """What a decline says: error code, decline code, advice, the network's code, words."""

    code: str
    decline_code: str
    advice_code: str | None
    network_decline_code: str | None
    message: str = "Your card was declined."


def _declined(decline_code: str, advice: str | None, network: str | None) -> Decline:
    return Decline("card_declined", decline_code, advice, network)


AGAIN, NEVER, CHECK = "try_again_later", "do_not_try_again", "confirm_card_data"
GENERIC = _declined("generic_decline", AGAIN, "01")
DECLINES: dict[str, Decline] = {
    "generic_decline": GENERIC,
    "do_not_honor": _declined("do_not_honor", AGAIN, "05"),
    "insufficient_funds": Decline(
        "card_declined", "insufficient_funds", AGAIN, "51", "Your card has insufficient funds."
    ),
    "issuer_not_available": _declined("issuer_not_available", AGAIN, "91"),
    "try_again_later": _declined("try_again_later", AGAIN, "19"),
    "card_velocity_exceeded": _declined("card_velocity_exceeded", AGAIN, "61"),
    "lost_card": _declined("lost_card", NEVER, "41"),
    "stolen_card": _declined("stolen_card", NEVER, "43"),
    "pickup_card": _declined("pickup_card", NEVER, "04"),
    "restricted_card": _declined("restricted_card", NEVER, "62"),
    "revocation_of_authorization": _declined("revocation_of_authorization", NEVER, "R1"),
    "previously_declined_do_not_retry": _declined("previously_declined_do_not_retry", NEVER, None),
    "fraudulent": _declined("fraudulent", NEVER, "59"),
    "invalid_account": _declined("invalid_account", NEVER, "14"),
    "expired_card": Decline(
        "expired_card", "expired_card", CHECK, "54", "Your card has expired."
    ),
    "incorrect_cvc": Decline(
        "incorrect_cvc", "incorrect_cvc", CHECK, "N7", "Your card's security code is incorrect."
    ),
    "incorrect_number": Decline(
        "incorrect_number", "incorrect_number", CHECK, "14", "Your card number is incorrect."
    ),
    "processing_error": Decline(
        "processing_error", "processing_error", AGAIN, "96",
        "An error occurred while processing your card. Try again in a little bit.",
    ),
    "authentication_required": Decline(
        "authentication_required", "authentication_required", None, "1A",
        "Your card was declined. This transaction requires authentication.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One test card and all that is special about it."""

    number: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    # Every charge is declined so; `attaches` tells whether the card can be saved nevertheless.
    declines: str | None = None
    attaches: bool = True
    blocked: bool = False
    authentication: Authentication = "never"
    # Declined so after its owner has authenticated; or the authentication itself fails.
    then_declines: str | None = None
    fails_authentication: bool = False
    disputes: tuple[str, ...] = ()
    inquiry: bool = False
    refund: Literal["succeeded", "pending", "fails"] = "succeeded"
    # Ours: a fault at confirm ("slow", "lost_before", "lost_after"), a capture that is declined, a
    # payment that stays `processing`.
    fault: str | None = None
    declines_capture: bool = False
    processes: bool = False

    @property
    def last4(self) -> str:
        """The last four digits."""
        return self.number[-4:]


def _unsavable(number: str, decline: str) -> Card:
    return Card(number=number, declines=decline, attaches=False)


CARDS: dict[str, Card] = {
    "visa": Card(number="4242424242424242"),
    "visa_debit": Card(number="4000056655665556", funding="debit"),
    "mastercard": Card(number="5555555555554444", brand="mastercard"),
    "amex": Card(number="378282246310005", brand="amex"),
    "discover": Card(number="6011111111111117", brand="discover"),
    "bypassPending": Card(number="4000000000000077"),
    "chargeCustomerFail": Card(number="4000000000000341", declines="generic_decline"),
    "visa_chargeDeclined": _unsavable("4000000000000002", "generic_decline"),
    "visa_chargeDeclinedInsufficientFunds": _unsavable("4000000000009995", "insufficient_funds"),
    "visa_chargeDeclinedLostCard": _unsavable("4000000000009987", "lost_card"),
    "visa_chargeDeclinedStolenCard": _unsavable("4000000000009979", "stolen_card"),
    "chargeDeclinedExpiredCard": _unsavable("4000000000000069", "expired_card"),
    "chargeDeclinedIncorrectCvc": _unsavable("4000000000000127", "incorrect_cvc"),
    "chargeDeclinedProcessingError": _unsavable("4000000000000119", "processing_error"),
    "visa_chargeDeclinedVelocityLimitExceeded": _unsavable(
        "4000000000006975", "card_velocity_exceeded"
    ),
    "authenticationRequiredOnSetup": Card(
        number="4000002500003155", authentication="unless_set_up"
    ),
    "authenticationRequired": Card(number="4000002760003184", authentication="always"),
    "authenticationRequiredSetupForOffSession": Card(
        number="4000003800000446", authentication="set_up"
    ),
    "authenticationRequiredChargeDeclinedInsufficientFunds": Card(
        number="4000008260003178", authentication="unless_set_up",
        then_declines="insufficient_funds",
    ),
    "threeDSecure2Required": Card(number="4000000000003220", authentication="always"),
    "threeDSecureRequiredChargeDeclined": Card(
        number="4000008400001629", authentication="always", then_declines="generic_decline"
    ),
    "threeDSecureRequiredProcessingError": Card(
        number="4000008400001280", authentication="always", fails_authentication=True
    ),
    "radarBlock": Card(number="4100000000000019", declines="fraudulent", blocked=True),
    "createDispute": Card(number="4000000000000259", disputes=("fraudulent",)),
    "createDisputeProductNotReceived": Card(
        number="4000000000002685", disputes=("product_not_received",)
    ),
    "createDisputeInquiry": Card(
        number="4000000000001976", disputes=("product_not_received",), inquiry=True
    ),
    "createIssuerFraudRecord": Card(number="4000000000005423"),
    "createMultipleDisputes": Card(
        number="4000000404000079", disputes=("fraudulent", "product_not_received")
    ),
    "pendingRefund": Card(number="4000000000007726", refund="pending"),
    "refundFail": Card(number="4000000000005126", refund="fails"),
    "ours_slow": Card(number="4000009990000016", fault="slow"),
    "ours_lostBefore": Card(number="4000009990000024", fault="lost_before"),
    "ours_lostAfter": Card(number="4000009990000032", fault="lost_after"),
    "ours_captureDeclined": Card(number="4000009990000040", declines_capture=True),
}  # fmt: skip
CARDS["ours_processing"] = Card(number="4000009990000057", processes=True)
# Saved and charged as any other, and declined so at every charge (Stripe has only `0341` for this).
CARDS |= {
    f"ours_{decline}": Card(number=f"40000099911{at:05d}", declines=decline)
    for at, decline in enumerate(DECLINES, start=1)
    if decline != "authentication_required"
}
BY_NUMBER = {card.number: card for card in CARDS.values()}


def by_token(token: str) -> Card | None:
    """The card that `pm_card_visa` or `tok_visa` stands for."""
    for prefix in ("pm_card_", "tok_"):
        if token.startswith(prefix):
            return CARDS.get(token.removeprefix(prefix))
    return None


def by_number(number: str) -> Card | None:
    """The card with this number; any other number that is well formed is a good Visa card."""
    digits = number.replace(" ", "").replace("-", "")
    if digits in BY_NUMBER:
        return BY_NUMBER[digits]
    if digits.isdigit() and 13 <= len(digits) <= 19 and _luhn(digits):
        return replace(CARDS["visa"], number=digits)
    return None


def _luhn(digits: str) -> bool:
    odd = sum(int(digit) for digit in digits[::-1][::2])
    even = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[::-1][1::2])
    return (odd + even) % 10 == 0
