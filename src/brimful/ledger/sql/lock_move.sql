-- The pools that a move touches, in the order of ids: the account's, both sellers', and those of every account below it
-- that buys automatically, with their sellers'.
select 1 from pool
where tenant_id = $1 and account_id in (
    select unnest(array[account_id, parent_id, moves_to]) from account where tenant_id = $1 and account_id = $2
    union
    select unnest(array[a.account_id, a.parent_id])
    from account a
    join auto_billing_setting s on s.tenant_id = a.tenant_id and s.account_id = a.account_id
    where a.tenant_id = $1 and $2 = any (a.ancestors) and s.enabled
)
order by account_id
for update;
