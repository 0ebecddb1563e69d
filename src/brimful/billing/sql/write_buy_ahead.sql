-- Whatever changes is looked at at once.
insert into buy_ahead (tenant_id, account_id, threshold_credits, target_credits, forecast, renewals, look_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (tenant_id, account_id) do update set
    threshold_credits = excluded.threshold_credits, target_credits = excluded.target_credits,
    forecast = excluded.forecast, renewals = excluded.renewals, look_at = excluded.look_at, retry_at = '-infinity';
