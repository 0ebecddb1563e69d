select notice_id, kind, title, body, created_at, read_at
from notice
where tenant_id = $1 and account_id = $2 and ($3::uuid is null or notice_id < $3)
order by notice_id desc
limit $4;
