-- The pools of an account, its seller, its children, and of whoever sold it credits that it still has, in the order
-- of ids.
select 1 from pool
where tenant_id = $1 and account_id in (
    select unnest(array[account_id, parent_id]) from account where tenant_id = $1 and (account_id = $2 or parent_id = $2)
    union
    select t.seller_id from lot l
    join transfer t on t.tenant_id = l.tenant_id and t.transfer_id = l.transfer_id
    where l.tenant_id = $1 and l.account_id = $2 and l.free + l.pinned + l.frozen > 0
)
order by account_id
for update;
