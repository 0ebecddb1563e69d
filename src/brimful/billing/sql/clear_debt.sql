update reversal set cleared = missing, cleared_by = $3, cleared_at = $4
where tenant_id = $1 and debt_id = $2 and missing > cleared
returning debt_id;
