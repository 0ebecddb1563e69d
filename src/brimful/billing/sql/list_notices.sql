select notice_id, kind, title, body, created_at, read_at
from notice
where tenant_id = $1 and account_id = $2 and notice_id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
order by notice_id desc
limit $4;
