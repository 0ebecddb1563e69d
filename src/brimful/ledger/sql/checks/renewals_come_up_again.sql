-- A subscription that goes on is looked at again, is renewed right now, or waits for its owner to act (R34, R35).
select s.tenant_id, 'subscription ' || s.subscription_id || ' of account ' || s.account_id || ' would never renew' as detail
from subscription s
where s.state = 'active' and s.wake_at is null
  and not exists (
      select 1 from subscription_in_purchase u
      where u.tenant_id = s.tenant_id and u.buyer_id = s.account_id and u.subscription_id = s.subscription_id);
