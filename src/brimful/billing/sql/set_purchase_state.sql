-- A purchase that is parked or ended is nobody's to drive: its lease ends with this very commit.
update purchase set state = $3, reason = case when $3 = 'delivered' then null else coalesce($4, reason) end,
    wake_real_at = $5, lease_until = case when $5::timestamptz is null then '-infinity' else lease_until end,
    step_real_at = case when state = $3 then step_real_at else coalesce($5, step_real_at) end,
    tries = 0, ended_at = $6
where tenant_id = $1 and purchase_id = $2;
