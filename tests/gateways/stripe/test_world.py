"""The engine at Stripe, through its SDK: worked example, cascade, lost replies, a seller that leaves."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from brimful.db.transaction import Database
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought, SpendDone
from tests.builders.held import until
from tests.builders.stripe_world import CONNECT_SECRET, StripeWorld, running_stripe_world
from tests.builders.world import small_world
from tests.stripe_server.faults import Rule
from tests.stripe_server.webhooks import sign


@pytest.fixture
async def at_stripe(db: Database, tmp_path: Path) -> AsyncIterator[StripeWorld]:
    """An agency with one client, both with cards saved on pages of Stripe's."""
    async with running_stripe_world(db, tmp_path / "mail") as made:
        await small_world(made)
        yield made


async def test_r14_worked_example_at_stripe(at_stripe: StripeWorld) -> None:
    """Pool 9,000; a plan of 10,000 is bought; $10.00 is charged; pool 11,000, then 1,000."""
    world = at_stripe
    await world.stock("Agency", credits=9_000)
    plan = await world.package("Agency", 9_900, credits=10_000, interval="month", name="Plan")

    answer = await world.buy("Client 1", plan)
    await world.settle()

    assert isinstance(answer, Bought)
    assert world.taken("platform") == [1_000]
    assert world.taken((await world.account("Agency")).merchant_ref) == [9_900]
    agency = await world.credits("Agency")
    assert (agency.free, agency.reserved, agency.received) == (1_000, 0, 11_000)
    assert (await world.credits("Client 1")).free == 10_000
    assert world.held_open() == []
    assert [notice["kind"] for notice in await world.notices("Agency")] == ["auto_billed"]


async def cascade(world: StripeWorld) -> Any:
    """A query of the client that needs both cards; the worker looks until all is settled."""
    asked = asyncio.create_task(world.spend("Client 1", 25))

    async def ended() -> bool:
        await world.engine.take_up_due_work()
        await world.settle()
        rows = await world.db.fetch("select state from purchase")
        return asked.done() and {row["state"] for row in rows} <= {"delivered", "failed"}

    await until(ended)
    return await asked


async def test_r17_a_cascade_holds_the_client_until_its_seller_is_secured(
    at_stripe: StripeWorld,
) -> None:
    """The client's card is held, the agency buys, then the client is charged: in that order."""
    world = at_stripe
    assert isinstance(await cascade(world), SpendDone)
    agency = (await world.account("Agency")).merchant_ref
    assert world.taken("platform") == [2_000] and world.taken(agency) == [2_500]
    steps = [(line.account == agency, line.movement) for line in world.server.state.journal.lines]
    assert steps.index((True, "hold")) < steps.index((False, "capture"))
    assert steps.index((False, "capture")) < steps.index((True, "capture"))
    assert world.held_open() == []


FAULTS = [
    ("reset", "before"), ("reset", "after"), ("500", "before"), ("500", "after"),
    ("truncated", "after"), ("html", "before"), ("409", "before"), ("429", "before"),
]  # fmt: skip


@pytest.mark.parametrize("verb", ["create", "confirm", "capture"])
@pytest.mark.parametrize(("fault", "when"), FAULTS)
async def test_r22_a_spoilt_call_charges_each_card_once_or_not_at_all(
    at_stripe: StripeWorld, verb: str, fault: Any, when: Any
) -> None:
    """Whatever is lost, before or after its effect: who was charged has what was paid for (R17)."""
    world = at_stripe
    rule = Rule(fault=fault, when=when, verb=f"payment_intents.{verb}")
    world.server.faults.rules.append(rule)
    await cascade(world)
    assert rule.seen
    agency = (await world.account("Agency")).merchant_ref
    assert world.held_open() == []
    assert world.taken("platform") in ([2_000], [])
    assert world.taken(agency) in ([2_500], [])
    delivered = {
        row["buyer_id"]: row["n"]
        for row in await world.db.fetch(
            "select buyer_id, count(*) as n from purchase where state = 'delivered' group by 1"
        )
    }
    assert len(world.taken("platform")) == delivered.get(world.names["Agency"], 0)
    assert len(world.taken(agency)) == delivered.get(world.names["Client 1"], 0)


