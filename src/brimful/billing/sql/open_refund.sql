insert into refund (tenant_id, refund_id, purchase_id, charge_id, account_id, line, amount_minor, currency, origin, state,
                    gateway_refund, requested_at, requested_real_at, ended_at, wake_real_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);
