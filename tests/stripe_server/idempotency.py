"""Idempotency keys: one answer per key and account, for 24 hours of the virtual clock."""

from dataclasses import dataclass, field
from typing import Any

from tests.stripe_server.errors import in_flight, invalid, other_parameters

KEPT_S = 86_400
LENGTH_MAX = 255
# A key is its caller's own: by account that is acted on, mode and text.
Scope = tuple[str, bool, str]


@dataclass(slots=True)
class _Entry:
    asked: Any
    at: int
    # The answer; None while the first request still runs.
    answer: tuple[int, str] | None = None


@dataclass(slots=True)
class Keys:
    """Every key of the last 24 hours."""

    entries: dict[Scope, _Entry] = field(default_factory=dict)

    def begin(self, scope: Scope, asked: Any, now: int) -> tuple[int, str] | None:
        """The saved status and body for this key; None when the request must run.

        Raises StripeError: still running (409), or used for something else (400).
        """
        if len(scope[2]) > LENGTH_MAX:
            raise invalid("Idempotency keys may be at most 255 characters.")
        entry = self.entries.get(scope)
        if entry is not None and now - entry.at >= KEPT_S and entry.answer is not None:
            entry = None
        if entry is None:
            self.entries[scope] = _Entry(asked, now)
            return None
        if entry.asked != asked:
            raise other_parameters()
        if entry.answer is None:
            raise in_flight()
        return entry.answer

    def finish(self, scope: Scope, answer: tuple[int, str] | None) -> None:
        """Save the answer; None forgets the key, as after a failed validation."""
        if answer is None:
            self.entries.pop(scope, None)
        elif scope in self.entries:
            self.entries[scope].answer = answer
