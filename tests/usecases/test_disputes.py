"""R25: disputes freeze what is left, take it when lost, and give it back when won, however late."""

from itertools import permutations

import pytest

from brimful.domain.payment import Captured, DisputeFact, RefundFact
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.record_payment import record_payment
from tests.builders.reversals import (
    bought,
    debts,
    dispute,
    hear,
    move_dispute,
    refund,
    told,
)
from tests.builders.world import World


async def test_r25_a_dispute_freezes_what_is_left_and_takes_it_when_lost(world: World) -> None:
    """Frozen credits cannot be spent; lost, they are the seller's again."""
    charge = await bought(world, spent=1_000)
    opened = await dispute(world, charge["payment_id"])
    client = await world.credits("Client 1")
    assert (client.free, client.held, client.used) == (0, 2_000, 1_000)
    # A third was used already: that is missing, so the card is paused, and nothing is owed yet.
    assert len(await told(world, "Client 1", "paused")) == 1
    assert await debts(world, "Agency") == []
    refused = await refund(world, "Client 1", charge["charge_id"], 100)
    assert isinstance(refused, Refuse)
    assert refused.reason is Reason.charge_disputed
    await move_dispute(world, charge["payment_id"], opened, "lost")
    client, agency = await world.credits("Client 1"), await world.credits("Agency")
    assert (client.free, client.held, agency.free) == (0, 0, 2_000)
    assert await debts(world, "Agency") == [1_000]
    assert await told(world, "Agency", "client_dispute") == ["open", "lost"]
    assert await told(world, "Client 1", "dispute") == ["open", "lost"]
    assert len(await told(world, "Client 1", "paused")) == 1
    [debt] = [one for one in await world.notices("Agency") if one["kind"] == "client_debt"]
    assert debt["facts"] == {"client": "Client 1", "credits": 1_000}
    for _ in range(2):
        await hear(world, charge["payment_id"])
    assert len(await told(world, "Agency", "client_debt")) == 1


async def test_r25_r42_a_debt_is_told_when_its_dispute_is_lost_and_not_while_it_is_open(
    world: World,
) -> None:
    """Nothing is owed while it is open. One that is won, or lost with all credits there, leaves none."""
    charge = await bought(world, spent=1_000)
    opened = await dispute(world, charge["payment_id"])
    assert await told(world, "Agency", "client_debt") == []
    await move_dispute(world, charge["payment_id"], opened, "won")
    assert await told(world, "Agency", "client_debt") == []


async def test_r25_r42_told_is_what_is_owed_and_not_what_the_seller_let_go(world: World) -> None:
    """600 of 3,000 credits are missing and let go; then 600 more are: so many are owed."""
    charge = await bought(world, spent=3_000)
    for amount in (500, 500):
        opened = await dispute(world, charge["payment_id"], amount)
        await move_dispute(world, charge["payment_id"], opened, "lost")
        assert await debts(world, "Agency") == [600]
        await world.db.execute("update reversal set cleared = missing")
    debt = [one["facts"] for one in await world.notices("Agency") if one["kind"] == "client_debt"]
    assert [facts["credits"] for facts in debt] == [600, 600]


async def test_r25_r42_the_same_number_missing_again_is_told_again(world: World) -> None:
    """A dispute is lost and won after all; then another of the same payment is lost: it is another debt."""
    charge = await bought(world, spent=1_000)
    for times in (1, 2):
        opened = await dispute(world, charge["payment_id"])
        await move_dispute(world, charge["payment_id"], opened, "lost")
        assert await debts(world, "Agency") == [1_000]
        assert len(await told(world, "Agency", "client_debt")) == times
        await move_dispute(world, charge["payment_id"], opened, "won")
        assert await debts(world, "Agency") == []


async def test_r25_a_dispute_that_is_won_frees_what_was_frozen(world: World) -> None:
    """Once, and nothing is owed."""
    charge = await bought(world)
    opened = await dispute(world, charge["payment_id"])
    assert (await world.credits("Client 1")).held == 3_000
    await move_dispute(world, charge["payment_id"], opened, "won")
    for _ in range(2):
        await hear(world, charge["payment_id"])
    client = await world.credits("Client 1")
    assert (client.free, client.held, client.received) == (3_000, 0, 3_000)
    assert await told(world, "Client 1", "paused") == []


async def test_r25_a_late_win_gives_back_what_was_taken_once(world: World) -> None:
    """Lost, then won after all: what was taken comes back, the debt is gone, and only once."""
    charge = await bought(world, spent=1_000)
    opened = await dispute(world, charge["payment_id"])
    await move_dispute(world, charge["payment_id"], opened, "lost")
    await move_dispute(world, charge["payment_id"], opened, "won")
    for _ in range(2):
        await hear(world, charge["payment_id"])
    client, agency = await world.credits("Client 1"), await world.credits("Agency")
    assert (client.free, client.used, agency.free, agency.sold) == (2_000, 1_000, 0, 3_000)
    assert await debts(world, "Agency") == []


