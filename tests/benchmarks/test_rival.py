"""The rival does equal work: its spends are exact and once per key, or the comparison is worth nothing."""

from uuid import UUID

import asyncpg
from benchmarks.spends.rival_asyncpg import CALL
from benchmarks.spends.rival_schema import TENANT, make_rival

HASH, OTHER = bytes(32), bytes([1] * 32)
ALL = 10**12


async def test_the_rival_debits_once_replays_and_refuses(dsn: str) -> None:
    """Debited, replayed, told apart from another body, refused beyond what is there."""
    connection = await asyncpg.connect(dsn)
    [account, _] = [UUID(one) for one in await make_rival(connection, 2)]

    async def spend(key: str, credits: int, body: bytes = HASH) -> tuple[str, int | None]:
        row = await connection.fetchrow(CALL, TENANT, account, key, body, credits)
        assert row is not None
        return row["outcome"], row["balance_after"]

    assert await spend("a", 10) == ("done", ALL - 10)
    assert await spend("a", 10) == ("done", ALL - 10)
    assert (await spend("a", 10, OTHER))[0] == "conflict"
    assert await spend("b", ALL) == ("short", None)
    assert await spend("b", ALL - 10) == ("done", 0)
    entries = await connection.fetch("select amount, free_after from rival.entry order by seq")
    balance = await connection.fetchrow("select free, used, seq from rival.balance where used > 0")
    await connection.close()
    assert [tuple(row) for row in entries] == [(10, ALL - 10), (ALL - 10, 0)]
    assert balance is not None and tuple(balance) == (0, ALL, 2)
