select purchase_id from purchase
where tenant_id = $1 and seller_id = $2 and origin = 'renewal' and state not in ('delivered', 'failed') and state = 'waiting';
