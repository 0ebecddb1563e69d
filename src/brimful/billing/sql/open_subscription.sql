insert into subscription (tenant_id, subscription_id, account_id, package_id, package_version, purchase_id, credits,
                          chatbots, recurring_minor, currency, billing_interval, anchor_at, period_starts_at,
                          period_ends_at, kind, automatic, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17);
