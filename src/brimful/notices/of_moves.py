"""What is told of an account that moves to another seller: to its owner and to both sellers (R46).

Facts: ``name`` of the account; ``seller``, the new one's name, to its owner alone; ``at``, when it
moves; ``reason``, why it does not, to the new one alone (R18).
"""

from collections.abc import Callable, Mapping

from brimful.notices.text import Facts, Text, day_of, reason_of, time_of


def _planned(facts: Facts) -> Text:
    return Text(
        f"{facts['name']} moves to {facts['seller']} on {day_of(facts, 'at')}",
        f"From {time_of(facts, 'at')} on, {facts['seller']} sells to {facts['name']}. Until then "
        "nothing changes. Your credits stay; your subscriptions end then, and the chatbots of them "
        f"pause until you subscribe with {facts['seller']}. API keys and webhook endpoints that your "
        "seller until then gave you, or that were made with such keys, end as well.",
    )


def _done(facts: Facts) -> Text:
    """``paused``: the names of its chatbots that paused; ``was_on``, ``had_card``: what was given up;
    ``keys_ended``, ``webhooks_ended``: how many."""
    seller = facts["seller"]
    lines = [f"{seller} sells to {facts['name']} from now on. Your credits have stayed."]
    lines.append("What you had subscribed to before has ended and is not charged any more.")
    if names := facts["paused"]:
        more = f" and {len(names) - 10:,} more" if len(names) > 10 else ""
        lines.append(
            f"These chatbots are paused: {', '.join(names[:10])}{more}. Nothing is deleted; they come "
            f"back when you subscribe with {seller}."
        )
    if facts["had_card"]:
        lines.append(f"Your card was saved for purchases elsewhere; please save it for {seller}.")
    if facts["was_on"]:
        lines.append(
            "Auto-billing is off, because you had agreed to other prices. Its limits are kept: "
            "switch it on again when you agree to the new ones."
        )
    if facts.get("keys_ended") or facts.get("webhooks_ended"):
        lines.append(
            "API keys and webhook endpoints that came from your seller before do not work any more: "
            f"{facts['keys_ended']} and {facts['webhooks_ended']} of them."
        )
    return Text(f"{facts['name']} has moved to {seller}", "\n".join(lines))


def _dropped(facts: Facts) -> Text:
    return Text(
        f"{facts['name']} does not move to {facts['seller']}",
        "Everything stays as it is, and what recurs goes on.",
    )


def _leaving(facts: Facts) -> Text:
    return Text(
        f"{facts['name']} moves to another seller on {day_of(facts, 'at')}",
        f"Its subscriptions with you end on {time_of(facts, 'at')} and its chatbots come back to you. "
        "Credits that it has bought stay with it.",
    )


def _left(facts: Facts) -> Text:
    return Text(
        f"{facts['name']} has moved to another seller",
        "Its subscriptions with you have ended and its chatbots have come back to you. Credits that "
        "it has bought stay with it.",
    )


def _stays(facts: Facts) -> Text:
    return Text(f"{facts['name']} stays with you", "It does not move, and what recurs goes on.")


def _coming(facts: Facts) -> Text:
    return Text(
        f"{facts['name']} becomes your client on {day_of(facts, 'at')}",
        f"From {time_of(facts, 'at')} on you sell to it. The chatbots that its own clients hold then "
        "are taken out of your pool; its own pause until it subscribes with you.",
    )


def _came(facts: Facts) -> Text:
    return Text(
        f"{facts['name']} is your client now",
        "You sell to it from now on. The chatbots that its own clients hold were taken out of your "
        "pool; its own are paused until it subscribes with you.",
    )


def _does_not_come(facts: Facts) -> Text:
    why = f" {reason_of(facts)}" if facts.get("reason") else ""
    return Text(f"{facts['name']} does not become your client", f"It does not move.{why}")


KINDS_OF_MOVES: Mapping[str, Callable[[Facts], Text]] = {
    "move_planned": _planned,
    "move_done": _done,
    "move_dropped": _dropped,
    "client_leaving_planned": _leaving,
    "client_leaving_done": _left,
    "client_leaving_dropped": _stays,
    "client_coming_planned": _coming,
    "client_coming_done": _came,
    "client_coming_dropped": _does_not_come,
}
