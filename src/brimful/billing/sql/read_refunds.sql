select refund_id, line, amount_minor, state, gateway_refund, origin from refund
where tenant_id = $1 and purchase_id = $2
order by refund_id
for update;
