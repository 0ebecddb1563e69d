-- Moves a refund on; one that has its last word, or went through, is not looked at again by itself.
update refund set state = $3, gateway_refund = coalesce(gateway_refund, $4), code = coalesce($5, code), ended_at = $6,
    wake_real_at = $7, tries = 0
where tenant_id = $1 and refund_id = $2;
