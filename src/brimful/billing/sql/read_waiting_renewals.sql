select purchase_id from open_renewal where tenant_id = $1 and seller_id = $2 and state = 'waiting';
