-- Accounts that buy ahead and are due for a look: by the clock for a forecast, at once when the pool has fallen below
-- the threshold (or may have, because something in it has ended). One that is buying is looked at after that (R19).
select a.tenant_id, a.account_id
from buy_ahead a
join auto_billing_setting s on s.tenant_id = a.tenant_id and s.account_id = a.account_id and s.enabled
join balance b on b.tenant_id = a.tenant_id and b.account_id = a.account_id and b.resource = 'credits'
where a.retry_at <= $1
  and ((a.forecast and a.look_at <= $1)
       or (a.threshold_credits is not null and (b.free < a.threshold_credits or b.next_expiry_at <= $1)))
  and not exists (
      select 1 from purchase p
      where p.tenant_id = a.tenant_id and p.buyer_id = a.account_id and p.automatic
        and p.state not in ('delivered', 'failed'))
order by a.look_at
limit $2;
