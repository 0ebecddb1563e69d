"""Spends settled together are what they would be one after the other (R2, R20, R33, R36, R39)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from brimful.db.ids import new_id
from brimful.db.transaction import Database
from brimful.ledger import overdrafts, spends
from brimful.ledger.spends import NewSpend, Tried
from tests.builders.held import blocked, until
from tests.builders.spends import new_spend
from tests.builders.world import World
from tests.ledger.one_by_one import prepare, spend_alone
from tests.ledger.tree import Tree, bare_tree, open_tree

Step = tuple[Any, ...]
# (account, key, credits): few keys, so that some come again, and the body is the credits.
Asked = tuple[int, int, int]

accounts = st.integers(0, 3)
keys = st.integers(0, 7)
asked = st.tuples(accounts, keys, st.integers(1, 9))
BATCH = st.tuples(st.just("batch"), st.lists(asked, min_size=1, max_size=14))
GRANT = st.tuples(st.just("grant"), accounts, st.integers(5, 40), st.none() | st.integers(1, 8))
STEPS = st.one_of(
    BATCH,
    BATCH,
    BATCH,
    GRANT,
    st.tuples(st.just("overdraft"), accounts, st.integers(0, 12)),
    st.tuples(st.just("wait"), asked),
    st.tuples(st.just("fail_waiting"), accounts),
    st.tuples(st.just("command"), accounts, keys),
    st.tuples(st.just("pass"), st.integers(1, 4)),
)
HISTORIES = st.tuples(
    st.lists(GRANT, min_size=1, max_size=4), st.lists(STEPS, min_size=3, max_size=10)
).map(lambda parts: [*parts[0], *parts[1]])
TABLES = {
    "balance": "account_id, resource",
    "entry": "account_id, resource, seq",
    "spend": "account_id, key",
    "lot": "account_id, opened_at, lot_id",
    "demand": "account_id, seq",
}


@dataclass
class Side:
    """Two tenants with two accounts each, and what their rows say of whom."""

    trees: list[Tree]
    names: dict[UUID, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number in range(4):
            account = self.at(number)[1]
            self.names[account] = f"account {number}"

    def at(self, number: int) -> tuple[Tree, UUID]:
        """One of the four accounts."""
        tree = self.trees[number % 2]
        return tree, (tree.seller if number < 2 else tree.child)

    def named(self, value: Any) -> Any:
        """An id as it is called on both sides."""
        return self.names.get(value, "other") if isinstance(value, UUID) else value

    async def rows(self, table: str, order: str) -> list[list[Any]]:
        """All of a table that these accounts have, in one order on both sides."""
        tenants = [tree.tenant_id for tree in self.trees]
        rows = await self.trees[0].tx.fetch(
            f"select * from {table} where tenant_id = any ($1) order by {order}", tenants
        )
        named = [[self.named(value) for value in row.values()] for row in rows]
        mine = [row for row in named if any(str(v).startswith("account") for v in row)]
        return sorted(mine, key=str)


class Both:
    """The same history on two sides: spends together on one, one after the other on the other."""

    def __init__(self, together: Side, alone: Side) -> None:
        self.together, self.alone = together, alone
        self.sides = (together, alone)
        self.outcomes: set[str] = set()

    async def step(self, verb: str, *args: Any) -> None:
        """One step of a history."""
        await getattr(self, f"_{verb}")(*args)

    def _spends(self, batch: Sequence[Asked]) -> list[list[NewSpend]]:
        ids = [new_id() for _ in batch]
        made = []
        for side in self.sides:
            side.names |= {one: f"spend {one}" for one in ids}
            one_side = []
            for (number, key, credits), spend_id in zip(batch, ids, strict=True):
                tree, account = side.at(number)
                one_side.append(
                    tree.new_spend(credits, account)._replace(
                        key=f"key {key}",
                        body_hash=bytes([credits]),
                        spend_id=spend_id,
                    )
                )
            made.append(one_side)
        return made

    async def _batch(self, batch: Sequence[Asked]) -> None:
        together, alone = self._spends(batch)
        tx, moment = self.together.trees[0].tx, self.together.trees[0].moment
        mine = await spends.spend_many(tx, together, moment, wait=False)
        theirs = [await spend_alone(tx, new, moment) for new in alone]
        assert mine == theirs
        self.outcomes |= {tried.outcome for tried in mine}
        await self.check()

    async def _grant(self, number: int, credits: int, lifetime: int | None) -> None:
        for side in self.sides:
            tree, account = side.at(number)
            ends = None if lifetime is None else tree.now + lifetime
            lot = await tree.sell(credits, to=account, ends=ends)
            side.names[lot] = f"lot {len(side.names)}"

    async def _overdraft(self, number: int, credits: int) -> None:
        for side in self.sides:
            tree, account = side.at(number)
            await overdrafts.write_limit(tree.tx, tree.tenant_id, account, credits, tree.moment)

    async def _wait(self, one: Asked) -> None:
        for [new], side in zip(self._spends([one]), self.sides, strict=True):
            tree = side.trees[0]
            await spends.wait_for_spend(tree.tx, new, tree.moment.at, tree.moment)

    async def _fail_waiting(self, number: int) -> None:
        for side in self.sides:
            tree, account = side.at(number)
            await tree.fail_waiting(account)

    async def _command(self, number: int, key: int) -> None:
        for side in self.sides:
            tree, account = side.at(number)
            await tree.tx.execute(
                "insert into command values ($1, $2, $3, 'allot', '', $4, $5) on conflict do nothing",
                tree.tenant_id,
                account,
                f"key {key}",
                account,
                tree.moment.at,
            )

    async def _pass(self, hours: int) -> None:
        for side in self.sides:
            for tree in side.trees:
                tree.now += hours

    async def check(self) -> None:
        """Every row of both sides is the same, once all that is due has lapsed on both."""
        for side in self.sides:
            for number in range(4):
                tree, account = side.at(number)
                await tree.settle(account)
        for table, order in TABLES.items():
            assert await self.together.rows(table, order) == await self.alone.rows(table, order)


@contextlib.asynccontextmanager
async def both_sides(db: Database) -> AsyncIterator[Both]:
    """Two tenants on each side, in one transaction that is undone."""
    async with bare_tree(db) as tree:
        await prepare(tree.tx)
        made = [tree, *[await open_tree(tree.tx) for _ in range(3)]]
        yield Both(Side(made[:2]), Side(made[2:]))


# A refused one leaves room for smaller ones; the overdraft is crossed in the middle of a spend.
CROSSED = [
    ("grant", 0, 10, None),
    ("overdraft", 0, 6),
    ("batch", [(0, 0, 8), (0, 1, 9), (0, 2, 5), (0, 3, 4), (0, 4, 3), (0, 5, 1)]),
]
# A key that was short, then comes smaller; one that was done, then comes with another body.
SAME_KEYS = [
    ("grant", 2, 12, 2),
    ("batch", [(2, 0, 9), (2, 1, 8), (2, 1, 3), (2, 0, 9), (2, 0, 1), (1, 0, 1)]),
    ("pass", 3),
    ("grant", 2, 5, None),
    ("command", 2, 5),
    ("wait", (2, 6, 9)),
    ("batch", [(2, 6, 9), (2, 6, 2), (2, 5, 1), (2, 7, 2), (2, 0, 9)]),
    ("fail_waiting", 2),
    ("batch", [(2, 6, 9), (2, 6, 2), (2, 7, 3)]),
]


@settings(max_examples=60)
@given(history=HISTORIES)
@example(history=CROSSED)
@example(history=SAME_KEYS)
async def test_r2_r33_r36_r39_together_is_one_after_the_other(
    db: Database, history: Sequence[Step]
) -> None:
    """Random batches of four accounts of two tenants among grants, expiries, overdrafts, waits and
    commands: the same answers, and every row the same."""
    async with both_sides(db) as both:
        for verb, *args in history:
            await both.step(verb, *args)
        await both.check()


async def test_r2_a_refused_spend_does_not_stand_in_the_way_of_a_smaller_one(db: Database) -> None:
    """Ten free: 8 done, 5 short, 2 done, 1 short; then the overdraft lets one cross."""
    async with bare_tree(db) as tree:
        await tree.sell(10)
        tried = await tree.spend_many([tree.new_spend(credits) for credits in (8, 5, 2, 1)])
        assert [(one.outcome, one.balance_after) for one in tried] == [
            ("done", 2),
            ("short", 2),
            ("done", 0),
            ("short", 0),
        ]
        await tree.sell(3)
        await overdrafts.write_limit(tree.tx, tree.tenant_id, tree.seller, 4, tree.moment)
        tried = await tree.spend_many([tree.new_spend(credits) for credits in (5, 3, 2)])
        assert [(one.outcome, one.balance_after) for one in tried] == [
            ("done", -2),
            ("short", 0),
            ("done", -4),
        ]


async def test_r39_one_key_twice_in_a_batch_is_debited_once(db: Database) -> None:
    """The second is told what the first was; another body under the key is a conflict."""
    async with bare_tree(db) as tree:
        await tree.sell(10)
        new = tree.new_spend(4)
        other = new._replace(body_hash=b"other", spend_id=new_id())
        again = new._replace(spend_id=new_id())
        tried = await tree.spend_many([new, again, other, tree.new_spend(6)])
        assert tried == [
            Tried("done", new.spend_id, 4, 6),
            Tried("done", new.spend_id, 4, 6),
            Tried("conflict", new.spend_id, 4, None),
            tried[3],
        ]
        assert tried[3].balance_after == 0


async def test_r20_an_account_that_another_has_keeps_nobody_waiting(world: World) -> None:
    """Whoever holds a balance for long is passed by: its spends are told "busy", the others are done.
    Whoever asks to wait is served when it is free."""
    await world.open("Agency", sells=True)
    await world.open("Client", "Agency")
    for name, credits in (("Agency", 13), ("Client", 10)):
        await world.stock(name, credits=credits)
    news = [
        new_spend(world.names["Agency"], world.names[name], 3)
        for name in ("Client", "Agency", "Client")
    ]
    moment = world.engine.now()
    async with world.db.transaction() as tx:
        await tx.execute(
            "select 1 from balance where account_id = $1 for update", world.names["Client"]
        )
        tried = await spends.spend_many(world.db, news, moment, wait=False)
        assert [one.outcome for one in tried] == ["busy", "done", "busy"]
        waiting = asyncio.create_task(spends.spend_many(world.db, news, moment, wait=True))
        assert not (await asyncio.wait([waiting], timeout=0.05))[0]
    tried = await waiting
    assert [(one.outcome, one.balance_after) for one in tried] == [
        ("done", 7),
        ("done", 0),
        ("done", 4),
    ]


async def test_r36_what_is_let_go_while_another_is_settled_is_settled_too(world: World) -> None:
    """Credits of two accounts have ended. One account is held by others, who let it go while those of the
    other one lapse: nothing is spent of its ended credits either."""
    await world.open("Agency", sells=True)
    await world.open("Client", "Agency")
    accounts = [world.names[name] for name in ("Agency", "Client")]
    for name, credits in (("Agency", 13), ("Client", 10)):
        await world.stock(name, credits=credits)
    for table, column in (("lot", "expires_at"), ("balance", "next_expiry_at")):
        await world.db.execute(
            f"update {table} set {column} = now() - interval '1 hour' where account_id = any ($1) "
            "and free > 0", accounts,
        )  # fmt: skip
    news = [new_spend(accounts[0], account, 3) for account in accounts]
    async with world.db.transaction() as tx:
        await tx.execute("select 1 from lot where account_id = $1 for update", accounts[0])
        await tx.execute("select 1 from balance where account_id = $1 for update", accounts[1])
        trying = asyncio.create_task(
            spends.spend_many(world.db, news, world.engine.now(), wait=False)
        )
        await until(lambda: blocked(world.db, 1))
    assert [one.outcome for one in await trying] == ["short", "short"]


async def test_an_account_without_a_balance_raises(db: Database) -> None:
    """Nothing is made up for it, and nobody waits for ever."""
    async with bare_tree(db) as tree:
        nobody = tree.new_spend(1)._replace(account_id=new_id())
        with pytest.raises(Exception, match="has no balance"):
            async with tree.tx.transaction():
                await tree.spend_many([nobody])
