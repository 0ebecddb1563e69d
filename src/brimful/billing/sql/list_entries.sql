select seq, at, kind, source, target, amount, free_after, operation_id
from entry
where tenant_id = $1 and account_id = $2 and resource = $3 and ($4::bigint is null or seq < $4)
order by seq desc
limit $5;
