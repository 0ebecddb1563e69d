-- An open auto-billing, or a purchase by hand that is at the gateway: a shortage waits for it (R19).
select purchase_id from purchase
where tenant_id = $1 and buyer_id = $2
  and ((automatic and state not in ('delivered', 'failed')) or state in ('planned', 'created', 'capturing'))
limit 1;
