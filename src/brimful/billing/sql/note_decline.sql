update charge set decline_code = $3, decline_hard = $4, declined_at = $5
where tenant_id = $1 and purchase_id = $2 and state <> 'canceled';
