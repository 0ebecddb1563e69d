"""Lots and balances: what a transfer consumes, what is never negative, what lapses (R1 to R3, R36)."""

import asyncpg
import pytest

from brimful.db.transaction import Database
from tests.ledger.tree import Tree, bare_tree, hour

PLACES = (
    "issued", "received", "free", "reserved", "held", "used", "sold", "lapsed", "clawed_back",
)  # fmt: skip


async def find(tree: Tree) -> tuple[int, int]:
    """What was issued in the tree, and what is somewhere in it."""
    row = await tree.tx.fetchrow(
        "select sum(issued)::int, sum(free + reserved + held + used + lapsed + clawed_back)::int "
        "from balance where tenant_id = $1 and resource = 'credits'",
        tree.tenant_id,
    )
    return row[0], row[1]


async def test_r1_what_was_issued_is_somewhere_at_every_step(db: Database) -> None:
    """Issued, sold on, reserved, spent, lapsed, given back: the sum over the tree never moves."""
    async with bare_tree(db) as tree:
        await tree.sell(100, ends=5)
        await tree.sell(50)
        assert await find(tree) == (150, 150)
        demand, met = await tree.demand(60)
        assert met
        await tree.sell(30, by=tree.seller, to=tree.child)
        await tree.spend(20, tree.child)
        assert await find(tree) == (150, 150)
        tree.now = 6
        await tree.settle()
        await tree.end(demand)
        await tree.settle()
        assert await find(tree) == (150, 150)
        seller, child = await tree.credits(), await tree.credits(tree.child)
        assert (seller.received, seller.free, seller.sold, seller.lapsed) == (150, 50, 30, 70)
        assert (child.received, child.free, child.used) == (30, 10, 20)
        assert (await tree.credits(tree.supply)).sold == 150


@pytest.mark.parametrize("place", [*PLACES, "unsettled"])
async def test_r2_no_place_of_a_balance_can_be_negative(db: Database, place: str) -> None:
    """Not even by a statement that keeps the sum right: the database refuses it."""
    async with bare_tree(db) as tree:
        await tree.sell(5)
        # Both sides of the sum move alike, so that only the sign of one place is wrong.
        sides = ("issued", "received") if place in ("issued", "received") else ("free", "held")
        other = next(side for side in sides if side != place)
        keep = "" if place == "unsettled" else f", {other} = {other} + {place} + 1"
        with pytest.raises(asyncpg.CheckViolationError, match=place):
            async with tree.tx.transaction():
                await tree.tx.execute(
                    f"update balance set {place} = -1{keep} where account_id = $1", tree.seller
                )
        assert (await tree.credits()).free == 5


@pytest.mark.parametrize(
    "change", ["free = free + 1", "sold = sold + 1", "received = received + 1"]
)
async def test_r1_what_an_account_received_cannot_grow_or_vanish(db: Database, change: str) -> None:
    """One place alone never moves: the database compares them with what was received."""
    async with bare_tree(db) as tree:
        await tree.sell(5)
        with pytest.raises(asyncpg.CheckViolationError):
            async with tree.tx.transaction():
                await tree.tx.execute(
                    f"update balance set {change} where account_id = $1", tree.seller
                )
        assert (await tree.credits()).received == 5


async def test_r2_a_spend_of_more_than_is_free_changes_nothing(db: Database) -> None:
    """24 are free: 25 are short, 24 are not; what is reserved is not free."""
    async with bare_tree(db) as tree:
        await tree.sell(30)
        await tree.demand(6)
        short = await tree.spend(25)
        assert (short.outcome, short.balance_after) == ("short", 24)
        assert (await tree.credits()).used == 0
        done = await tree.spend(24)
        assert (done.outcome, done.balance_after) == ("done", 0)
        assert (await tree.spend(1)).outcome == "short"


