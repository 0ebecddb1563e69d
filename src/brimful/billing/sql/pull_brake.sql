insert into brake (tenant_id, account_id, cause, at) values ($1, $2, $3, $4)
on conflict (tenant_id, account_id) do update set cause = excluded.cause, at = excluded.at, cleared_at = null
where brake.cleared_at is not null
returning account_id;
