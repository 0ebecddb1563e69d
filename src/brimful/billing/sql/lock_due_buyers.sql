-- Buyers of a seller with something due whose pools nobody has locked, in the order of ids; the seller's own pool is
-- locked before, and none of these is waited for, so that no lock is waited for in another order.
select p.account_id from pool p
where p.tenant_id = $1 and p.account_id in (
    select s.account_id from subscription s
    where s.tenant_id = $1 and s.seller_id = $2 and s.wake_at <= $3 and s.state <> 'ended'
      and s.account_id = coalesce($5, s.account_id)
      -- What cannot begin yet (`read_due`) takes nobody's place among those that are asked for.
      and not exists (
          select 1 from open_renewal r where r.tenant_id = s.tenant_id and r.buyer_id = s.account_id)
      and not exists (
          select 1 from subscription_in_purchase u
          where u.tenant_id = s.tenant_id and u.buyer_id = s.account_id and u.subscription_id = s.subscription_id)
)
  -- Who is to move by now renews no more at this seller (R46).
  and not exists (
      select 1 from account a
      where a.tenant_id = p.tenant_id and a.account_id = p.account_id and a.moves_at <= $3)
order by p.account_id
limit $4
for update skip locked;
