insert into mail (tenant_id, notice_id, due_real_at) select $1, unnest($2::uuid[]), $3;
