insert into purchase (tenant_id, purchase_id, buyer_id, seller_id, origin, mode, state, amount_minor, currency,
                      credits, chatbots, demand_id, trigger_kind, explanation, planned_at, planned_real_at, wake_real_at, step_real_at,
                      present, for_renewals)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16, $16, $17, $18);
