-- A subscription that goes on is looked at again, is renewed right now, or waits for its owner to act (R34, R35).
select s.tenant_id, 'subscription ' || s.subscription_id || ' of account ' || s.account_id || ' would never renew' as detail
from subscription s
where s.state = 'active' and s.wake_at is null
  and not exists (
      select 1 from purchase p
      join purchase_line l on l.tenant_id = p.tenant_id and l.purchase_id = p.purchase_id
      where p.tenant_id = s.tenant_id and p.buyer_id = s.account_id and p.state not in ('delivered', 'failed')
        and l.subscription_id = s.subscription_id);
