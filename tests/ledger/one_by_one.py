"""The yardstick of spends: one at a time, one statement after the other, as plainly as it can be said.

Shares nothing with `spend_many_v1` but the tables and what moves and settles stock (R2, R20, R33, R39).
"""

from typing import Any

from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment
from brimful.ledger.spends import NewSpend, Tried

_FUNCTION = """
create function spend_v1(
    p_tenant uuid, p_account uuid, p_key text, p_hash bytea, p_spend uuid, p_credits bigint,
    p_model text, p_messages bigint, p_at timestamptz
) returns table (outcome text, spend_id uuid, credits bigint, balance_after bigint) language plpgsql as $$
#variable_conflict use_column
declare
    b balance;
    s spend;
    v_free bigint;
    v_beyond bigint := 0;
begin
    select * into strict b from balance
    where tenant_id = p_tenant and account_id = p_account and resource = 'credits' for update;
    select * into s from spend where tenant_id = p_tenant and account_id = p_account and key = p_key for update;
    if found and s.body_hash <> p_hash then
        return query select 'conflict', s.spend_id, s.credits, null::bigint;
        return;
    elsif found and s.state in ('done', 'waiting') then
        return query select s.state, s.spend_id, s.credits, s.balance_after;
        return;
    elsif not found and exists (
        select 1 from command c where c.tenant_id = p_tenant and c.account_id = p_account and c.key = p_key
    ) then
        return query select 'conflict', p_spend, p_credits, null::bigint;
        return;
    end if;
    if b.next_expiry_at <= p_at then
        perform settle_v1(p_tenant, p_account, p_at);
        select * into strict b from balance
        where tenant_id = p_tenant and account_id = p_account and resource = 'credits';
    end if;
    if b.free < p_credits then
        v_beyond := p_credits - b.free;
        if not exists (
            select 1 from overdraft o
            where o.tenant_id = p_tenant and o.account_id = p_account and o.limit_credits >= b.overdrawn + v_beyond
        ) then
            return query select 'short', p_spend, p_credits, b.free;
            return;
        end if;
        perform move_v1(p_tenant, p_account, 'credits', 'spend', 'overdrawn', 'used', v_beyond, p_spend, p_at);
    end if;
    v_free := move_v1(p_tenant, p_account, 'credits', 'spend', 'free', 'used', p_credits - v_beyond, p_spend, p_at)
        - b.overdrawn - v_beyond;
    update balance set unsettled = unsettled + p_credits - v_beyond
    where tenant_id = p_tenant and account_id = p_account and resource = 'credits';
    insert into spend (tenant_id, account_id, key, spend_id, body_hash, credits, model, messages, state, balance_after, at)
    values (p_tenant, p_account, p_key, p_spend, p_hash, p_credits, p_model, p_messages, 'done', v_free, p_at)
    on conflict (tenant_id, account_id, key) do update set
        spend_id = excluded.spend_id, credits = excluded.credits, state = 'done', reason = null, demand_id = null,
        balance_after = excluded.balance_after, at = excluded.at;
    return query select 'done', p_spend, p_credits, v_free;
end $$;
"""
_CALL = "select * from spend_v1($1, $2, $3, $4, $5, $6, $7, $8, $9)"


async def prepare(tx: Transaction) -> None:
    """Make the yardstick's function, for as long as the transaction."""
    await tx.execute(_FUNCTION)


async def spend_alone(tx: Transaction, new: NewSpend, moment: Moment) -> Tried:
    """Try one spend."""
    row: Any = await tx.fetchrow(
        _CALL,
        new.tenant_id,
        new.account_id,
        new.key,
        new.body_hash,
        new.spend_id,
        new.credits,
        new.model,
        new.messages,
        moment.at,
    )
    return Tried(*row)
