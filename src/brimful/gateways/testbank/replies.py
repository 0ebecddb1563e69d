"""What testbank answers, before anything is made of it."""

from typing import Any

from brimful.domain.payment import Unknown, Unreachable

# The status and the body of an answer; or none.
Reply = tuple[int, Any] | Unknown | Unreachable


def code_of(body: Any) -> str:
    """Why testbank refused."""
    return str(body.get("code", "refused")) if isinstance(body, dict) else "refused"
