update charge set state = $3, captured_at = coalesce($4, captured_at)
where tenant_id = $1 and purchase_id = $2 and state not in ('canceled', 'refunded');
