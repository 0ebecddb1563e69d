select exists (select from awaited_purchase where tenant_id = $1 and buyer_id = $2);
