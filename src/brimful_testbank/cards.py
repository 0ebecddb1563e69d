"""Magic cards: the number says how a card behaves, as on every public list of test cards."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a card does when it is charged or held.

    ``decline`` is a decline code, ``advice`` what the bank adds to it; ``slow_ms`` is how long a
    confirm takes; ``authenticate`` wants the owner at each payment, ``authenticate_once`` until the
    owner confirmed one; ``lost`` drops the connection before or after the effect of a confirm;
    ``decline_capture`` lets the hold succeed and its capture fail; ``refund_pending`` has refunds wait.
    """

    decline: str | None = None
    advice: str | None = None
    authenticate: bool = False
    authenticate_once: bool = False
    slow_ms: int = 0
    lost: str | None = None
    decline_capture: bool = False
    refund_pending: bool = False


CARDS: dict[str, Behaviour] = {
    "4242424242424242": Behaviour(),
    "5555555555554444": Behaviour(),
    "4000000000000341": Behaviour(decline="card_declined"),
    "4000000000000002": Behaviour(decline="generic_decline"),
    "4000000000009995": Behaviour(decline="insufficient_funds"),
    "4000000000000119": Behaviour(decline="processing_error"),
    "4000000000009987": Behaviour(decline="lost_card", advice="do_not_try_again"),
    "4000000000009979": Behaviour(decline="stolen_card", advice="do_not_try_again"),
    "4000000000000069": Behaviour(decline="expired_card"),
    "4100000000000019": Behaviour(decline="fraudulent", advice="do_not_try_again"),
    "4000002760003184": Behaviour(authenticate=True),
    "4000002500003155": Behaviour(authenticate_once=True),
    # Ours: a bank that is slow, and two that hang up.
    "4000000000001000": Behaviour(slow_ms=300),
    "4000000000001018": Behaviour(lost="after"),
    "4000000000001026": Behaviour(lost="before"),
    "4000000000001034": Behaviour(decline_capture=True),
    "4000000000007726": Behaviour(refund_pending=True),
}
TOKENS = {
    "tok_success": "4242424242424242",
    "tok_success_2": "5555555555554444",
    "tok_declined": "4000000000000341",
    "tok_insufficient_funds": "4000000000009995",
    "tok_lost_card": "4000000000009987",
    "tok_expired": "4000000000000069",
    "tok_authenticate": "4000002760003184",
    "tok_authenticate_once": "4000002500003155",
    "tok_slow": "4000000000001000",
    "tok_lost_reply": "4000000000001018",
    "tok_lost_request": "4000000000001026",
    "tok_decline_capture": "4000000000001034",
    "tok_refund_pending": "4000000000007726",
}


def number_of(token: str) -> str | None:
    """The card number that a token or number stands for, None for one that is not in the list.

    A token may carry a suffix ("tok_success#anna"), which makes it another card of the same kind.
    """
    kind = token.split("#", 1)[0]
    number = TOKENS.get(kind, kind)
    return number if number in CARDS else None
