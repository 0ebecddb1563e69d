insert into purchase_line (tenant_id, purchase_id, line, kind, package_id, package_version, quantity, credits,
                           chatbots, amount_minor, recurring_minor, credits_cost_minor, credits_end_at, transfer_id,
                           seats_transfer_id, lot_id, subscription_id, runs_interval, runs_anchor_at, runs_months_done,
                           runs_starts_at, runs_ends_at, runs_due_at, runs_credits)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24);
