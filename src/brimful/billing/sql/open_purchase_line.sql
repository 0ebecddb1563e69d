insert into purchase_line (tenant_id, purchase_id, line, kind, package_id, package_version, quantity, credits,
                           chatbots, amount_minor, recurring_minor)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);
