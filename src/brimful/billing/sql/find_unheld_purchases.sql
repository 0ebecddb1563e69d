-- Of some purchases those of which nobody holds the pools and balances of buyer and seller at this moment; none is waited for.
with party as (
    select distinct unnest(array[buyer_id, seller_id]) as account_id from purchase
    where tenant_id = $1 and purchase_id = any ($2::uuid[])
), pools as (
    select account_id from pool where tenant_id = $1 and account_id in (select account_id from party)
    for update skip locked
), balances as (
    select account_id from balance where tenant_id = $1 and resource = 'credits' and account_id in (select account_id from party)
    for update skip locked
), free as (
    select account_id from party where account_id in (select account_id from pools) and account_id in (select account_id from balances)
)
select purchase_id from purchase
where tenant_id = $1 and purchase_id = any ($2::uuid[])
  and buyer_id in (select account_id from free) and seller_id in (select account_id from free);
