"""R36, R38, R39: any history of holds, spends, grants and time ends as the rules say."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hypothesis import example, given, settings
from hypothesis import strategies as st

from brimful.db.transaction import Database
from brimful.domain.holding import Change, capture, expire, release
from brimful.domain.reason import Refuse
from brimful.ledger import holds, overdrafts
from tests.ledger.hold_books import HeldBooks
from tests.ledger.tree import Tree, bare_tree

Step = tuple[Any, ...]

small, large, which = st.integers(1, 12), st.integers(5, 40), st.integers(0, 5)
GRANTS = st.tuples(st.just("grant"), large, st.none() | st.integers(1, 8))
OFTEN = (
    st.tuples(st.just("place"), large, st.integers(1, 6)),
    st.tuples(st.just("capture"), which, large),
    st.tuples(st.just("spend"), small),
)
STEPS = st.one_of(
    *OFTEN,
    *OFTEN,
    GRANTS,
    st.tuples(st.just("release"), which),
    st.tuples(st.just("overdraft"), st.sampled_from((0, 10))),
    st.tuples(st.just("pass"), st.integers(1, 3)),
    st.tuples(st.just("worker")),
)
HISTORIES = st.tuples(
    st.lists(GRANTS, min_size=2, max_size=4), st.lists(STEPS, min_size=12, max_size=22)
).map(lambda parts: [*parts[0], *parts[1]])
# A sooner lot is held while the other is spent from; its end passes, and half of it comes back.
COMES_BACK_LATE = [
    ("grant", 10, 4), ("grant", 10, None), ("place", 12, 6), ("spend", 4), ("pass", 3), ("pass", 2),
    ("capture", 0, 5), ("spend", 8),
]  # fmt: skip
OVERDRAWN = [
    ("grant", 10, None), ("overdraft", 10), ("place", 8, 6), ("spend", 7), ("capture", 0, 13),
    ("grant", 20, 4), ("place", 10, 1), ("pass", 1), ("worker",),
]  # fmt: skip


class Both:
    """One history on the ledger and in the books side by side; each step's answers agree."""

    def __init__(self, tree: Tree) -> None:
        self.tree, self.books = tree, HeldBooks()
        # In the order in which they were placed, those that have ended included.
        self.placed: list[UUID] = []

    async def step(self, verb: str, *args: Any) -> None:
        """One step of a history."""
        await getattr(self, f"_{verb}")(*args)

    async def _grant(self, credits: int, lifetime: int | None) -> None:
        ends = None if lifetime is None else self.tree.now + lifetime
        self.books.receive(await self.tree.sell(credits, ends=ends), credits, ends)
        await self.tree.offer()
        self.books.repay()

    async def _spend(self, credits: int) -> None:
        tried = await self.tree.spend(credits)
        assert (tried.outcome == "done") == self.books.spend(credits)

    async def _place(self, credits: int, hours: int) -> None:
        new = self.tree.new_hold(credits, hours)
        tried = await holds.place_hold(self.tree.tx, new, self.tree.moment)
        ends = self.tree.now + hours
        assert (tried.outcome == "done") == self.books.place(new.spend_id, credits, ends)
        if tried.outcome == "done":
            assert tried.balance_after == self.books.free
            self.placed.append(new.spend_id)

    async def _capture(self, index: int, credits: int) -> None:
        for hold in self._pick(index):
            locked = await self._lock(hold)
            change = capture(locked.hold, credits, locked.beside, self.tree.moment.real_at)
            if hold not in self.books.standing:
                assert change is None or isinstance(change, Refuse)
            elif self.books.standing[hold] <= self.tree.now:
                assert isinstance(change, Change) and change.refusal is not None
                await self._change(locked, change)
                self.books.let_go(hold)
            elif isinstance(change, Change):
                await self._change(locked, change)
                assert self.books.capture(hold, credits)
            else:
                assert isinstance(change, Refuse) and not self.books.capture(hold, credits)

    async def _release(self, index: int) -> None:
        for hold in self._pick(index):
            locked = await self._lock(hold)
            change = release(locked.hold, self.tree.moment.real_at)
            assert isinstance(change, Change) == (hold in self.books.standing)
            if isinstance(change, Change):
                await self._change(locked, change)
                self.books.let_go(hold)

    async def _worker(self) -> None:
        """Ends what is over, as those that look do."""
        over = [hold for hold, ends in self.books.standing.items() if ends <= self.tree.now]
        ids = (self.tree.tenant_id, self.tree.seller, self.tree.moment.real_at, len(over) + 1)
        assert set(await holds.find_over_of(self.tree.tx, *ids)) == set(over)  # type: ignore[arg-type]
        for hold in over:
            locked = await self._lock(hold)
            change = expire(locked.hold, self.tree.moment.real_at)
            assert change is not None
            await self._change(locked, change)
            self.books.let_go(hold)

    async def _overdraft(self, limit: int) -> None:
        ids = (self.tree.tenant_id, self.tree.seller)
        await overdrafts.write_limit(self.tree.tx, *ids, limit, self.tree.moment)
        self.books.limit = limit

    async def _pass(self, hours: int) -> None:
        self.tree.now += hours
        self.books.until(self.tree.now)

    def _pick(self, index: int) -> list[UUID]:
        return [self.placed[index % len(self.placed)]] if self.placed else []

    async def _lock(self, hold: UUID) -> holds.Locked:
        ids = (self.tree.tenant_id, self.tree.seller, hold)
        locked = await holds.lock_hold(self.tree.tx, *ids, self.tree.moment)
        assert locked is not None
        assert (locked.hold.held, locked.beside) == (
            self.books.held(hold), self.books.free + max(0, self.books.limit - self.books.owed),
        )  # fmt: skip
        return locked

    async def _change(self, locked: holds.Locked, change: Change) -> None:
        tree = self.tree
        await holds.charge_hold(tree.tx, tree.tenant_id, locked.hold, change, tree.moment)
        if change.frees(locked.hold):
            await tree.offer()

    async def check(self) -> None:
        """Settled now, the ledger is the books: every place, and every lot by itself."""
        await self.tree.settle()
        stock = await self.tree.credits()
        books = self.books
        assert (stock.free, stock.held, stock.used, stock.lapsed, stock.overdrawn) == (
            books.free, books.held(), books.used, books.lapsed, books.owed,
        )  # fmt: skip
        assert await self.tree.lots() == {
            lot.lot_id: (lot.free, sum(lot.pinned.values()), lot.lapsed)
            for lot in books.lots.values()
        }


@settings(max_examples=80)
@given(history=HISTORIES)
@example(history=COMES_BACK_LATE)
@example(history=OVERDRAWN)
async def test_r36_r39_any_history_of_holds_ends_as_the_rules_say(
    db: Database, history: Sequence[Step]
) -> None:
    """Placed, captured in part and beyond, released, over; lots end meanwhile; then audited and undone."""
    async with bare_tree(db) as tree:
        both = Both(tree)
        for verb, *args in history:
            await both.step(verb, *args)
        await both.check()
