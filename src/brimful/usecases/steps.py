"""The named steps of a purchase at which a test may hold it up.

Each is a place between two commits or two messages, and nothing happens at one in production. What is
to fail at every commit and call is no matter of steps: the cascade campaign counts those by itself.
"""

from collections.abc import Awaitable, Callable
from enum import StrEnum


class Step(StrEnum):
    """Where work can be held up."""

    demand_registered = "demand_registered"
    before_plan = "before_plan"
    intent_committed = "intent_committed"
    before_create = "before_create"
    before_confirm = "before_confirm"
    before_capture = "before_capture"


Hook = Callable[[Step, object], Awaitable[None]]


async def _pass(step: Step, subject: object) -> None:
    return None


_hook: Hook = _pass


def set_hook(hook: Hook | None) -> None:
    """Install a test's hook, or none."""
    global _hook
    _hook = hook or _pass


async def reached(step: Step, subject: object) -> None:
    """Say that work on ``subject`` has reached a step. No transaction is open at any step."""
    await _hook(step, subject)
