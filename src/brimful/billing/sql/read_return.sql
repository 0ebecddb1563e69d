select tenant_id, purchase_id, action_url, return_url from authentication where tenant_id = $1 and purchase_id = $2;
