select purchase_id from purchase
where tenant_id = $1 and buyer_id = $2 and automatic and state = 'waiting'
for update;
