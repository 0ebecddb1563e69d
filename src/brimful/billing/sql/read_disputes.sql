select dispute_id, amount_minor, state, gateway_dispute from dispute
where tenant_id = $1 and purchase_id = $2
order by dispute_id
for update;
