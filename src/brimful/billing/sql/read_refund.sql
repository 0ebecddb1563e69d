select refund_id, purchase_id, charge_id, line, amount_minor, currency, origin, state, code, requested_at, ended_at from refund
where tenant_id = $1 and refund_id = $2;
