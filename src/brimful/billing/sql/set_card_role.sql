update payment_method set role = $4
where tenant_id = $1 and account_id = $2 and removed_at is null and method_id = coalesce($3, method_id) and role <> $4
returning method_id;
