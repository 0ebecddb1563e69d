insert into dispute (tenant_id, dispute_id, purchase_id, charge_id, account_id, gateway_dispute, amount_minor, currency, state,
                     opened_at, ended_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);
