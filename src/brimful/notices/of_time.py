"""What is told ahead of time, and of renewals: it says what will happen, when, and what mends it (R42).

Facts are plain values: instants in ISO 8601, ``zone`` the owner's (UTC when it is missing), amounts in
minor units with their ``currency``, and ``reason`` a code of `Reason`. No text tells a client of its
seller's prices or troubles (R18).
"""

from collections.abc import Callable, Mapping

from brimful.domain.money import format_money
from brimful.domain.reason import Reason
from brimful.notices.text import Facts, Text, day_of, needs_of, reason_of, time_of

_BUY = "Credits can be bought at any time."
# What stands between an account and a charge of its card.
_CARD = {
    Reason.no_payment_method: "There is no card on file that may be charged.",
    Reason.auto_billing_paused: "The card on file was declined and is not tried again.",
    Reason.retry_later: "The card on file was declined lately.",
}


def _card(facts: Facts) -> str:
    return _CARD.get(facts["reason"]) or reason_of(facts)


def _amount(facts: Facts) -> str:
    return format_money(facts["amount_minor"], facts["currency"])


def _low_balance(facts: Facts) -> Text:
    """``free`` (below zero when overdrawn), ``run_out_at`` (or none), ``reason`` why nothing is bought
    automatically."""
    free = facts["free"]
    lines = [f"{free:,} credits are left."]
    if free < 0:
        lines = [f"{-free:,} credits more than you had are used; the next that come repay them."]
    elif free and facts.get("run_out_at"):
        lines.append(f"They are expected to be used up by {time_of(facts, 'run_out_at')}.")
    lines += [f"{reason_of(facts)} {_BUY}"]
    return Text("Your credits are running low", "\n".join(lines))


def _forecast(facts: Facts) -> Text:
    """``free``, ``per_day``, ``run_out_at``, ``reason`` why nothing is bought automatically."""
    day = day_of(facts, "run_out_at")
    return Text(
        f"Your credits are expected to run out on {day}",
        f"{facts['free']:,} credits are left, and about {facts['per_day']:,} are used a day: "
        f"at this rate they last until {day}.\n{reason_of(facts)} {_BUY}",
    )


def _renewals_short(facts: Facts) -> Text:
    """To a seller: ``credits`` that its clients' renewals need by ``until``, ``clients`` how many,
    ``free``, ``first_due_at``, ``reason`` why auto-billing could not buy what is missing."""
    short = facts["credits"] - facts["free"]
    why = reason_of(facts)
    if facts["reason"] == Reason.temporarily_unavailable:
        why = "What is missing cannot be furnished to you at present."
    return Text(
        f"{short:,} credits are missing for renewals by {day_of(facts, 'until')}",
        f"The renewals of {facts['clients']:,} of your clients need {facts['credits']:,} credits by "
        f"{day_of(facts, 'until')}, the first on {time_of(facts, 'first_due_at')}. Your pool has "
        f"{facts['free']:,} free.\nAs things stand auto-billing could not buy the rest: {why}\n"
        "Renewals that cannot be furnished are not charged and are tried again.",
    )


def _renewal_card(facts: Facts) -> Text:
    """To a buyer: ``plans`` by name, ``due_at``, ``amount_minor``, ``currency``, ``reason``."""
    return Text(
        f"Your renewal on {day_of(facts, 'due_at')} cannot be paid",
        f"{', '.join(facts['plans'])} renews on {time_of(facts, 'due_at')} for {_amount(facts)}. "
        f"{_card(facts)} Please save another card by then.",
    )


def _card_expiring(facts: Facts) -> Text:
    """``card``, ``exp_month``, ``exp_year``."""
    return Text(
        "Your card is about to expire",
        f"{facts['card']} is valid until {facts['exp_month']:02d}/{facts['exp_year']}. "
        "Please save another card, so that nothing that is charged on it stops.",
    )


def _past_due(facts: Facts) -> Text:
    """To a buyer whose card was declined: ``plans``, ``amount_minor``, ``currency``, ``card`` (or
    none), ``reason``, ``retry_at`` (or none), ``suspended_at``."""
    card = f" ({facts['card']})" if facts.get("card") else ""
    lines = [
        f"{', '.join(facts['plans'])} could not be renewed for {_amount(facts)}: "
        f"{_card(facts)}{card}",
    ]
    if facts.get("retry_at"):
        lines.append(
            f"It is tried again on {time_of(facts, 'retry_at')}, with another card at once."
        )
    else:
        lines.append("It is tried again as soon as another card is saved.")
    lines.append(
        f"Without a payment it is suspended on {day_of(facts, 'suspended_at')}. Nothing is deleted."
    )
    return Text("Your renewal is past due", "\n".join(lines))


def _suspended(facts: Facts) -> Text:
    """To a buyer: ``plans``, ``amount_minor``, ``currency``."""
    return Text(
        f"Suspended: {', '.join(facts['plans'])}",
        f"{_amount(facts)} is unpaid for seven days. Nothing was deleted: with another card it is "
        "paid and goes on at once. Credits that were bought beside it can still be used.",
    )


def _client_suspended(facts: Facts) -> Text:
    """To a seller: ``client``, ``plans``."""
    return Text(
        f"{facts['client']} is suspended",
        f"{', '.join(facts['plans'])} of {facts['client']} is unpaid for seven days. Nothing was "
        "deleted; a payment ends it.",
    )


def _renewal_failed(facts: Facts) -> Text:
    """To a seller whose pool could not be secured: ``waiting`` as in other notices (``client``,
    ``credits``, ``chatbots``), the first ten, ``waiting_count`` in all, ``reason``, ``retry_at`` (or
    none)."""
    lines = [f"  {one['client']} needs {needs_of(one)}." for one in facts["waiting"]]
    more = facts["waiting_count"] - len(facts["waiting"])
    if more > 0:
        lines.append(f"  And {more:,} more.")
    cause = f"The cause is on your side: {reason_of(facts)}"
    if facts["reason"] == Reason.temporarily_unavailable:
        cause = "What they need of you cannot be furnished to you at present."
    lines += [cause, "Your clients were not charged and keep their access."]
    if facts.get("retry_at"):
        lines.append(
            f"It is tried again on {time_of(facts, 'retry_at')}, and at once when your pool fills."
        )
    return Text(
        f"{facts['waiting_count']:,} of your clients could not be renewed", "\n".join(lines)
    )


KINDS_OF_TIME: Mapping[str, Callable[[Facts], Text]] = {
    "low_balance": _low_balance,
    "forecast": _forecast,
    "renewals_short": _renewals_short,
    "renewal_card": _renewal_card,
    "card_expiring": _card_expiring,
    "past_due": _past_due,
    "suspended": _suspended,
    "client_suspended": _client_suspended,
    "renewal_failed": _renewal_failed,
}
