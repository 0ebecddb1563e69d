"""Lazy settling is exact: any history in SQL ends as it does in books that settle at once (R20, R36)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hypothesis import example, given, settings
from hypothesis import strategies as st

from brimful.db.transaction import Database
from tests.ledger.eager import Eager, EagerDemand
from tests.ledger.tree import Tree, bare_tree

Step = tuple[Any, ...]

small, large = st.integers(1, 12), st.integers(5, 40)
lifetimes = st.none() | st.integers(1, 8)
which = st.integers(0, 5)
GRANTS = st.tuples(st.just("grant"), large, lifetimes)
# Reservations that come and go between spends are what lazy settling could get wrong.
OFTEN = (
    st.tuples(st.just("spend"), small),
    st.tuples(st.just("reserve"), large),
    st.tuples(st.just("end"), which),
)
STEPS = st.one_of(
    *OFTEN,
    *OFTEN,
    *OFTEN,
    GRANTS,
    st.tuples(st.just("wait"), large),
    st.tuples(st.just("consume"), which),
    st.tuples(st.just("deliver"), which, lifetimes),
    st.tuples(st.just("sell"), small, lifetimes),
    st.tuples(st.just("child_spend"), small),
    st.tuples(st.just("offer")),
    st.tuples(st.just("fail_waiting")),
    st.tuples(st.just("pass"), st.integers(1, 4)),
)
# It begins with some lots, so that the rest has something to move.
HISTORIES = st.tuples(
    st.lists(GRANTS, min_size=2, max_size=4), st.lists(STEPS, min_size=12, max_size=21)
).map(lambda parts: [*parts[0], *parts[1]])


class Both:
    """One history on the ledger and on the eager books side by side; each step's answers agree."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.seller, self.child = Eager(), Eager()
        self.sold: dict[UUID, dict[UUID, int]] = {}

    async def step(self, verb: str, *args: Any) -> None:
        """One step of a history."""
        await getattr(self, f"_{verb}")(*args)

    def _pick(self, index: int, *states: str) -> list[UUID]:
        """One of the child's purchases that are in these states, if there is one."""
        found = [demand for state in states for demand in self.seller.open(state)]
        return found[index % len(found) :][:1] if found else []

    def _end_of(self, lifetime: int | None) -> float | None:
        return None if lifetime is None else self.tree.now + lifetime

    async def _grant(self, credits: int, lifetime: int | None) -> None:
        ends = self._end_of(lifetime)
        self.seller.receive(await self.tree.sell(credits, ends=ends), credits, ends)
        await self._offer()

    async def _offer(self) -> None:
        moved = [move.outcome for move in await self.tree.offer()]
        assert moved == self.seller.offer()

    async def _spend(self, credits: int) -> None:
        tried = await self.tree.spend(credits)
        assert (tried.outcome == "done") == self.seller.spend(credits)
        assert tried.balance_after == self.seller.free

    async def _child_spend(self, credits: int) -> None:
        tried = await self.tree.spend(credits, self.tree.child)
        assert (tried.outcome == "done") == self.child.spend(credits)
        assert tried.balance_after == self.child.free

    async def _wait(self, credits: int) -> None:
        spend, answer = await self.tree.wait(credits)
        state = self.seller.register(EagerDemand(spend, credits, spends=True))
        assert (answer, state) in (("done", "consumed"), ("waiting", "waiting"))

    async def _reserve(self, credits: int) -> None:
        demand, met = await self.tree.demand(credits)
        state = self.seller.register(EagerDemand(demand, credits, spends=False))
        assert state == ("met" if met else "waiting")

    async def _end(self, index: int) -> None:
        for demand in self._pick(index, "waiting", "met"):
            assert await self.tree.end(demand)
            self.seller.end(demand)

    async def _consume(self, index: int) -> None:
        for demand in self._pick(index, "met"):
            await self.tree.consume(demand)
            self.seller.consume(demand)

    async def _deliver(self, index: int, lifetime: int | None) -> None:
        for demand in self._pick(index, "met"):
            credits, ends = self.seller.demands[demand].credits, self._end_of(lifetime)
            lot = await self.tree.deliver(demand, credits, ends)
            self.sold[lot] = self.seller.deliver(demand)
            self.child.receive(lot, credits, ends)

    async def _sell(self, credits: int, lifetime: int | None) -> None:
        credits, ends = min(credits, self.seller.free), self._end_of(lifetime)
        if credits:
            lot = await self.tree.sell(credits, by=self.tree.seller, to=self.tree.child, ends=ends)
            self.sold[lot] = self.seller.sell(credits)
            self.child.receive(lot, credits, ends)

    async def _fail_waiting(self) -> None:
        moved = [move.outcome for move in await self.tree.fail_waiting()]
        assert moved == self.seller.fail_waiting()

    async def _pass(self, hours: int) -> None:
        self.tree.now += hours
        self.seller.until(self.tree.now)
        self.child.until(self.tree.now)

    async def check(self) -> None:
        """Settled now, the ledger is the eager books: free, lapsed, and every lot by itself."""
        accounts = {self.tree.seller: self.seller, self.tree.child: self.child}
        for account, eager in accounts.items():
            await self.tree.settle(account)
            stock = await self.tree.credits(account)
            assert (stock.free, stock.lapsed, stock.used, stock.sold) == (
                eager.free, eager.lapsed, eager.used, eager.sold,
            )  # fmt: skip
            assert await self.tree.lots(account) == {
                lot.lot_id: (lot.free, sum(lot.pinned.values()), lot.lapsed)
                for lot in eager.lots.values()
            }
        for lot, consumed in self.sold.items():
            assert await self.tree.consumed_for(lot) == consumed


# A sooner lot is pinned while the other is spent from, and then given back.
GIVEN_BACK = [("grant", 10, 4), ("grant", 10, None), ("reserve", 10), ("spend", 4), ("end", 0)]


@settings(max_examples=80)
@given(history=HISTORIES)
@example(history=GIVEN_BACK)
async def test_r36_any_history_settles_as_if_each_spend_were_settled_at_once(
    db: Database, history: Sequence[Step]
) -> None:
    """Grants, spends, reservations, transfers and time in any order; then audited and undone."""
    async with bare_tree(db) as tree:
        both = Both(tree)
        for verb, *args in history:
            await both.step(verb, *args)
        await both.check()
