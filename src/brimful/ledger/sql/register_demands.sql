-- In the order given, which is the order of arrival.
select register_demand_v1($1, $2, d.demand_id, $3, d.operation_id, d.child_id, d.credits, d.chatbots, $9, $10) as met
from (
    select * from unnest($4::uuid[], $5::uuid[], $6::uuid[], $7::bigint[], $8::bigint[])
        with ordinality as t (demand_id, operation_id, child_id, credits, chatbots, place)
    order by place
) d;
