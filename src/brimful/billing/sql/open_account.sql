insert into account (tenant_id, account_id, parent_id, supply, seller_ref, ancestors, sells, name, external_id, currency,
                     zone, owner_name, owner_email, merchant_ref, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);
