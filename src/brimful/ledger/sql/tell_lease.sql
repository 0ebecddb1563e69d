-- Whoever took a locked lease is told of it at $3, real time: from then on it lasts for as long as was asked for.
update credit_hold set told = true, ends_real_at = greatest(ends_real_at, $3::timestamptz + (ends_real_at - placed_real_at))
where tenant_id = $1 and hold_id = $2;
