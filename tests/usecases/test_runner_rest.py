"""Waiting for what a process does before business time is moved on (R38)."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from brimful.domain.effect import Effect, MailDue, Plan, Renew
from brimful.effects.runner import Runner

ID = UUID(int=1)
LONG_S = 60
SHORT_S = 0.02


class Slow:
    """Effects that are done when a test says so; a renewal is followed by a plan."""

    def __init__(self) -> None:
        self.ends: dict[type, asyncio.Event] = {
            kind: asyncio.Event() for kind in (MailDue, Plan, Renew)
        }
        self.done: list[str] = []
        self.runner = Runner(dict.fromkeys(self.ends, self._do))

    async def _do(self, effect: Effect) -> tuple[Effect, ...]:
        await self.ends[type(effect)].wait()
        self.done.append(type(effect).__name__)
        return (Plan(ID, ID),) if isinstance(effect, Renew) else ()


@pytest.fixture
async def slow() -> AsyncIterator[Slow]:
    """Given up at the end."""
    made = Slow()
    yield made
    await made.runner.stop()


async def test_r38_rest_waits_for_what_is_done_and_follows(slow: Slow) -> None:
    """And not for mail, which nothing of business waits for."""
    slow.runner.run([MailDue(), Renew(ID, ID)])
    slow.ends[Renew].set()
    asyncio.get_running_loop().call_later(SHORT_S, slow.ends[Plan].set)
    assert await slow.runner.rest(LONG_S) is True
    assert slow.done == ["Renew", "Plan"]


async def test_r38_rest_ends_when_its_time_is_over(slow: Slow) -> None:
    """The gateway may take long, and other work falls due meanwhile."""
    slow.runner.run([Renew(ID, ID)])
    assert await slow.runner.rest(SHORT_S) is True
    assert slow.done == []


async def test_r38_who_does_nothing_rests_already(slow: Slow) -> None:
    """Whether there was anything is said: who only sends mail looks again later."""
    assert await slow.runner.rest(LONG_S) is False
    slow.runner.run([MailDue()])
    assert await slow.runner.rest(LONG_S) is False
