update command set object_id = $4, at = $5 where tenant_id = $1 and account_id = $2 and key = $3;
