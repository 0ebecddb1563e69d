insert into purchase (tenant_id, purchase_id, buyer_id, seller_id, origin, mode, state, amount_minor, currency,
                      credits, chatbots, demand_id, trigger_kind, explanation, present, for_renewals,
                      planned_at, planned_real_at, wake_real_at, step_real_at)
select t.*, $1, $2, $2, $2
from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::text[],
            $12::bigint[], $13::bigint[], $14::uuid[], $15::text[], $16::jsonb[], $17::boolean[], $18::boolean[]) as t;
