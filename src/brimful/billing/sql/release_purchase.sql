update purchase set lease_until = '-infinity' where tenant_id = $1 and purchase_id = $2 and fence = $3;
