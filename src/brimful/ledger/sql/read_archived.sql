-- The entries of an archived month, always in the same order.
select tenant_id, account_id, resource, seq, at, kind, source, target, amount, free_after, operation_id
from archive.entry
where at >= $1 and at < $2
order by tenant_id, account_id, resource, seq, at;
