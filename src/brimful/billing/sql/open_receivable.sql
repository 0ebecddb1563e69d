insert into receivable (tenant_id, receivable_id, account_id, purchase_id, amount_minor, currency, at)
values ($1, $2, $3, $4, $5, $6, $7);