async def test_r29_a_busy_gateway_is_no_outage(at_stripe: StripeWorld) -> None:
    """It asks six times in a row to be asked less often: then each card is charged once, and nobody is
    told of an outage."""
    world = at_stripe
    rule = Rule(fault="429", verb="payment_intents.create", times=6)
    world.server.faults.rules.append(rule)
    assert isinstance(await cascade(world), SpendDone)
    assert rule.seen > 6
    agency = (await world.account("Agency")).merchant_ref
    assert world.taken("platform") == [2_000] and world.taken(agency) == [2_500]
    assert await world.db.fetch("select * from gateway_outage") == []


async def test_r29_a_declined_client_is_not_served_and_its_seller_not_charged(
    at_stripe: StripeWorld,
) -> None:
    """The hold comes first: it is refused, so nobody buys anything."""
    world = at_stripe
    await world.card("Client 1", "ours_insufficient_funds")
    answer = await cascade(world)
    assert isinstance(answer, Refuse) and answer.reason is Reason.card_declined
    assert world.taken() == [] and world.held_open() == []


async def test_r10_a_seller_that_left_stripe_is_told_and_its_client_neutrally_refused(
    at_stripe: StripeWorld,
) -> None:
    """No breaker moves: it is nobody's card. Its clients are inactive from then on, until the gateway
    answers for the account again."""
    world = at_stripe
    agency = (await world.account("Agency")).merchant_ref
    world.server.hooks.deauthorize(agency)
    for reason in (Reason.temporarily_unavailable, Reason.insufficient_credits):
        answer = await cascade(world)
        assert isinstance(answer, Refuse) and answer.reason is reason
    assert world.taken() == []
    assert [notice["kind"] for notice in await world.notices("Agency")] == ["disconnected"]
    assert await world.db.fetch("select * from breaker") == []
    world.server.hooks.authorize(agency)
    await world.ask_after()
    assert isinstance(await cascade(world), SpendDone)


async def test_r10_r45_stripe_tells_of_an_account_that_is_closed_and_open_again(
    at_stripe: StripeWorld,
) -> None:
    """Believed after a reading: before that is so, the same event leads to nothing."""
    world = at_stripe
    agency = (await world.account("Agency")).merchant_ref
    world.server.hooks.deauthorize(agency)
    world.server.hooks.authorize(agency)
    await told(world, "account.application.deauthorized")
    assert isinstance(await cascade(world), SpendDone)
    world.server.hooks.deauthorize(agency)
    await told(world, "account.application.deauthorized")
    assert [notice["kind"] for notice in await world.notices("Client 1")][-1] == "inactive"
    refused = await world.spend("Client 1", 9_000)
    assert isinstance(refused, Refuse) and refused.reason is Reason.insufficient_credits
    world.server.hooks.authorize(agency)
    world.server.hooks.onboard(agency)
    await told(world, "account.updated")
    verdicts = await world.db.fetch("select verdict from gateway_event order by received_real_at")
    assert [row["verdict"] for row in verdicts] == ["read_disagrees", "recorded", "recorded"]
    assert [notice["kind"] for notice in await world.notices("Client 1")][-1] == "resumed"


async def told(world: StripeWorld, kind: str) -> None:
    """Stripe's last event of a kind comes in, and what follows from it is done."""
    body = json.dumps(world.server.hooks.events(kind)[-1]).encode()
    signature = sign(body, CONNECT_SECRET, int(time.time()))
    assert await world.engine.receive_event(body=body, headers={"stripe-signature": signature})
    await world.settle()
