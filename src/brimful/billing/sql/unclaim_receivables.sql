update receivable set collected_by = null where tenant_id = $1 and collected_by = $2;
