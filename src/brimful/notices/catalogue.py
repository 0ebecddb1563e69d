"""Every notice: what it says, from the facts it was promised with (R16, R18, R28, R42)."""

from collections.abc import Callable, Mapping

from brimful.domain.money import format_money
from brimful.domain.reason import Reason
from brimful.notices.of_moves import KINDS_OF_MOVES
from brimful.notices.of_receipts import KINDS_OF_RECEIPTS
from brimful.notices.of_reversals import KINDS_OF_REVERSALS
from brimful.notices.of_time import KINDS_OF_TIME
from brimful.notices.of_webhooks import KINDS_OF_WEBHOOKS
from brimful.notices.text import Facts, Text, day_of, needs_of, reason_of


def compose(kind: str, facts: Facts) -> Text:
    """The words of a notice. Raises KeyError for a kind that is not in the catalogue."""
    return _KINDS[kind](facts)


def kinds() -> frozenset[str]:
    """Every kind of notice there is."""
    return frozenset(_KINDS)


# What caused a purchase for which nothing waited (R33).
_WHY = {
    "threshold": "Your pool had fallen below your threshold",
    "overdraft": "More credits were used than your pool had",
    "forecast": "Your pool was expected to run out soon",
}


def _auto_billed(facts: Facts) -> Text:
    amount = format_money(facts["amount_minor"], facts["currency"])
    bought = needs_of(facts)
    why = _WHY.get(str(facts.get("trigger")), "Your pool was short")
    lines = [f"{why}, so {bought} were bought for {amount} on {facts['card']}."]
    for line in facts["lines"]:
        cost = format_money(line["amount_minor"], facts["currency"])
        lines.append(f"  {line['quantity']} × {line['name'] or 'outstanding amount'}: {cost}")
    balances = facts["balances"]
    lines.append(
        f"Credits: {balances['before']:,} → {balances['granted']:,} → {balances['after']:,}."
    )
    lines.append("Auto-billing can be switched off at any time in its settings.")
    return Text(f"Auto-billing bought {bought} for {amount}", "\n".join(lines))


def _disconnected(facts: Facts) -> Text:
    return Text(
        "Your clients cannot be charged",
        "Your account at the payment service is not connected to ours any more, so that your clients "
        "cannot be charged and cannot buy. They are told that this is temporarily unavailable.\n"
        "Connect your account again to sell to them; nothing was charged meanwhile.",
    )


def _waiting(facts: Facts) -> list[str]:
    """Who could not be served, a line each: the first ones, and how many more."""
    waiting = facts.get("waiting") or []
    lines = [
        f"  {entry.get('client') or 'Your own chatbots'} needed {needs_of(entry)} ({entry['kind']})."
        for entry in waiting
    ]
    more = facts.get("waiting_count", 0) - len(waiting)
    return [*lines, f"  And {more:,} more."] if more > 0 else lines


def _failed(facts: Facts) -> Text:
    lines = [reason_of(facts)]
    if facts.get("card"):
        lines.append(f"Card: {facts['card']}.")
    lines += _waiting(facts)
    lines.append("Nothing was charged.")
    if facts.get("backup"):
        lines.append(f"Your backup card is tried instead: {facts['backup']}.")
    if facts.get("paused"):
        lines.append(
            "Auto-billing is paused: a new card, a purchase by hand or switching it on again "
            "resumes it."
        )
    elif facts.get("retry_at"):
        lines.append(f"The card may be tried again from {facts['retry_at']}, another one at once.")
    return Text("Auto-billing could not buy what was missing", "\n".join(lines))


def _client_waiting(facts: Facts) -> Text:
    cause = f"The cause is on your side: {reason_of(facts)}"
    if facts["reason"] == Reason.temporarily_unavailable:
        cause = "What it would have bought of you cannot be furnished to you at present."
    return Text(
        f"{facts['client']} could not be served",
        f"{facts['client']} needed {needs_of(facts)} and was told that this is temporarily "
        f"unavailable. {cause}\nThe client was not charged.",
    )


def _action(facts: Facts) -> Text:
    backup = facts.get("backup")
    paused = " Auto-billing is paused until you do." if facts.get("paused") and not backup else ""
    lines = [f"{reason_of(facts)}{paused} Nothing was charged.", *_waiting(facts)]
    confirm = "Confirm it here"
    if backup:
        lines.append(f"Your backup card is tried instead: {backup}.")
        confirm = "If that card does not pay, confirm it here"
    if facts.get("link"):
        lines.append(f"{confirm}, until {day_of(facts, 'link_expires_at')}: {facts['link']}")
    if backup and facts.get("paused"):
        lines.append(
            f"Nothing is charged to {facts['card']} by itself until it pays for a purchase by hand, or you "
            "switch auto-billing on again."
        )
    return Text("Please confirm a payment", "\n".join(lines))


