insert into webhook_delivery (tenant_id, delivery_id, endpoint_id, owner_id, notice_id, kind, due_real_at, created_at)
select $1, d.delivery_id, d.endpoint_id, d.owner_id, d.notice_id, d.kind, $7, $8
from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[])
    as d (delivery_id, endpoint_id, owner_id, notice_id, kind);
