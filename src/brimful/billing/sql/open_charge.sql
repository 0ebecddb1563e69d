insert into charge (tenant_id, charge_id, purchase_id, account_id, gateway, gateway_account, gateway_customer,
                    gateway_method, fingerprint, card, amount_minor, currency, capture, state, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'open', $14);
