insert into purchase_line (tenant_id, purchase_id, line, kind, package_id, package_version, quantity, credits,
                           chatbots, amount_minor, recurring_minor, joins_anchor_at, joins_starts_at, joins_ends_at,
                           joins_interval)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);
