update receivable set collected_by = $3 where tenant_id = $1 and account_id = $2 and collected_by is null;
