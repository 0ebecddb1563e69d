select * from charged_purchase where tenant_id = $1 and purchase_id = any ($2::uuid[]) order by purchase_id;
