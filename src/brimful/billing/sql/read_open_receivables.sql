select coalesce(sum(amount_minor), 0)::bigint from receivable
where tenant_id = $1 and account_id = $2 and collected_by is null;
