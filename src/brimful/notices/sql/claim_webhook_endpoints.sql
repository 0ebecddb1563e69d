-- Endpoints to which something is due, in turns: of each tenant (the platform counts as one) the one that has waited longest
-- before the second of any, after those that this process is sending to ($4, the tenant of each), at most $5 of one.
-- Whoever dies with them leaves them free again when the lease ends. One process sends to an endpoint at a time, so that
-- notices arrive in their order.
with waiting as (
    select endpoint_id, busy_until,
        cardinality(array_positions($4::uuid[], tenant_id))
            + row_number() over (partition by tenant_id order by busy_until, endpoint_id) as turn
    from webhook_endpoint e
    where disabled_at is null and busy_until <= $1
      and exists (
          select from webhook_delivery d
          where d.endpoint_id = e.endpoint_id and d.state = 'due' and d.due_real_at <= $1
      )
), free as (
    select endpoint_id from webhook_endpoint e join waiting w using (endpoint_id)
    where w.turn <= $5 and e.disabled_at is null and e.busy_until <= $1
    order by w.turn, w.busy_until limit $3 for update of e skip locked
)
update webhook_endpoint e set busy_until = $2
from free
where e.endpoint_id = free.endpoint_id
returning e.endpoint_id, e.tenant_id, e.account_id, e.url, e.failures, e.told_at, e.busy_until, e.secret,
          case when e.secret_before_until > $1 then e.secret_before end as secret_before;
