-- The pools of an account and of its seller, in the order of ids.
select 1 from pool
where tenant_id = $1 and account_id in (
    select unnest(array[account_id, parent_id]) from account where tenant_id = $1 and account_id = $2
)
order by account_id
for update;
