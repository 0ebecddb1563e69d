update purchase set explanation = $3 where tenant_id = $1 and purchase_id = $2;
