insert into gateway_outage (tenant_id, gateway_account, since_at, tries, noted_at, until_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (tenant_id, gateway_account) do update set
    since_at = excluded.since_at, tries = excluded.tries, noted_at = excluded.noted_at, until_at = excluded.until_at,
    ended_at = null;
