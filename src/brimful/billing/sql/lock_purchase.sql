select state from purchase where tenant_id = $1 and purchase_id = $2 for update;
