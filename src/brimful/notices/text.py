"""The words of a notice, and how times and amounts are told in one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from brimful.domain.reason import Reason, title

Facts = Mapping[str, Any]

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


@dataclass(frozen=True, slots=True)
class Text:
    """A notice's words, plain text."""

    title: str
    body: str


def reason_of(facts: Facts) -> str:
    """The reason among the facts, as a sentence."""
    try:
        return title(Reason(str(facts.get("reason"))))
    except ValueError:
        return "It could not be done."


def needs_of(entry: Facts) -> str:
    """So many credits and chatbots."""
    parts = [f"{entry['credits']:,} credits"] if entry.get("credits") else []
    if entry.get("chatbots"):
        parts.append(f"{entry['chatbots']:,} chatbots")
    return " and ".join(parts) or "nothing"


def day_of(facts: Facts, name: str) -> str:
    """The day of an instant (ISO 8601) in the owner's zone: "12 March 2026"."""
    at = _local(facts, name)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def time_of(facts: Facts, name: str) -> str:
    """An instant in the owner's zone: "12 March 2026, 14:00 (Europe/Berlin)"."""
    return f"{day_of(facts, name)}, {_local(facts, name):%H:%M} ({facts.get('zone') or 'UTC'})"


def _local(facts: Facts, name: str) -> datetime:
    return datetime.fromisoformat(str(facts[name])).astimezone(ZoneInfo(facts.get("zone") or "UTC"))
