"""What a spend takes and what lapses: soonest-expiring first, never what has ended (R20, R36)."""

from brimful.db.transaction import Database
from tests.ledger.tree import bare_tree, hour


async def test_r36_spends_settle_lazily_and_exactly(db: Database) -> None:
    """Three spends touch no lot; settled together, they took what each would have taken at once."""
    async with bare_tree(db) as tree:
        never = await tree.sell(10)
        soon = await tree.sell(10, ends=10)
        late = await tree.sell(10, ends=20)
        for credits in (4, 9, 3):
            assert (await tree.spend(credits)).outcome == "done"
        assert (await tree.credits()).unsettled == 16
        assert await tree.lots() == {never: (10, 0, 0), soon: (10, 0, 0), late: (10, 0, 0)}
        await tree.settle()
        assert await tree.lots() == {never: (10, 0, 0), soon: (0, 0, 0), late: (4, 0, 0)}
        assert (await tree.credits()).unsettled == 0


async def test_r36_what_was_spent_in_time_does_not_lapse(db: Database) -> None:
    """Ten end at ten o'clock, seven of them are spent before: three lapse, no more and no less."""
    async with bare_tree(db) as tree:
        soon = await tree.sell(10, ends=10)
        never = await tree.sell(5)
        tree.now = 9
        await tree.spend(7)
        tree.now = 10
        await tree.settle()
        assert await tree.lots() == {soon: (0, 0, 3), never: (5, 0, 0)}
        stock = await tree.credits()
        assert (stock.free, stock.used, stock.lapsed) == (5, 7, 3)


async def test_r36_a_spend_at_the_end_of_a_lot_never_uses_it(db: Database) -> None:
    """No job has run; the balance itself knows when it must look (`next_expiry_at`)."""
    async with bare_tree(db) as tree:
        soon = await tree.sell(10, ends=10)
        await tree.sell(5, ends=20)
        assert (await tree.credits()).next_expiry_at == hour(10)
        tree.now = 10
        short = await tree.spend(6)
        assert (short.outcome, short.balance_after) == ("short", 5)
        assert (await tree.lots())[soon] == (0, 0, 10)
        assert (await tree.credits()).next_expiry_at == hour(20)
        assert (await tree.spend(5)).outcome == "done"


async def test_r20_r36_a_demand_at_the_end_of_a_lot_has_nothing_of_it(db: Database) -> None:
    """Nor has one that waited for more and is offered what is there; what was spent before is of the lot
    that ended."""
    async with bare_tree(db) as tree:
        soon = await tree.sell(10, ends=10)
        never = await tree.sell(5)
        await tree.spend(4)
        tree.now = 10
        _, met = await tree.demand(6)
        assert not met
        assert await tree.lots() == {soon: (0, 0, 6), never: (0, 5, 0)}
    async with bare_tree(db) as tree:
        _, met = await tree.demand(12)
        soon = await tree.sell(10, ends=10)
        tree.now = 10
        assert not met and await tree.offer() == []
        assert await tree.lots() == {soon: (0, 0, 10)}


async def test_r36_what_arrives_later_is_not_charged_with_earlier_spends(db: Database) -> None:
    """A lot that ends sooner than all the others comes after the spend: it stays whole."""
    async with bare_tree(db) as tree:
        never = await tree.sell(10)
        await tree.spend(4)
        soon = await tree.sell(10, ends=1)
        await tree.spend(3)
        await tree.settle()
        assert await tree.lots() == {never: (6, 0, 0), soon: (7, 0, 0)}


async def test_r20_reserved_lots_cannot_lapse_meanwhile(db: Database) -> None:
    """Pinned by name, they serve their demand days after their end; what was not pinned lapsed."""
    async with bare_tree(db) as tree:
        soon = await tree.sell(10, ends=10)
        demand, met = await tree.demand(6)
        assert met
        pinned = await tree.tx.fetch(
            "select lot_id, credits from reservation where demand_id = $1", demand
        )
        assert [tuple(row) for row in pinned] == [(soon, 6)]
        tree.now = 50
        await tree.settle()
        assert await tree.lots() == {soon: (0, 6, 4)}
        assert await tree.consume(demand) == 0
        stock = await tree.credits()
        assert (stock.reserved, stock.used, stock.lapsed) == (0, 6, 4)


