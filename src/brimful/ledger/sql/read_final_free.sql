-- The free credits of some accounts at $3, of those alone at which nothing waits and no hold stands beyond its time ($4, real
-- time): what they have is all that there is to come.
select n.account_id, c.credits
from unnest($1::uuid[], $2::uuid[]) n (tenant_id, account_id)
cross join lateral free_credits_v1(n.tenant_id, n.account_id, $3) c
where not exists (select from demand d where d.tenant_id = n.tenant_id and d.account_id = n.account_id and d.state = 'waiting')
  and not exists (
      select from credit_hold h
      where h.tenant_id = n.tenant_id and h.account_id = n.account_id and h.state = 'standing' and h.ends_real_at <= $4
  );
