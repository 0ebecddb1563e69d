insert into mail (tenant_id, notice_id, due_real_at) values ($1, $2, $3);
