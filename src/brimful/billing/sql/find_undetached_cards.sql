-- Removed cards that the gateway still has, once no open charge uses them: each taken by moving its time on.
update payment_method m set detach_real_at = $1::timestamptz + interval '1 minute'
from (
    select tenant_id, method_id from payment_method
    where removed_at is not null and detached_at is null and detach_real_at <= $1
    order by detach_real_at limit $2 for update skip locked
) due
where m.tenant_id = due.tenant_id and m.method_id = due.method_id
  and not exists (
      select 1 from charge c
      where c.tenant_id = m.tenant_id and c.account_id = m.account_id and c.gateway_method = m.gateway_method
        and c.state in ('open', 'held'))
returning m.tenant_id, m.method_id, m.gateway_account, m.gateway_method;
