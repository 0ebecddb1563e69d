-- Switched on again it is free at once, and waits from then on; switched off before, it keeps why.
update webhook_endpoint
set url = $3, kinds = $4, subtree = $5, vouched_by = array(select distinct v from unnest(vouched_by || $8::uuid[]) v),
    disabled_at = case when $6 then null else coalesce(disabled_at, $7) end,
    disabled_because = case when $6 then null else coalesce(disabled_because, 'owner') end,
    busy_until = case when $6 and disabled_at is not null then $9 else busy_until end,
    failures = case when $6 and disabled_at is not null then 0 else failures end
where account_id = $1 and endpoint_id = $2 and deleted_at is null
returning endpoint_id;
