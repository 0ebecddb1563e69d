insert into overdraft (tenant_id, account_id, limit_credits, changed_at) values ($1, $2, $3, $4)
on conflict (tenant_id, account_id) do update set
    limit_credits = excluded.limit_credits, retry_at = '-infinity', changed_at = excluded.changed_at;