async def test_r2_r3_a_seller_cannot_sell_what_it_has_not(db: Database) -> None:
    """Credits or chatbots beyond what is free: refused whole, and the child has nothing of it."""
    async with bare_tree(db) as tree:
        await tree.sell(10)
        await tree.demand(4)
        await tree.allot_chatbots(2, by=tree.supply, to=tree.seller)
        with pytest.raises(asyncpg.CheckViolationError):
            async with tree.tx.transaction():
                await tree.sell(7, by=tree.seller, to=tree.child)
        with pytest.raises(asyncpg.CheckViolationError):
            async with tree.tx.transaction():
                await tree.allot_chatbots(3, by=tree.seller, to=tree.child)
        assert (await tree.credits(tree.child)).received == 0
        assert await tree.lots(tree.child) == {}
        await tree.sell(6, by=tree.seller, to=tree.child)
        assert (await tree.credits()).free == 0


async def test_r20_a_demand_reserves_no_more_than_is_free(db: Database) -> None:
    """The first takes all there is, the second finds nothing; neither goes below zero."""
    async with bare_tree(db) as tree:
        lot = await tree.sell(10)
        assert not (await tree.demand(15))[1]
        assert not (await tree.demand(5))[1]
        stock = await tree.credits()
        assert (stock.free, stock.reserved) == (0, 10)
        assert await tree.lots() == {lot: (0, 10, 0)}


async def test_r3_a_transfer_consumes_the_soonest_expiring_lots_and_keeps_which(
    db: Database,
) -> None:
    """Bought in another order than they end: the one that ends first goes first, then the next."""
    async with bare_tree(db) as tree:
        never = await tree.sell(10)
        late = await tree.sell(10, ends=20)
        soon = await tree.sell(10, ends=10)
        sold = await tree.sell(14, by=tree.seller, to=tree.child)
        assert await tree.consumed_for(sold) == {soon: 10, late: 4}
        assert await tree.lots() == {soon: (0, 0, 0), late: (6, 0, 0), never: (10, 0, 0)}
        rest = await tree.sell(16, by=tree.seller, to=tree.child)
        assert await tree.consumed_for(rest) == {late: 6, never: 10}


async def test_r3_what_was_spent_before_a_transfer_is_not_sold_too(db: Database) -> None:
    """A spend takes the soonest-expiring credits first, though its lot was not touched yet."""
    async with bare_tree(db) as tree:
        soon = await tree.sell(10, ends=10)
        never = await tree.sell(10)
        await tree.spend(7)
        assert await tree.lots() == {soon: (10, 0, 0), never: (10, 0, 0)}
        sold = await tree.sell(5, by=tree.seller, to=tree.child)
        assert await tree.consumed_for(sold) == {soon: 3, never: 2}
        assert (await tree.credits()).unsettled == 0


async def test_r3_the_buyers_lot_has_the_terms_sold_and_no_others(db: Database) -> None:
    """Its end, cost and kind are those of the package, not those of the lots that were consumed."""
    async with bare_tree(db) as tree:
        await tree.sell(100, ends=10)
        demand, _ = await tree.demand(40)
        [lot] = await tree.deliver_lines(demand, (40, 30, 777))
        row = await tree.tx.fetchrow("select * from lot where lot_id = $1", lot)
        assert (row["account_id"], row["amount"], row["free"]) == (tree.child, 40, 40)
        assert (row["terms"], row["cost_minor"], row["currency"]) == ("plan", 777, "USD")
        assert (row["expires_at"], row["opened_at"]) == (hour(30), hour(0))
        transfer = await tree.tx.fetchrow(
            "select * from transfer where transfer_id = $1", row["transfer_id"]
        )
        assert (transfer["seller_id"], transfer["buyer_id"]) == (tree.seller, tree.child)
        assert (await tree.credits(tree.child)).next_expiry_at == hour(30)


async def test_r3_a_delivery_consumes_the_lots_that_its_demand_pinned(db: Database) -> None:
    """Two lines of one purchase, after the pinned lots have ended: still these and no others."""
    async with bare_tree(db) as tree:
        late = await tree.sell(10, ends=20)
        soon = await tree.sell(10, ends=10)
        never = await tree.sell(10)
        demand, met = await tree.demand(15)
        assert met
        tree.now = 25
        first, second = await tree.deliver_lines(demand, (12, None, 0), (3, None, 0))
        assert await tree.consumed_for(first) == {soon: 10, late: 2}
        assert await tree.consumed_for(second) == {late: 3}
        await tree.settle()
        assert await tree.lots() == {soon: (0, 0, 0), late: (0, 0, 5), never: (10, 0, 0)}
        assert (await tree.credits()).reserved == 0