async def test_r20_r36_a_reservation_pins_neither_what_is_spent_nor_what_has_ended(
    db: Database,
) -> None:
    """Seven of the middle lot are spent already, the first one has ended: three and two are pinned."""
    async with bare_tree(db) as tree:
        ended = await tree.sell(4, ends=5)
        soon = await tree.sell(10, ends=10)
        never = await tree.sell(10)
        tree.now = 6
        await tree.spend(7)
        _, met = await tree.demand(5)
        assert met
        assert await tree.lots() == {ended: (0, 0, 4), soon: (0, 3, 0), never: (8, 2, 0)}
        assert not (await tree.demand(9))[1]


async def test_r20_r36_what_is_given_back_after_its_end_lapses(db: Database) -> None:
    """No spend can use it, whether or not a job has run."""
    async with bare_tree(db) as tree:
        soon = await tree.sell(10, ends=10)
        never = await tree.sell(5)
        demand, _ = await tree.demand(10)
        tree.now = 11
        assert await tree.end(demand)
        short = await tree.spend(6)
        assert (short.outcome, short.balance_after) == ("short", 5)
        assert await tree.lots() == {soon: (0, 0, 10), never: (5, 0, 0)}


async def test_r36_what_is_given_back_is_not_charged_with_spends_made_meanwhile(
    db: Database,
) -> None:
    """While the sooner lot was pinned the other was spent from; so it stays, however late the
    settling."""
    async with bare_tree(db) as tree:
        soon = await tree.sell(10, ends=10)
        never = await tree.sell(10)
        demand, _ = await tree.demand(10)
        await tree.spend(4)
        assert await tree.end(demand)
        await tree.settle()
        assert await tree.lots() == {soon: (10, 0, 0), never: (6, 0, 0)}


async def test_r36_a_spend_after_an_end_takes_nothing_of_what_is_given_back_later(
    db: Database,
) -> None:
    """Ten ended while they were pinned, then four were spent of the others: all ten lapse."""
    async with bare_tree(db) as tree:
        soon = await tree.sell(10, ends=10)
        never = await tree.sell(10)
        demand, _ = await tree.demand(10)
        tree.now = 11
        assert (await tree.spend(4)).outcome == "done"
        assert await tree.end(demand)
        await tree.settle()
        assert await tree.lots() == {soon: (0, 0, 10), never: (6, 0, 0)}
        assert (await tree.credits()).free == 6


async def test_r20_r36_the_next_that_waits_is_not_served_from_what_has_ended(db: Database) -> None:
    """All that waits is ended: what the first gives back ended long ago, so the second is refused."""
    async with bare_tree(db) as tree:
        soon = await tree.sell(10, ends=10)
        first, met = await tree.demand(20)
        assert not met
        second, answer = await tree.wait(5)
        assert answer == "waiting"
        tree.now = 11
        moved = await tree.fail_waiting()
        assert [move.outcome for move in moved] == ["failed", "failed"]
        state = await tree.tx.fetchval("select state from spend where spend_id = $1", second)
        await tree.settle()
        assert state == "refused"
        assert await tree.lots() == {soon: (0, 0, 10)}
        assert not await tree.end(first)


async def test_r20_r36_what_has_ended_is_offered_to_nobody(db: Database) -> None:
    """Given back in time, offered too late: the spend that waits goes on waiting."""
    async with bare_tree(db) as tree:
        soon = await tree.sell(10, ends=10)
        demand, _ = await tree.demand(10)
        _, answer = await tree.wait(8)
        assert answer == "waiting"
        tree.now = 5
        assert await tree.end(demand)
        tree.now = 11
        assert await tree.offer() == []
        assert await tree.lots() == {soon: (0, 0, 10)}
