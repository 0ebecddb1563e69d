update purchase set tries = tries + 1, wake_real_at = $3 where tenant_id = $1 and purchase_id = $2 returning tries;
