-- Settles pools of which credits have ended, those of whose accounts a renewal is due or under way excepted: there, lapse
-- and grant are one transaction (R36). Pools that somebody has locked are left for the next time.
with ended as (
    select p.tenant_id, p.account_id from balance b
    join pool p on p.tenant_id = b.tenant_id and p.account_id = b.account_id
    where b.resource = 'credits' and b.next_expiry_at <= $1
      and not exists (
          select 1 from subscription s
          where s.tenant_id = b.tenant_id and s.account_id = b.account_id and s.state <> 'ended' and s.wake_at <= $1)
      and not exists (
          select 1 from open_renewal r where r.tenant_id = b.tenant_id and r.buyer_id = b.account_id)
    order by p.tenant_id, p.account_id
    limit $2
    for update of p skip locked
)
select count(settled.*) as settled
from ended cross join lateral settle_v1(ended.tenant_id, ended.account_id, $1) as settled;
