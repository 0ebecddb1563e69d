update reversal set cleared = missing, cleared_by = $4, cleared_at = $5
where tenant_id = $1 and debt_id = $2 and account_id = $3 and missing > cleared
returning debt_id;
