insert into child_limit (tenant_id, account_id, child_id, per_month_minor) values ($1, $2, $3, $4)
on conflict (tenant_id, account_id, child_id) do update set per_month_minor = excluded.per_month_minor;
