-- Removed cards that the gateway still has, once no open charge uses them: each taken by moving its time on.
update payment_method m set detach_real_at = $1::timestamptz + interval '1 minute'
from (
    select p.tenant_id, p.method_id from payment_method p
    where p.removed_at is not null and p.detached_at is null and p.detach_real_at <= $1
      -- Those that have to wait take no place of others.
      and not exists (
          select 1 from charge c
          where c.tenant_id = p.tenant_id and c.account_id = p.account_id and c.gateway_method = p.gateway_method
            and c.state in ('open', 'held'))
    order by p.detach_real_at limit $2 for update of p skip locked
) due
where m.tenant_id = due.tenant_id and m.method_id = due.method_id
returning m.tenant_id, m.method_id, m.gateway_account, m.gateway_method;
