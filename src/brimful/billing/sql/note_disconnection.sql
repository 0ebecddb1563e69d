-- The gateway says that a seller's account there is closed to us; the supply's is no seller's to connect. Whether that
-- is news: one that stands is only confirmed.
with before as (
    select 1 from gateway_disconnection where tenant_id = $1 and account_id = $2
)
insert into gateway_disconnection as d (tenant_id, account_id, since_at, noted_real_at, ask_real_at)
select a.tenant_id, a.account_id, $3, $4, $5
from account a
where a.tenant_id = $1 and a.account_id = $2 and not a.supply
on conflict (tenant_id, account_id) do update set noted_real_at = greatest(d.noted_real_at, excluded.noted_real_at)
returning not exists (select 1 from before) as is_new;
