"""The named steps of a purchase, where it may be observed, held up or killed.

Each is a place between two commits or two messages. Nothing happens at a step in production; tests
hold requests at one until all have arrived, or end the process there. Crash tests enumerate this
list, so whoever adds a commit or a call adds its step here.
"""

from collections.abc import Awaitable, Callable
from enum import StrEnum


class Step(StrEnum):
    """Where work can stop and be taken up by another process."""

    demand_registered = "demand_registered"
    before_plan = "before_plan"
    intent_committed = "intent_committed"
    before_create = "before_create"
    after_create = "after_create"
    payment_stored = "payment_stored"
    before_confirm = "before_confirm"
    after_confirm = "after_confirm"
    outcome_recorded = "outcome_recorded"
    before_capture = "before_capture"
    after_capture = "after_capture"
    before_cancel = "before_cancel"
    after_cancel = "after_cancel"


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
