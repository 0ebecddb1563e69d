update charge set refund_asked_real_at = $3
where tenant_id = $1 and purchase_id = $2 and state = 'captured' and refund_asked_real_at is null;
