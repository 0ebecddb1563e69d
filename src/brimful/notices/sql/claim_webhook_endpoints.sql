-- Endpoints to which something is due, those left waiting longest first: whoever dies with them leaves them free again
-- when the lease ends. One process sends to an endpoint at a time, so that notices arrive in their order.
update webhook_endpoint e set busy_until = $2
from (
    select endpoint_id from webhook_endpoint w
    where disabled_at is null and busy_until <= $1
      and exists (
          select from webhook_delivery d
          where d.endpoint_id = w.endpoint_id and d.state = 'due' and d.due_real_at <= $1
      )
    order by busy_until limit $3 for update skip locked
) free
where e.endpoint_id = free.endpoint_id
returning e.endpoint_id, e.tenant_id, e.account_id, e.url, e.failures, e.told_at, e.busy_until, e.secret,
          case when e.secret_before_until > $1 then e.secret_before end as secret_before;
