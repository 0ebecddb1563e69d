-- Of an account and its ancestors, those with something due or under way, nearest to the root first (R35).
select distinct s.seller_id, s.account_id, array_position(a.ancestors, s.account_id) as depth
from account a
join subscription s on s.tenant_id = a.tenant_id and s.account_id = any (a.ancestors) and s.state <> 'ended' and s.wake_at <= $3
where a.tenant_id = $1 and a.account_id = $2
  -- One that an open purchase of its account changes or carries on comes after that.
  and not exists (
      select 1 from subscription_in_purchase u
      where u.tenant_id = s.tenant_id and u.buyer_id = s.account_id and u.subscription_id = s.subscription_id)
order by depth;
