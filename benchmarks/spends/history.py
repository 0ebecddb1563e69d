"""A past for accounts: spends of one credit each, with keys and entries, made by a few statements that
leave books an audit finds right."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

# The past lies before what forecasts look at, so that no sums by hour have to be made up for it.
BEGAN = timedelta(days=100)
ENDED = timedelta(days=31)

# One row per spend that is made up: its account, number, instant and an id in the order of time.
_SPENDS = """
    select b.tenant_id, b.account_id, b.seq + i as seq, b.free - i as free_after,
        $3::timestamptz + i * $4::interval as at,
        'k' || substr(md5(b.account_id::text || i), 1, 16) as key,
        (lpad(to_hex((extract(epoch from $3::timestamptz + i * $4::interval) * 1000)::bigint), 12, '0')
            || substr(md5(i || b.account_id::text), 13))::uuid as spend_id
    from balance b cross join generate_series(1, $2::bigint) i
    where b.account_id = any ($1::uuid[]) and b.resource = 'credits'
"""
_STATEMENTS = (
    f"""
    insert into entry (tenant_id, account_id, resource, seq, at, kind, source, target, amount,
        free_after, operation_id)
    select tenant_id, account_id, 'credits', seq, at, 'spend', 'free', 'used', 1, free_after, spend_id
    from ({_SPENDS}) s
    """,
    f"""
    insert into spend (tenant_id, account_id, key, spend_id, body_hash, credits, state, balance_after, at)
    select tenant_id, account_id, key, spend_id, decode(md5(key) || md5(key), 'hex'), 1, 'done',
        free_after, at
    from ({_SPENDS}) s
    """,
)
_TOTALS = (
    "update lot set free = free - $2 where account_id = any ($1::uuid[])",
    """
    insert into usage_mark (tenant_id, account_id, seq, carried_at)
    select tenant_id, account_id, seq + $2, $3 from balance
    where account_id = any ($1::uuid[]) and resource = 'credits'
    on conflict (tenant_id, account_id) do update set seq = excluded.seq
    """,
    """
    update balance set free = free - $2, used = used + $2, seq = seq + $2
    where account_id = any ($1::uuid[]) and resource = 'credits'
    """,
)


async def make_history(connection: Any, accounts: list[UUID], spends: int) -> None:
    """So many spends of each account, at even distances from when it was opened; each has one lot and
    has spent nothing yet. One transaction, which need not be durable at once."""
    now = datetime.now(UTC)
    starts_at, step = now - BEGAN + timedelta(hours=1), (BEGAN - ENDED) / (spends + 1)
    async with connection.transaction():
        await connection.execute("set local synchronous_commit = off")
        for statement in _STATEMENTS:
            await connection.execute(statement, accounts, spends, starts_at, step)
        lots, marks, balances = _TOTALS
        await connection.execute(lots, accounts, spends)
        await connection.execute(marks, accounts, spends, now)
        await connection.execute(balances, accounts, spends)
