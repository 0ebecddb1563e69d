update dispute set state = $3, amount_minor = greatest(amount_minor, $4), ended_at = $5
where tenant_id = $1 and dispute_id = $2;
