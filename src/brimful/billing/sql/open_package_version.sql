insert into package_version (package_id, version, name, currency, price_minor, credits, chatbots, billing_interval,
                             expires_after_days, full_price_first, credits_price_minor, chatbots_price_minor, rolls_over, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);
