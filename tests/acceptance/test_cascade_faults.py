"""Cascades of depth 2 and 3, with every single step failing once (R17, R22 to R24).

The list of failures is generated: every named step of the code at each time it is reached (the
process dies there), and every verb of the gateway with every fault at each call.
"""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from brimful.domain.reason import Refuse
from brimful.usecases.answers import SpendDone
from brimful.usecases.steps import Step, set_hook
from brimful.wiring import Pending
from brimful_testbank.faults import Rule
from tests.builders.world import World, small_world

VERBS = ("create", "confirm", "capture", "cancel")
FAULTS = ("lost_before", "lost_after", "http_500_before", "http_500_after", "refuse")


class Dying:
    """Ends the process, as it were, at the nth time a step is reached."""

    def __init__(self, step: Step, nth: int) -> None:
        self._step, self._left = step, nth
        self.died = False

    async def __call__(self, step: Step, subject: object) -> None:
        """Count, and die once."""
        if step is self._step and not self.died:
            self._left -= 1
            if self._left == 0:
                self.died = True
                raise asyncio.CancelledError


async def build(world: World, depth: int) -> str:
    """A chain of agencies with siblings that compete; the name of the account at its bottom."""
    await small_world(world)
    bottom = "Client 1"
    if depth == 3:
        await world.open("Branch", "Agency", sells=True)
        await world.card("Branch")
        await world.auto_billing("Branch")
        await world.package("Branch", 700, credits=500, name="500 credits")
        await world.open("Leaf", "Branch")
        await world.card("Leaf")
        await world.auto_billing("Leaf")
        bottom = "Leaf"
    await world.open("Sibling", "Agency")
    await world.card("Sibling")
    await world.auto_billing("Sibling")
    return bottom


async def run_through(world: World, bottom: str) -> list[Any]:
    """The bottom's query, a sibling's and the agency's own, all at once, then all due work."""
    answers = await asyncio.gather(
        world.spend(bottom, 25, wait_ms=1_500),
        world.spend("Sibling", 40, wait_ms=1_500),
        world.spend("Agency", 10, wait_ms=1_500),
        return_exceptions=True,
    )
    await finish(world)
    return answers


async def finish(world: World) -> None:
    """Another process takes up what is due, until nothing is open."""
    end = asyncio.get_running_loop().time() + 20
    while asyncio.get_running_loop().time() < end:
        await world.engine.take_up_due_work()
        await world.settle()
        left = await world.db.fetchval(
            "select (select count(*) from purchase where state not in ('delivered', 'failed')) + "
            "(select count(*) from demand where state in ('waiting', 'met'))"
        )
        if left == 0:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("work is open long after the last fault")


async def check_promise(world: World) -> None:
    """Nobody is charged for what is not delivered to it, nobody is served unpaid; no hold is left;
    the bank's own journal agrees to the cent. (The audit of the books follows by itself.)"""
    rows = await world.db.fetch(
        "select c.payment_id, c.amount_minor from purchase p join charge c "
        "on c.tenant_id = p.tenant_id and c.purchase_id = p.purchase_id "
        "where p.state = 'delivered'"
    )
    captured = {
        effect["payment"]: effect["amount"]
        for effect in world.desk.journal.effects()
        if effect["kind"] == "captured"
    }
    assert captured == {row["payment_id"]: row["amount_minor"] for row in rows}
    assert world.held_open() == []


@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize("step", list(Step))
async def test_r17_r24_dying_at_a_step_is_taken_up(world: World, step: Step, depth: int) -> None:
    """Wherever work stops, others finish it, and the promise holds."""
    bottom = await build(world, depth)
    world.engine.driver = replace(world.engine.driver, lease_s=0.3)
    for nth in (1, 2, 3):
        dying = Dying(step, nth)
        set_hook(dying)
        try:
            answers = await run_through(world, bottom)
        finally:
            set_hook(None)
        await finish(world)
        await check_promise(world)
        assert all(
            isinstance(answer, SpendDone | Refuse | Pending | asyncio.CancelledError)
            for answer in answers
        )
        if not dying.died:
            break


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("depth", [2, 3])
async def test_r17_r22_a_fault_at_any_call_of_the_gateway(
    world: World, verb: str, fault: Any, depth: int
) -> None:
    """Each call lost, answered with an error or refused, before or after its effect, at each turn."""
    bottom = await build(world, depth)
    world.engine.driver = replace(world.engine.driver, lease_s=0.3)
    for nth in (1, 2, 3):
        world.desk.faults.rules[:] = [Rule(fault=fault, verb=verb, nth=nth)]
        answers = await run_through(world, bottom)
        world.desk.faults.rules.clear()
        await finish(world)
        await check_promise(world)
        assert all(
            isinstance(answer, SpendDone | Refuse | Pending | asyncio.CancelledError)
            for answer in answers
        )
