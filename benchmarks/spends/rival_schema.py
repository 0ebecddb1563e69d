"""The rival's tables and function: a spend is one call that does the same work as ours, written
plainly and well. It checks and debits the balance, appends an entry with the balance after it, keeps
the idempotency key with its answer, and replays it.

What ours does besides (lots, expiry, overdraft, auto-billing, the key shared with other commands) it is
spared.
"""

from typing import Any
from uuid import UUID

TENANT = UUID(int=1)

_TABLES = """
create schema rival;
create table rival.balance (
    tenant_id uuid not null,
    account_id uuid not null,
    free bigint not null check (free >= 0),
    used bigint not null default 0,
    seq bigint not null default 0,
    primary key (tenant_id, account_id)
) with (fillfactor = 50);
create table rival.entry (
    tenant_id uuid not null,
    account_id uuid not null,
    seq bigint not null,
    at timestamptz not null,
    amount bigint not null,
    free_after bigint not null,
    spend_id uuid not null,
    primary key (tenant_id, account_id, seq)
);
create table rival.spend (
    tenant_id uuid not null,
    account_id uuid not null,
    key text not null,
    spend_id uuid not null,
    body_hash bytea not null,
    credits bigint not null,
    balance_after bigint not null,
    at timestamptz not null,
    primary key (tenant_id, account_id, key)
);
"""
# Of two calls with one key at once, the later waits for the balance's lock and then fails on the key;
# whoever called asks again and is told what the first did.
_FUNCTION = """
create function rival.spend_v1(
    p_tenant uuid, p_account uuid, p_key text, p_hash bytea, p_credits bigint
) returns table (outcome text, spend_id uuid, balance_after bigint) language plpgsql as $$
#variable_conflict use_column
declare
    s rival.spend;
    v_spend uuid := gen_random_uuid();
    v_free bigint;
    v_seq bigint;
begin
    select * into s from rival.spend
    where tenant_id = p_tenant and account_id = p_account and key = p_key;
    if found then
        return query select case when s.body_hash = p_hash then 'done' else 'conflict' end,
            s.spend_id, s.balance_after;
        return;
    end if;
    update rival.balance set free = free - p_credits, used = used + p_credits, seq = seq + 1
    where tenant_id = p_tenant and account_id = p_account and free >= p_credits
    returning free, seq into v_free, v_seq;
    if not found then
        return query select 'short', null::uuid, null::bigint;
        return;
    end if;
    insert into rival.entry (tenant_id, account_id, seq, at, amount, free_after, spend_id)
    values (p_tenant, p_account, v_seq, now(), p_credits, v_free, v_spend);
    insert into rival.spend (tenant_id, account_id, key, spend_id, body_hash, credits, balance_after, at)
    values (p_tenant, p_account, p_key, v_spend, p_hash, p_credits, v_free, now());
    return query select 'done', v_spend, v_free;
end $$;
"""
_ACCOUNTS = """
insert into rival.balance (tenant_id, account_id, free)
select $1, lpad(to_hex(n), 32, '0')::uuid, 1000000000000 from generate_series(1, $2::int) n
"""


async def make_rival(connection: Any, accounts: int) -> list[str]:
    """Its tables, with so many accounts; their ids, which count from one."""
    await connection.execute(_TABLES)
    await connection.execute(_FUNCTION)
    await connection.execute(_ACCOUNTS, TENANT, accounts)
    return [str(UUID(int=number)) for number in range(1, accounts + 1)]
