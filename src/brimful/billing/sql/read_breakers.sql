-- What some cards did lately: the attempts in vain since $4 that still count, and those without an answer yet.
select t.gateway_account, t.fingerprint, coalesce(b.soft_declines, 0) as soft_declines, b.first_declined_at, b.retry_at,
       b.paused_reason,
       array(
           select c.declined_at from charge c
           where c.tenant_id = $1 and c.gateway_account = t.gateway_account and c.fingerprint = t.fingerprint
             and c.declined_at > greatest($4, b.counts_from)
           order by c.declined_at
       ) as attempts,
       (select count(*) from charge c
        where c.tenant_id = $1 and c.gateway_account = t.gateway_account and c.fingerprint = t.fingerprint
          and c.state = 'open' and c.attempted_at is not null and c.declined_at is null) as under_way
from unnest($2::text[], $3::text[]) as t (gateway_account, fingerprint)
left join breaker b on b.tenant_id = $1 and b.gateway_account = t.gateway_account and b.fingerprint = t.fingerprint;