def _cap_share(share: int) -> Callable[[Facts], Text]:
    def compose_share(facts: Facts) -> Text:
        limit = format_money(facts["limit_minor"], facts["currency"])
        used = format_money(facts["used_minor"], facts["currency"])
        whose, by_now = f"the {facts['cap']}", f"for this {facts['cap']}"
        if facts["cap"] == "child":
            whose, by_now = str(facts["client"]), f"for {facts['client']} this month"
        return Text(
            f"{share} per cent of your limit for {whose} is used",
            f"Auto-billing has used {used} of {limit} {by_now}. "
            "At the limit it stops; it never charges beyond it.",
        )

    return compose_share


def _cap_reached(facts: Facts) -> Text:
    lines = [f"{reason_of(facts)} Auto-billing did not charge.", *_waiting(facts)]
    return Text("A limit of yours was reached", "\n".join(lines))


def _inactive(facts: Facts) -> Text:
    return Text(
        "Auto-billing is inactive",
        "Auto-billing cannot be used at present. Your setting is kept, and it resumes by itself "
        "when it can be used again. Nothing is charged meanwhile.",
    )


def _resumed(facts: Facts) -> Text:
    return Text("Auto-billing has resumed", "Your card can be charged again, within your limits.")


def _paused(facts: Facts) -> Text:
    if facts["reason"] == Reason.auto_billing_braked:
        cause = (
            "A purchase did not bring what was missing."
            if facts.get("cause") == "not_cured"
            else "Today it was about to spend far more than on the days before."
        )
        return Text(
            "Auto-billing has stopped and asks you",
            f"{cause} Nothing more is charged until you let it go on in its settings.",
        )
    card = f" Card: {facts['card']}." if facts.get("card") else ""
    return Text(
        "Auto-billing is paused",
        f"{reason_of(facts)}{card} A new card, a purchase by hand or switching it on again resumes it.",
    )


def _chatbots(count: int) -> str:
    return f"{count:,} chatbot{'' if count == 1 else 's'}"


def _paused_chatbots(facts: Facts) -> list[str]:
    """Which chatbots lost their seats: nothing of them is lost, and their owner may choose others."""
    names = facts.get("paused") or []
    if not names:
        return []
    listed = ", ".join(names[:10]) + (f" and {len(names) - 10:,} more" if len(names) > 10 else "")
    return [
        f"These chatbots are paused: {listed}. Nothing is deleted; you may choose which stay active, "
        "and they come back when there are chatbots for them."
    ]


def _subscription_ended(facts: Facts) -> Text:
    lines = [f"{facts['package']} has ended with its period. Nothing more is charged for it."]
    if facts.get("given_back"):
        lines = [
            f"{facts['package']} has ended with its month: money for its period went back, and what was "
            "kept pays for no more of it. Nothing more is charged for it."
        ]
    return Text(f"{facts['package']} has ended", "\n".join([*lines, *_paused_chatbots(facts)]))


def _subscription_kept(facts: Facts) -> Text:
    lines = [
        f"{_chatbots(facts['with_clients'])} of {facts['package']} are with your clients and could "
        "not go back, so what pays for them goes on. At the end of the next period it is tried again."
    ]
    title_ = f"{facts['package']} could not be changed yet"
    if facts.get("given_back"):
        title_ = f"{facts['package']} brings no more credits"
        lines = [
            f"Money for this period of {facts['package']} went back, and what was kept pays for no more "
            f"of it, so that it brings no more credits before the period ends. {_chatbots(facts['with_clients'])} of it are with "
            "your clients and could not go back, so it goes on after that."
        ]
    return Text(title_, "\n".join([*lines, *_paused_chatbots(facts)]))


def _plan_changed(facts: Facts) -> Text:
    lines = [f"Your plan is {facts['package']} from this period on."]
    return Text(f"Your plan is {facts['package']}", "\n".join([*lines, *_paused_chatbots(facts)]))


def _chatbots_released(facts: Facts) -> Text:
    return Text(
        f"{_chatbots(facts['chatbots'])} released",
        f"{_chatbots(facts['chatbots'])} of {facts['package']} were not needed any more and are not "
        "charged from this period on.",
    )


def _account_closed(facts: Facts) -> Text:
    return Text(
        f"The account {facts['name']} is closed",
        "Nothing is charged any more, subscriptions and automatic billing have ended, chatbots and "
        "unused additional credits went back. The statement can still be read.",
    )


_KINDS: Mapping[str, Callable[[Facts], Text]] = {
    "auto_billed": _auto_billed,
    "auto_billing_failed": _failed,
    "client_waiting": _client_waiting,
    "action_required": _action,
    "paused": _paused,
    "disconnected": _disconnected,
    "resumed": _resumed,
    "inactive": _inactive,
    "cap_80": _cap_share(80),
    "cap_100": _cap_share(100),
    "cap_reached": _cap_reached,
    **KINDS_OF_TIME,
    **KINDS_OF_MOVES,
    **KINDS_OF_RECEIPTS,
    **KINDS_OF_WEBHOOKS,
    **KINDS_OF_REVERSALS,
    "subscription_ended": _subscription_ended,
    "subscription_kept": _subscription_kept,
    "plan_changed": _plan_changed,
    "chatbots_released": _chatbots_released,
    "account_closed": _account_closed,
}