async def test_r25_an_inquiry_moves_nothing(world: World) -> None:
    """No money has moved, so no credits do; the seller hears of it."""
    charge = await bought(world)
    world.desk.bank.dispute(charge["payment_id"], None, "inquiry")
    await hear(world, charge["payment_id"])
    assert (await world.credits("Client 1")).free == 3_000
    assert await told(world, "Agency", "client_dispute") == ["inquiry"]
    assert await told(world, "Client 1", "dispute") == []


async def test_r25_a_dispute_of_a_part_freezes_a_part(world: World) -> None:
    """floor(3,000 × 999 ÷ 2,500) = 1,198."""
    charge = await bought(world)
    await dispute(world, charge["payment_id"], 999)
    client = await world.credits("Client 1")
    assert (client.free, client.held) == (1_802, 1_198)


async def test_r25_a_dispute_of_more_than_the_charge_takes_no_more_than_it_brought(
    world: World,
) -> None:
    """The amount of a dispute may differ from the charge's."""
    charge = await bought(world)
    await world.stock("Agency", credits=500)
    await world.stock("Client 1", credits=500)
    opened = await dispute(world, charge["payment_id"], 2_600)
    await move_dispute(world, charge["payment_id"], opened, "lost")
    assert (await world.credits("Client 1")).free == 500
    assert await debts(world, "Agency") == []


async def test_r25_a_seller_keeps_none_and_its_clients_keep_all(world: World) -> None:
    """An agency disputes what it bought of the platform and has sold most of: frozen is what is left."""
    await world.open("Agency", sells=True)
    await world.card("Agency")
    await world.buy("Agency", await world.package(None, 2_000, credits=5_000))
    await world.open("Client 1", "Agency")
    await world.card("Client 1")
    await world.buy("Client 1", await world.package("Agency", 2_500, credits=3_000))
    await world.settle()
    payment_id = await world.db.fetchval(
        "select payment_id from charge where account_id = $1", world.names["Agency"]
    )
    opened = await dispute(world, payment_id)
    agency = await world.credits("Agency")
    assert (agency.free, agency.held, agency.sold) == (0, 2_000, 3_000)
    await move_dispute(world, payment_id, opened, "lost")
    assert (await world.credits("Client 1")).free == 3_000
    assert await world.db.fetchval("select missing from reversal") == 3_000
    await move_dispute(world, payment_id, opened, "won")
    agency = await world.credits("Agency")
    assert (agency.free, agency.held, agency.sold, agency.received) == (2_000, 0, 3_000, 5_000)


FACTS: tuple[RefundFact | DisputeFact, ...] = (
    RefundFact(refund_id="r1", amount_minor=500, state="pending"),
    RefundFact(refund_id="r1", amount_minor=500, state="succeeded"),
    RefundFact(refund_id="r2", amount_minor=250, state="failed"),
    DisputeFact(dispute_id="d1", amount_minor=1_000, state="open"),
    DisputeFact(dispute_id="d1", amount_minor=1_000, state="lost"),
    DisputeFact(dispute_id="d1", amount_minor=1_000, state="won"),
)


@pytest.mark.parametrize("part", range(24))
async def test_r25_any_order_with_duplicates_ends_in_the_same_state(
    world: World, part: int
) -> None:
    """All 720 orders of six facts of one payment, thirty to a test, on thirty charges of it; each fact
    twice. A refund of $5.00 of $25.00 is left in the end: 600 of 3,000 credits."""
    await bought(world)
    orders = list(permutations(FACTS))[part::24]
    await world.stock("Agency", credits=3_000 * len(orders))
    package = await world.db.fetchval(
        "select package_id from package_version where name = 'A pack'"
    )
    for _ in orders[1:]:
        await world.buy("Client 1", package)
    await world.settle()
    charges = await world.db.fetch(
        "select * from charge where account_id = $1 order by charge_id", world.names["Client 1"]
    )
    for charge, order in zip(charges, orders, strict=True):
        for fact in (fact for fact in order for _ in range(2)):
            await record_payment(
                world.engine.ctx,
                tenant_id=charge["tenant_id"],
                purchase_id=charge["purchase_id"],
                outcome=_captured(charge["payment_id"], fact),
                moment=world.engine.clock.moment(),
            )
    rows = await world.db.fetch("select taken, frozen, missing, unfrozen, owed from reversal")
    assert {tuple(row) for row in rows} == {(600, 0, 0, 0, 0)}
    assert len(rows) == len(orders)
    states = await world.db.fetch(
        "select gateway_refund, state from refund union select gateway_dispute, state from dispute"
    )
    assert {tuple(row) for row in states} == {
        ("r1", "succeeded"), ("r2", "failed"), ("d1", "won"),
    }  # fmt: skip


def _captured(payment_id: str, fact: RefundFact | DisputeFact) -> Captured:
    return Captured(
        payment_id=payment_id,
        amount_minor=2_500,
        currency="USD",
        refunds=(fact,) if isinstance(fact, RefundFact) else (),
        disputes=(fact,) if isinstance(fact, DisputeFact) else (),
    )
