"""What is told of refunds, disputes and the debts they leave (R25, R42).

Facts: ``amount_minor`` and ``currency``, the ``card``, the ``state`` that it has now, ``client``, the
one who paid (for its seller); credits ``taken``, ``frozen``, ``back`` and ``missing``; ``elsewhere``,
whether the refund was made at the gateway.
"""

from collections.abc import Callable, Mapping

from brimful.domain.money import format_money
from brimful.notices.text import Facts, Text


def _amount(facts: Facts) -> str:
    return format_money(facts["amount_minor"], facts["currency"])


def _credits(facts: Facts) -> list[str]:
    """What became of credits, a sentence each."""
    words = (
        ("taken", "of the credits that it had paid for went back, those that were unused"),
        ("frozen", "of the credits that it had paid for are set aside until this is decided"),
        ("back", "credits can be used again"),
    )
    told = [f"{facts[name]:,} {words_}." for name, words_ in words if facts[name]]
    return told or ["No credits moved."]


def _refund(facts: Facts) -> Text:
    amount = _amount(facts)
    if facts["state"] == "succeeded":
        lines = [f"{amount} went back to {facts['card']}.", *_credits(facts)]
        return Text(f"{amount} was refunded", "\n".join(lines))
    lines = [f"The refund of {amount} to {facts['card']} did not go through.", *_credits(facts)]
    return Text(f"A refund of {amount} did not go through", "\n".join(lines))


def _client_refund(facts: Facts) -> Text:
    amount, client = _amount(facts), facts["client"]
    if facts["state"] in ("failed", "canceled"):
        lines = [f"The refund of {amount} to {client} did not go through.", *_credits(facts)]
        return Text(f"A refund to {client} did not go through", "\n".join(lines))
    where = " It was made at your payment service." if facts["elsewhere"] else ""
    lines = [f"{amount} was refunded to {client}.{where}", *_credits(facts)]
    return Text(f"{amount} was refunded to {client}", "\n".join(lines))


_OUTCOMES = {
    "inquiry": "The bank inquires about it; no money has moved.",
    "open": "The money was withdrawn until the bank decides.",
    "lost": "The bank decided for the holder of the card.",
    "won": "The bank decided for the seller.",
}


def _dispute(facts: Facts) -> Text:
    amount = _amount(facts)
    lines = [
        f"A payment of {amount} with {facts['card']} is disputed. {_OUTCOMES[facts['state']]}",
        *_credits(facts),
    ]
    return Text(f"A dispute of {amount}: {facts['state']}", "\n".join(lines))


def _client_dispute(facts: Facts) -> Text:
    amount, client = _amount(facts), facts["client"]
    lines = [
        f"A payment of {amount} by {client} is disputed. {_OUTCOMES[facts['state']]}",
        *_credits(facts),
    ]
    return Text(f"{client} disputes {amount}: {facts['state']}", "\n".join(lines))


def _client_debt(facts: Facts) -> Text:
    client, credits = facts["client"], f"{facts['credits']:,} credits"
    return Text(
        f"{client} owes you {credits}",
        f"{credits} of a payment that was refunded or disputed had been used by then. Auto-billing "
        "on the card was paused. Nothing collects the debt by itself; clear it when it is settled.",
    )


def _refused(facts: Facts) -> Text:
    return Text(
        f"A refund of {_amount(facts)} was refused",
        "The payment service refused it. No money went back, and no credits were taken.",
    )


def _not_given_back(facts: Facts) -> Text:
    amount, client = _amount(facts), facts["client"]
    return Text(
        f"Please give {amount} back to {client}",
        f"{client} paid {amount} for a purchase that failed, and the money was not given back. "
        "Nothing was delivered for it; please refund it at your payment service.",
    )


KINDS_OF_REVERSALS: Mapping[str, Callable[[Facts], Text]] = {
    "refund": _refund,
    "client_refund": _client_refund,
    "dispute": _dispute,
    "client_dispute": _client_dispute,
    "client_debt": _client_debt,
    "refund_refused": _refused,
    "not_given_back": _not_given_back,
}
