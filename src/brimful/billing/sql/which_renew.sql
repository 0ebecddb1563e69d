select purchase_id from purchase where tenant_id = $1 and purchase_id = any($2::uuid[]) and origin = 'renewal';
