insert into purchase_demand (tenant_id, purchase_id, demand_id, child_id, short_credits, short_chatbots, allocated_minor)
values ($1, $2, $3, $4, $5, $6, $7);
