select seq, at, kind, source, target, amount, free_after, operation_id
from entry
where tenant_id = $1 and account_id = $2 and resource = $3 and seq < coalesce($4::bigint, 9223372036854775807)
order by seq desc
limit $5;
